"""Predictions by an exported model, and its scores on a labelled file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from trainer.tasks import exported, get_task
from trainer.tasks.base import Predictor

__all__ = ["Predictor", "evaluate", "load", "predict"]


def load(folder: str | Path, device: str | torch.device | None = None) -> Predictor:
    """The model that a sweep exported into ``folder``.

    Args:
        folder: the export.
        device: where to predict; by default a GPU where there is one.

    Raises:
        ConfigError: not such a folder, damaged, or the code of its model is not there.
    """
    chosen = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
    facts = exported.read(Path(folder))
    return get_task(facts["task"]).restore(Path(folder), facts, chosen)


def predict(folder: str | Path, rows: Sequence[Any], *, batch_size: int = 64) -> list[Any]:
    """Answers for rows, by the model in ``folder``; see ``Predictor.predict``."""
    return load(folder).predict(rows, batch_size=batch_size)


def evaluate(folder: str | Path, file: str | Path, *, batch_size: int = 64, **columns: str | None) -> dict[str, float]:
    """Metrics of the model in ``folder`` on a file with the truth; see ``Predictor.evaluate``."""
    return load(folder).evaluate(file, batch_size=batch_size, **columns)
