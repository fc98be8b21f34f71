"""Predictions for rows with any number of classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from trainer import multi_label
from trainer.data import label_sets
from trainer.data.labels import Labels
from trainer.data.tables import Table
from trainer.tasks.class_predictor import ClassPredictor, Feed

THRESHOLD = 0.5


class LabelSetPredictor(ClassPredictor):
    """Predicts, for each row, a list of the labels whose probability is at least 0.5."""

    def __init__(
        self, model: torch.nn.Module, feed: Feed, labels: Labels, device: torch.device, separator: str | None
    ) -> None:
        super().__init__(model, feed, labels, device)
        self._separator = separator

    def predict(  # type: ignore[override]
        self, rows: Sequence[Any], *, batch_size: int = 64, threshold: float = THRESHOLD
    ) -> list[list[str | int]]:
        """The labels of each row, in the order of ``label_names``: those with a probability of ``threshold`` or more.

        Raises:
            DataError: a row that is not of the model's kind.
        """
        return label_sets.decode(self._labels, self.predict_proba(rows, batch_size=batch_size) >= threshold)

    def predict_proba(self, rows: Sequence[Any], *, batch_size: int = 64) -> np.ndarray:
        """The probability of each class by itself ``(rows, classes)``, float64.

        Raises:
            DataError: a row that is not of the model's kind.
        """
        scores = self._logits(rows, batch_size).astype(np.float64)
        # Of either sign without overflow; exactly 0.5 at 0, as the metrics have it.
        small = np.exp(-np.abs(scores))
        found: np.ndarray = np.where(scores >= 0, 1 / (1 + small), small / (1 + small))
        return found

    def _truth(self, table: Table, column: str) -> np.ndarray:
        return label_sets.encode(self._labels, table, column, self._separator)

    def _metrics(self, logits: np.ndarray, truth: np.ndarray) -> dict[str, float]:
        mean = multi_label.loss(torch.from_numpy(logits), torch.from_numpy(truth)) / len(truth)
        return multi_label.metrics(logits, truth, float(mean))

    def _chosen(self, logits: np.ndarray) -> np.ndarray:
        return logits >= 0
