"""Rows with any number of classes: the loss and the metrics, each class by itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import torch

    from trainer.config import Goal

MULTI_LABEL_GOALS: Mapping[str, Goal] = {
    "loss": "minimize",
    "accuracy": "maximize",
    "precision_macro": "maximize",
    "recall_macro": "maximize",
    "f1_macro": "maximize",
    "f1_micro": "maximize",
    "f1_weighted": "maximize",
    "f1_samples": "maximize",
    "roc_auc": "maximize",
}
"""Every metric of ``metrics``, with its direction."""


def loss(scores: torch.Tensor, labels: torch.Tensor, label_smoothing: float = 0.0) -> torch.Tensor:
    """Binary cross entropy, summed over rows and averaged over classes: per row what transformers' models give.

    Args:
        scores: ``(rows, classes)`` before the sigmoid.
        labels: ``(rows, classes)``, 0 and 1.
        label_smoothing: draws both towards a half, as Keras' ``BinaryCrossentropy`` does.
    """
    from torch.nn import functional

    wanted = labels.to(scores.dtype) * (1 - label_smoothing) + label_smoothing / 2
    return functional.binary_cross_entropy_with_logits(scores, wanted, reduction="none").mean(dim=1).sum()


def metrics(logits: np.ndarray, labels: np.ndarray, mean_loss: float) -> dict[str, float]:
    """Every metric of ``MULTI_LABEL_GOALS``: scikit-learn's definitions for indicator matrices, ``zero_division=0``.

    A class is predicted where its probability is at least 0.5. ``accuracy`` is that of whole rows. ``roc_auc`` is the
    mean over the classes, and left out where one of them has no row, or all.

    Args:
        logits: ``(rows, classes)`` before the sigmoid.
        labels: ``(rows, classes)``, 0 and 1.
        mean_loss: as given.
    """
    import numpy as np

    from trainer.metrics import roc_auc_of_class

    true, said = labels.astype(bool), logits >= 0
    hit, labelled, predicted = (true & said).sum(axis=0), true.sum(axis=0), said.sum(axis=0)
    f1 = 2 * hit / np.maximum(labelled + predicted, 1)
    rows = 2 * (true & said).sum(axis=1) / np.maximum(true.sum(axis=1) + said.sum(axis=1), 1)
    found = {
        "loss": float(mean_loss),
        "accuracy": float((true == said).all(axis=1).mean()),
        "precision_macro": float((hit / np.maximum(predicted, 1)).mean()),
        "recall_macro": float((hit / np.maximum(labelled, 1)).mean()),
        "f1_macro": float(f1.mean()),
        "f1_micro": float(2 * hit.sum() / max(int((labelled + predicted).sum()), 1)),
        "f1_weighted": float((f1 * labelled).sum() / max(int(labelled.sum()), 1)),
        "f1_samples": float(rows.mean()),
    }
    if ((labelled > 0) & (labelled < len(true))).all():
        found["roc_auc"] = float(np.mean([roc_auc_of_class(logits[:, at], true[:, at]) for at in range(true.shape[1])]))
    return found
