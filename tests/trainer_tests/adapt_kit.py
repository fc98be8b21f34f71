"""Runs of a tiny encoder that is adapted, through the loop."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from trainer.adapt.adapted import Adapted, adapt
from trainer.config import TrainConfig
from trainer.loop import train
from trainer.report import MEASURED, Report
from trainer.tasks import get_task

TASK = get_task("text-classification")
ROWS = [
    {"text": f"the {what} {'very ' * (n % 4)}{how}", "label": label}
    for n in range(8)
    for what, how, label in (("cat", "sat on it", "pet"), ("film", "was bad", "art"), ("dog", "ran", "pet"))
]


class Runs:
    """Runs over one data set in ``folder``; a keyword is a setting."""

    def __init__(self, model: Path, folder: Path) -> None:
        self.model, self.folder = model, folder
        file = folder / "rows.jsonl"
        file.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
        self.data = {"train": str(file), "validation": str(file)}

    def config(self, **changes: Any) -> TrainConfig:
        fixed = {"model": str(self.model), "data": self.data, "batch_size": 6, "epochs": 2.5, "report_every": 0.5}
        return TrainConfig.build({"learning_rate": 0.01, "weight_decay": 0.1, **fixed}, changes)

    def train(self, name: str, *, resume: bool | Path = False, **changes: Any) -> Iterator[Report]:
        config = self.config(**changes)
        prepared = TASK.prepare(config, self.folder / "cache")
        where = self.folder / name
        return train(config, prepared=prepared, task=TASK, folder=where, resume=resume, device="cpu")

    def adapted(self, seed: int = 0, **changes: Any) -> Adapted:
        config = self.config(**changes)
        prepared = TASK.prepare(config, self.folder / "cache")
        torch.manual_seed(seed)
        return adapt(TASK.build_model(config, prepared), config)


def facts(reports: list[Report]) -> list[Any]:
    """Everything of a report but the wall clock."""
    return [(r.number, r.step, {k: v for k, v in r.metrics.items() if k not in MEASURED}) for r in reports]
