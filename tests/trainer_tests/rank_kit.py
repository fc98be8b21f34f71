"""A small net on the digits, trained by this process or by several, and ways in which one of several can fail."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from trainer.config import TrainConfig
from trainer.loop import train
from trainer.report import MEASURED
from trainer.tasks import get_task
from trainer.together import train_together

MODELS = """
import os, signal
import torch
from torch import distributed, nn


class Net(nn.Module):
    def __init__(self, inputs, classes, dropout, fault=None):
        super().__init__()
        self.first = nn.Linear(inputs, 16)
        self.blocks = nn.ModuleList([nn.Linear(16, 16), nn.Linear(16, 16)])
        self.drop = nn.Dropout(dropout)
        self.last = nn.Linear(16, classes)
        self.unused = nn.Linear(3, 3)
        self.fault, self.passes = fault, 0

    def forward(self, rows):
        if self.training and self.fault is not None:
            self.passes += 1
            self.fault(len(rows), self.passes)
        hidden = torch.relu(self.first(rows))
        for block in self.blocks:
            hidden = hidden + torch.relu(block(hidden))
        return self.last(self.drop(hidden))


def rank():
    return distributed.get_rank() if distributed.is_initialized() else 0


def plain(inputs, classes, dropout=0.0):
    return Net(inputs, classes, dropout)


def squeezed(inputs, classes, dropout=0.0):
    def fault(rows, passes):
        if rank() == 1 and rows > 3:
            raise torch.OutOfMemoryError("toy device: out of memory")
    return Net(inputs, classes, dropout, fault)


def broken(inputs, classes, dropout=0.0):
    def fault(rows, passes):
        if rank() == 1 and passes == 3:
            raise ValueError("this row is cursed")
    return Net(inputs, classes, dropout, fault)


def poisoned(inputs, classes, dropout=0.0):
    def fault(rows, passes):
        if rank() == 1 and passes == 3:
            raise RuntimeError("CUDA error: device-side assert triggered")
    return Net(inputs, classes, dropout, fault)


def killed(inputs, classes, dropout=0.0):
    def fault(rows, passes):
        if rank() == 1 and passes == 3:
            os.kill(os.getpid(), signal.SIGKILL)
    return Net(inputs, classes, dropout, fault)


class Exploding(Net):
    def forward(self, rows):
        self.passes += self.training
        scores = super().forward(rows)
        return scores * float("nan") if rank() == 1 and self.passes == 3 else scores


def exploding(inputs, classes, dropout=0.0):
    return Exploding(inputs, classes, dropout)


class Normed(nn.Module):
    def __init__(self, inputs, classes):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(inputs, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, classes))

    def forward(self, rows):
        return self.layers(rows)


def normed(inputs, classes):
    return Normed(inputs, classes)
"""

PROGRAM = """
import json, sys
from itertools import islice
from pathlib import Path

from tests.trainer_tests.rank_kit import settings
from trainer.loop import train
from trainer.progress import as_json
from trainer.ranks import joined
from trainer.tasks import get_task

place, rank = Path(sys.argv[1]), int(sys.argv[2])
sys.path.insert(0, str(place))
results = {}
with joined(rank, 2, place / "meeting") as ranks:
    for name, changes in json.loads(sys.stdin.read()).items():
        most, resume = changes.pop("take", None), changes.pop("resume", None)
        config = settings(**changes)
        task = get_task(config.task)
        prepared = task.prepare(config, place / "cache")
        found = train(
            config, prepared=prepared, task=task, folder=place / (resume or name), device="cpu",
            resume=resume is not None, ranks=ranks,
        )
        results[name] = [as_json(report) for report in islice(found, most)]
        found.close()
(place / f"results{rank}.json").write_text(json.dumps(results))
"""


def courses(place: Path, runs: dict[str, dict[str, Any]]) -> list[dict[str, list[dict[str, Any]]]]:
    """What each of two processes reports of these runs, one after another; ``take`` so many reports, ``resume`` the run
    of that name."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path(__file__).parents[2])}
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(place), str(rank)],
            env=environment,
            stdin=subprocess.PIPE,
            stderr=(place / f"said{rank}").open("w"),
            text=True,
        )
        for rank in range(2)
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write(json.dumps(runs))
        process.stdin.close()
    try:
        for rank, process in enumerate(processes):
            assert process.wait(timeout=200) == 0, (place / f"said{rank}").read_text()
    finally:
        for process in processes:
            process.kill()
    return [json.loads((place / f"results{rank}.json").read_text()) for rank in range(2)]


SETTINGS: dict[str, Any] = {
    "task": "classification",
    "model": "rank_models:plain",
    "data": {"sklearn": "digits", "scaling": "minmax", "limit": 101, "limit_validation": 51},
    "metric": "accuracy",
    "epochs": 2,
    "report_every": 0.5,
    "batch_size": 20,  # the last batch of an epoch has one row, so a share of it is empty
    "learning_rate": 0.01,
}


def settings(**changes: Any) -> TrainConfig:
    return TrainConfig.build(SETTINGS, changes)


def alone(folder: Path | None, cache: Path, *, resume: bool = False, **changes: Any) -> Any:
    config = settings(**changes)
    task = get_task(config.task)
    prepared = task.prepare(config, cache)
    return train(config, prepared=prepared, task=task, folder=folder, device="cpu", resume=resume)


def together(
    folder: Path | None, cache: Path, *, count: int = 2, resume: bool = False, should_stop: Any = None, **changes: Any
) -> Any:
    return train_together(
        settings(**changes),
        count,
        cache=cache,
        folder=folder,
        gpus=False,
        resume=resume,
        should_stop=should_stop,
    )


def curve(reports: list[Any]) -> list[dict[str, float]]:
    """The metrics of each report, all but those of the machine."""
    metrics = [one["metrics"] if isinstance(one, dict) else one.metrics for one in reports]
    return [{name: value for name, value in one.items() if name not in MEASURED} for one in metrics]


def near(first: list[Any], second: list[Any]) -> bool:
    """Whether two courses are equal but for rounding."""
    pairs = zip(curve(first), curve(second), strict=True)
    return all(one == pytest.approx(other, rel=2e-4, abs=1e-6) for one, other in pairs)
