"""A toy task: two Gaussian blobs a class, classified by a small net with dropout."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from torch import nn

from trainer.config import Goal, TrainConfig
from trainer.loop import train
from trainer.metrics import CLASSIFICATION_GOALS, classification_metrics
from trainer.tasks.base import Batch, Prepared, Split, Task

torch.set_num_threads(1)

CLASSES = 3
FEATURES = 8
FIELDS: dict[str, Any] = {
    "task": "toy",
    "model": "mlp",
    "data": {"sklearn": "digits"},
    "metric": "accuracy",
    "epochs": 3,
    "report_every": 0.5,
    "batch_size": 16,
    "learning_rate": 0.01,
}


def settings(**changes: Any) -> TrainConfig:
    return TrainConfig.build(FIELDS, changes)


def blobs(rows: int = 150, validation: int = 60, *, lengths: bool = False, seed: int = 0) -> Prepared:
    """Rows of a length each where asked for: features past the length are padding."""
    draw = np.random.default_rng(seed)
    centers = draw.normal(size=(CLASSES, FEATURES)) * 1.5

    def split(count: int) -> Split:
        labels = draw.integers(0, CLASSES, count)
        labels[:CLASSES] = np.arange(CLASSES)[:count]
        features = (centers[labels] + draw.normal(size=(count, FEATURES))).astype(np.float32)
        long = draw.integers(2, FEATURES + 1, count) if lengths else None
        return Split(count, {"features": features, "labels": labels.astype(np.int64)}, long)

    return Prepared(Path("toy"), {"train": split(rows), "validation": split(validation)}, ("a", "b", "c"))


class ToyTask(Task):
    """``hook`` sees every batch that reaches the loss, and may raise; ``factor`` can spoil the loss."""

    name: ClassVar[str] = "toy"
    goals: ClassVar[dict[str, Goal]] = dict(CLASSIFICATION_GOALS)

    def __init__(self, hook: Callable[[nn.Module, Batch], None] | None = None) -> None:
        self.hook = hook
        self.factor: Callable[[], float] = lambda: 1.0

    def check(self, config: TrainConfig) -> None: ...

    def prepare(self, config: TrainConfig, cache: Path) -> Prepared:
        return blobs()

    def build_model(self, config: TrainConfig, prepared: Prepared) -> nn.Module:
        drop = nn.Dropout(0.2 if config.dropout is None else config.dropout)
        return nn.Sequential(nn.Linear(FEATURES, 16), nn.LayerNorm(16), nn.ReLU(), drop, nn.Linear(16, CLASSES))

    def collate(self, split: Split, rows: np.ndarray, config: TrainConfig, prepared: Prepared) -> Batch:
        features = torch.from_numpy(split.arrays["features"][rows])
        if split.lengths is not None:
            longest = split.lengths[rows]
            features = features * (torch.arange(FEATURES) < torch.from_numpy(longest)[:, None])
        return {"features": features, "labels": torch.from_numpy(split.arrays["labels"][rows])}

    def loss(
        self, model: nn.Module, batch: Batch, *, label_smoothing: float = 0.0
    ) -> tuple[torch.Tensor, torch.Tensor]:
        if self.hook is not None:
            self.hook(model, batch)
        logits = model(batch["features"])
        loss = nn.functional.cross_entropy(logits, batch["labels"], reduction="sum", label_smoothing=label_smoothing)
        return loss * self.factor(), logits

    def evaluate(
        self, outputs: np.ndarray, split: Split, loss: float, config: TrainConfig, prepared: Prepared
    ) -> dict[str, float]:
        return classification_metrics(outputs, split.arrays["labels"], loss)

    def export(self, model: nn.Module, config: TrainConfig, prepared: Prepared, out: Path) -> None: ...


def run(task: ToyTask | None = None, folder: Path | None = None, **changes: Any) -> Any:
    """The reports of a run of the toy task."""
    stop = changes.pop("should_stop", None)
    prepared = changes.pop("prepared", None) or blobs()
    device = changes.pop("device", "cpu")
    return train(
        settings(**changes), prepared=prepared, task=task or ToyTask(), folder=folder, should_stop=stop, device=device
    )


def losses(reports: Any) -> list[float]:
    """The validation loss of each."""
    return [report.metrics["loss"] for report in reports]
