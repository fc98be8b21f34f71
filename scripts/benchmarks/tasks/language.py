"""Language models beside token frequencies, and descriptions beside two texts that need no training."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from scripts.benchmarks.tasks.problem import Places, Problem
from scripts.benchmarks.tasks.small_models import small_model

if TYPE_CHECKING:
    from trainer.config import TrainConfig
    from trainer.tasks.base import Prepared, Split

_UNIGRAM = "each token at its frequency among those that count in the train rows (one added to each count)"


def tinyshakespeare(places: Places) -> Problem:
    """Packed text."""
    folder = places.set("tinyshakespeare")
    text = (folder / "train.txt").read_text()
    return Problem(
        title="A GPT-2 of 2 layers and 64 dimensions from random weights on tinyshakespeare, in blocks of 128 tokens "
        "of a BPE of 512, scored on the test text",
        settings={
            "task": "causal-lm",
            "model": small_model(places.scratch / "shakespeare-gpt2", "gpt2", [text]),
            "init": "random",
            "data": {"train": str(folder / "train.txt"), "validation": str(folder / "test.txt")},
            "max_length": 128,
            "epochs": 1,
            "report_every": {"fraction": 1.0},
            "batch_size": 16,
            "learning_rate": 4e-3,
            "schedule": "cosine",
            "warmup": 0.05,
            "dropout": 0.0,
        },
        metric="perplexity",
        baseline=_UNIGRAM,
        baseline_value=unigram_perplexity,
    )


def gsm8k(places: Places) -> Problem:
    """Completions of prompts."""
    folder = places.set("gsm8k")
    rows = _rows(folder / "train.jsonl")
    return Problem(
        title="A Llama of 2 layers and 64 dimensions from random weights on gsm8k, the loss on solutions alone, scored "
        "on test rows",
        settings={
            "task": "causal-lm",
            "model": small_model(
                places.scratch / "gsm8k-llama", "llama", (row[name] for row in rows for name in ("question", "answer"))
            ),
            "init": "random",
            "data": {
                "train": str(folder / "train.jsonl"),
                "validation": str(folder / "test.jsonl"),
                "prompt": "question",
                "label": "answer",
                "prefix": "Question: ",
                "suffix": "\nAnswer: ",
                "limit": 1000,
                "limit_validation": 200,
            },
            "max_length": 384,
            "epochs": 2,
            "report_every": {"fraction": 1.0},
            "batch_size": 16,
            "micro_batch_size": 8,
            "eval_batch_size": 16,
            "learning_rate": 4e-3,
            "schedule": "cosine",
            "warmup": 0.05,
        },
        metric="perplexity",
        baseline=_UNIGRAM,
        baseline_value=unigram_perplexity,
    )


def e2e_nlg(places: Places) -> Problem:
    """Descriptions of restaurants, each with all its references."""
    folder = places.set("e2e_nlg")
    rows = _rows(folder / "train.jsonl")
    return Problem(
        title="A T5 of 2 + 2 layers and 64 dimensions from random weights on e2e_nlg, greedy, scored on test rows "
        "with all their references",
        settings={
            "task": "seq2seq",
            "model": small_model(
                places.scratch / "e2e-t5",
                "t5",
                (row[name] for row in rows for name in ("meaning_representation", "target")),
                vocabulary=1024,
            ),
            "init": "random",
            "data": {
                "train": str(folder / "train.jsonl"),
                "validation": str(folder / "test.jsonl"),
                "text": "meaning_representation",
                "label": "target",
                "references": "references",
                "limit_validation": 100,
            },
            "generation": {"max_new_tokens": 80},
            "epochs": 6,
            "report_every": {"fraction": 1.0},
            "batch_size": 16,
            "eval_batch_size": 50,
            "learning_rate": 3e-3,
            "schedule": "cosine",
            "warmup": 0.05,
        },
        metric="bleu",
        baseline="the better of two: the commonest target of the train rows for every row, and the values of each "
        "row's slots in their order",
        baseline_value=trivial_text,
    )


def unigram_perplexity(config: TrainConfig, prepared: Prepared) -> float:
    """The perplexity of the tokens that count, each by its frequency among those of the train rows."""
    from trainer import pretrained

    size = int(pretrained.settings(config.model, config.model_args).vocab_size)
    seen, scored = (_counted(prepared.splits[split], config, prepared, size) for split in ("train", "validation"))
    chances = (seen + 1) / (seen + 1).sum()
    return math.exp(-float((scored * np.log(chances)).sum() / scored.sum()))


def trivial_text(config: TrainConfig, prepared: Prepared) -> float:
    """The metric of the better of the two texts."""
    from trainer.data import source_target
    from trainer.text_metrics import text_metrics

    split = prepared.splits["validation"]
    right = source_target.references(split.arrays)
    targets = Counter(row["target"] for row in _rows(Path(str(config.data.train))))
    commonest = targets.most_common(1)[0][0]
    tokenizer, sources = _tokenizer(config), []
    offsets = split.arrays["offsets"]
    for row in np.flatnonzero(split.arrays["asked"]):
        sources.append(tokenizer.decode(split.arrays["ids"][offsets[row] : offsets[row + 1]]))
    slots = [", ".join(re.findall(r"\[(.*?)\]", source)) for source in sources]
    contenders = ([commonest] * len(right), slots)
    return max(text_metrics(texts, right)[config.metric] for texts in contenders)


def _counted(split: Split, config: TrainConfig, prepared: Prepared, size: int) -> np.ndarray:
    """How often each token counts `(vocabulary,)`."""
    from trainer.tasks import get_task
    from trainer.tasks.base import PAD

    counts = np.zeros(size, dtype=np.int64)
    for start in range(0, split.rows, 256):
        rows = np.arange(start, min(split.rows, start + 256))
        labels = get_task(config.task).collate(split, rows, config, prepared)["labels"].numpy()
        counts += np.bincount(labels[labels != PAD], minlength=size)
    return counts


def _tokenizer(config: TrainConfig) -> Any:
    from trainer import pretrained

    return pretrained.tokenizer(config.model)


def _rows(path: Path) -> list[dict[str, Any]]:
    # Not splitlines: texts hold other line breaks too.
    return [json.loads(line) for line in path.read_text("utf-8").split("\n") if line]
