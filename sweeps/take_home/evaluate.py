"""Scores an exported model on labelled rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from sweeps.errors import InputError
from trainer.errors import ConfigError

if TYPE_CHECKING:
    from trainer.per_class import ClassScore


@dataclass(frozen=True)
class Evaluation:
    """What an exported model came to: its metrics, and how well each class is told; empty where there are none."""

    metrics: dict[str, float]
    classes: Mapping[str, ClassScore] = field(default_factory=dict)


def evaluate_export(model: Path, data: Path, *, text: str | None = None, label: str | None = None) -> dict[str, float]:
    """Metrics of the export ``model`` on the rows of the file ``data``.

    Raises:
        InputError: no export there, or rows that do not fit it.
    """
    return evaluate_classes(model, data, text=text, label=label).metrics


def evaluate_classes(model: Path, data: Path, *, text: str | None = None, label: str | None = None) -> Evaluation:
    """As ``evaluate_export``, with the classes."""
    from trainer.predict import load
    from trainer.tasks.class_predictor import ClassPredictor

    try:
        predictor = load(model)
        if isinstance(predictor, ClassPredictor):
            return Evaluation(*predictor.evaluate_classes(data, text=text, label=label))
        return Evaluation(predictor.evaluate(data, text=text, label=label))
    except ConfigError as error:
        # Messages about the file or the model's folder begin with its name.
        key = (
            "" if error.key in {"file", "folder"} else f"--{error.key}" if error.key in {"text", "label"} else error.key
        )
        raise InputError(error.message, key=key, mend=error.mend) from error
