"""Text classification beside the commonest class."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from scripts.benchmarks.tasks.problem import Places, Problem, minilm

if TYPE_CHECKING:
    from trainer.config import TrainConfig
    from trainer.tasks.base import Prepared


def sms_spam(places: Places) -> Problem:
    """Spam or not."""
    folder = places.set("sms_spam")
    return Problem(
        title="MiniLM on sms_spam, scored on test rows",
        settings={
            "task": "text-classification",
            "model": minilm(),
            "data": {
                "train": str(folder / "train.jsonl"),
                "validation": str(folder / "test.jsonl"),
                "label_names": ["ham", "spam"],
                "limit": 200,
                "limit_validation": 500,
            },
            "epochs": 4,
            "report_every": {"fraction": 1.0},
            "batch_size": 16,
            "learning_rate": 2e-4,
            "warmup": 0.1,
            "max_length": 64,
        },
        metric="f1_macro",
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
