"""Text classification beside the commonest class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from scripts.benchmarks.tasks.problem import Places, Problem, minilm

if TYPE_CHECKING:
    from trainer.config import TrainConfig
    from trainer.tasks.base import Prepared


def sms_spam(places: Places) -> Problem:
    """Spam or not."""
    data = {"label_names": ["ham", "spam"], "limit": 200, "limit_validation": 500}
    return _problem("sms_spam", places, data, metric="f1_macro", epochs=4, learning_rate=2e-4)


def banking77(places: Places) -> Problem:
    """What a bank's customer wants: 77 classes."""
    data = {"label": "label_name", "limit": 1000, "limit_validation": 1000}
    course = {"epochs": 5, "learning_rate": 3e-4, "head_learning_rate": 3e-3}
    return _problem("banking77", places, data, metric="accuracy", **course)


def clinc150(places: Places) -> Problem:
    """What is asked of an assistant: 150 classes, and what is none of them."""
    data = {"label": "label_name", "limit": 1500, "limit_validation": 1000}
    course = {"epochs": 5, "learning_rate": 3e-4, "head_learning_rate": 3e-3}
    return _problem("clinc150", places, data, metric="accuracy", **course)


def _problem(name: str, places: Places, data: dict[str, Any], *, metric: str, **course: float) -> Problem:
    folder = places.set(name)
    files = {"train": str(folder / "train.jsonl"), "validation": str(folder / "test.jsonl")}
    common = {"report_every": {"fraction": 1.0}, "batch_size": 16, "warmup": 0.1, "max_length": 64}
    return Problem(
        title=f"MiniLM on {name}, scored on test rows",
        settings={
            "task": "text-classification",
            "model": minilm(),
            "data": {**files, **data},
            **common,
            **course,
        },
        metric=metric,
        baseline="the commonest class of the train rows",
        baseline_value=commonest,
    )


def commonest(config: TrainConfig, prepared: Prepared) -> float:
    """The metric of always saying the commonest class."""
    from trainer.metrics import classification_metrics

    counts = np.bincount(prepared.splits["train"].arrays["labels"], minlength=len(prepared.label_names))
    truth = prepared.splits["validation"].arrays["labels"]
    scores = np.tile(counts == counts.max(), (len(truth), 1)).astype(np.float64)
    return classification_metrics(scores, truth, 0.0)[config.metric]
