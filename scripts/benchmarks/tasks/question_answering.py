"""Extracted answers, beside the best of four rules that read no training row."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from scripts.benchmarks.tasks.problem import Places, Problem, minilm

if TYPE_CHECKING:
    from trainer.config import TrainConfig
    from trainer.tasks.base import Prepared

LONGEST = 600  # characters of a context: what a CPU trains on in minutes
_NAMES = re.compile(r"(?:[A-Z]\w*|\d[\w,.%]*)(?:\s+(?:of\s+|the\s+)?(?:[A-Z]\w*|\d[\w,.%]*))*")


def squad(places: Places) -> Problem:
    """Questions of SQuAD v1.1's development set, the short contexts."""
    folder = places.set("squad_v1_dev")
    return Problem(
        title=f"MiniLM on squad_v1_dev, contexts of at most {LONGEST} characters, scored on test rows",
        settings={
            "task": "question-answering",
            "model": minilm(),
            "data": {
                "train": _short(folder / "train.parquet", places.scratch),
                "validation": _short(folder / "test.parquet", places.scratch),
                "limit": 1000,
                "limit_validation": 200,
            },
            "epochs": 3,
            "report_every": {"fraction": 1.0},
            "batch_size": 16,
            "learning_rate": 2e-4,
            "head_learning_rate": 2e-3,
            "warmup": 0.1,
            "max_length": 192,
            "doc_stride": 64,
        },
        metric="f1",
        baseline=(
            "the best, on the scored rows, of four rules: the first sentence; the sentence that shares most words with "
            "the question; the first name or number in that sentence that the question does not have; the whole context"
        ),
        baseline_value=rules,
    )


def rules(config: TrainConfig, prepared: Prepared) -> float:
    """The metric of the best rule."""
    from trainer import pretrained
    from trainer.data import packed, qa_tokens
    from trainer.squad import squad_metrics

    split, tokenizer = prepared.splits["validation"].arrays, pretrained.tokenizer(config.model)
    contexts = packed.unpack(split["text"], split["text_offsets"])
    offsets = split["question_offsets"].tolist()
    asked = [tokenizer.decode(split["question_ids"][start:end]) for start, end in pairwise(offsets)]
    pairs = [(question, contexts[of]) for question, of in zip(asked, split["context"], strict=True)]
    truths = qa_tokens.right_answers(split)
    every: list[Callable[[str, str], str]] = [_first, _nearest, _name, lambda _, context: context]
    return max(squad_metrics([rule(*pair) for pair in pairs], truths, 0.0)[config.metric] for rule in every)


def _sentences(context: str) -> list[str]:
    return re.split(r"(?<=[.!?])\s+(?=[A-Z])", context)


def _first(_: str, context: str) -> str:
    return _sentences(context)[0]


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.lower()))


def _nearest(question: str, context: str) -> str:
    asked = _words(question)
    return max(_sentences(context), key=lambda sentence: len(asked & _words(sentence)))


def _name(question: str, context: str) -> str:
    sentence, asked = _nearest(question, context), _words(question)
    return next((name for name in _NAMES.findall(sentence) if not _words(name) & asked), sentence)


def _short(file: Path, scratch: Path) -> str:
    """The rows of short contexts, as a file of their own."""
    import pandas as pd

    out = scratch / "squad" / file.with_suffix(".jsonl").name
    rows = pd.read_parquet(file)
    rows = rows[rows.context.str.len() <= LONGEST]
    out.parent.mkdir(parents=True, exist_ok=True)
    kept = ["id", "title", "context", "question", "answers"]
    with out.open("w", encoding="utf-8") as lines:
        for row in rows[kept].to_dict("records"):
            answers = {name: values.tolist() for name, values in row["answers"].items()}
            lines.write(json.dumps({**row, "answers": answers}, ensure_ascii=False) + "\n")
    return str(out)
