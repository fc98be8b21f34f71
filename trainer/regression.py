"""Regression metrics, with scikit-learn's definitions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from trainer.config import Goal

REGRESSION_GOALS: Mapping[str, Goal] = {"loss": "minimize", "rmse": "minimize", "mae": "minimize", "r2": "maximize"}


def regression_metrics(predicted: np.ndarray, truth: np.ndarray, loss: float) -> dict[str, float]:
    """Every metric of :data:`REGRESSION_GOALS` over one split.

    Args:
        predicted: ``(rows,)``, in the units of the data.
        truth: ``(rows,)``, in the same.
        loss: mean loss over the split as the task computes it.

    Returns:
        ``loss`` as given; ``rmse`` is ``root_mean_squared_error``, ``mae`` ``mean_absolute_error``, and ``r2``
        ``r2_score``, which is left out for a single row: it is not defined then. Where the truth is the same everywhere
        it is 1 for predictions without any error, else 0.

    Raises:
        ValueError: shapes that do not fit each other, or no rows.
    """
    import numpy as np

    if predicted.shape != truth.shape or truth.ndim != 1 or not len(truth):
        raise ValueError(f"predictions and truth must be (rows,), got {predicted.shape} and {truth.shape}")
    wrong = predicted.astype(np.float64) - truth.astype(np.float64)
    squares = float(np.square(wrong).sum())
    metrics = {"loss": float(loss), "rmse": float(np.sqrt(squares / len(truth))), "mae": float(np.abs(wrong).mean())}
    if len(truth) > 1:
        spread = float(np.square(truth - truth.mean()).sum())
        metrics["r2"] = 1 - squares / spread if spread else float(not squares)
    return metrics
