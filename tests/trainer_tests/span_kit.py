"""Small models of real classes, files of rows, and runs, for the tests of tasks that point into texts."""

from __future__ import annotations

import itertools
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers

from trainer.config import TrainConfig
from trainer.loop import train
from trainer.report import MEASURED
from trainer.tasks import get_task

_SMALL = {
    "albert": {"embedding_size": 8, "hidden_size": 16, "num_attention_heads": 2, "intermediate_size": 32},
    "distilbert": {"dim": 16, "n_heads": 2, "n_layers": 1, "hidden_dim": 32},
    "roberta": {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32},
}


def jsonl(path: Path, rows: list[dict[str, Any]]) -> str:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    return str(path)


def small(kind: str, encoder: Path, folder: Path) -> Path:
    """A random model of this kind, with the encoder's tokenizer."""
    shutil.copytree(encoder, folder, ignore=shutil.ignore_patterns("model.safetensors", "config.json"))
    vocabulary = len((encoder / "vocab.txt").read_text().splitlines())
    positions = 40 if kind == "roberta" else 32
    config = transformers.AutoConfig.for_model(
        kind, vocab_size=vocabulary, max_position_embeddings=positions, pad_token_id=0, **_SMALL[kind]
    )
    torch.manual_seed(0)
    transformers.AutoModel.from_config(config).save_pretrained(folder)
    return folder


def resumed_equals_whole(config: TrainConfig, folder: Path) -> None:
    """Trains in one go, and cut off after each report point; every number must be the same."""
    task = get_task(config.task)
    prepared = task.prepare(config, folder / "cache")

    def run(where: str, *, resume: bool = False) -> Any:
        return train(config, prepared=prepared, task=task, folder=folder / where, resume=resume, device="cpu")

    whole = [_numbers(report) for report in run("whole")]
    assert len(whole) == 3
    for cut in (1, 2):
        attempt = run(f"cut{cut}")
        first = [_numbers(report) for report in itertools.islice(attempt, cut)]
        attempt.close()
        assert first + [_numbers(report) for report in run(f"cut{cut}", resume=True)] == whole


def _numbers(report: Any) -> dict[str, float]:
    return {name: value for name, value in report.metrics.items() if name not in MEASURED}


def alike(answers: Any, others: Any) -> bool:
    """Equal but for the scores, which may differ by rounding."""
    if isinstance(answers, dict):
        same = {name: value for name, value in answers.items() if name != "score"}
        return same == {name: value for name, value in others.items() if name != "score"} and answers.get(
            "score"
        ) == pytest.approx(others.get("score"), abs=1e-5)
    if isinstance(answers, list):
        return len(answers) == len(others) and all(
            alike(one, other) for one, other in zip(answers, others, strict=True)
        )
    return bool(answers == others)
