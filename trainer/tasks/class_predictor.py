"""Predictions by models that give each row one class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from trainer.data.labels import Labels
from trainer.data.tables import Table
from trainer.metrics import classification_metrics, softmax
from trainer.per_class import ClassScore, per_class
from trainer.tasks.exported import chosen_columns
from trainer.tasks.feed import FedPredictor, Feed, Rows

__all__ = ["ClassPredictor", "Feed"]


class ClassPredictor(FedPredictor):
    """An exported model on a device. Rows are those of its task, or mappings by column."""

    def __init__(self, model: torch.nn.Module, feed: Feed, labels: Labels, device: torch.device) -> None:
        super().__init__(model, feed, device)
        self._labels = labels

    def __repr__(self) -> str:
        return f"Predictor({type(self.model).__name__}, {len(self.label_names)} classes)"

    @property
    def label_names(self) -> tuple[str, ...]:
        """In the order of the columns of ``predict_proba``."""
        return self._labels.names

    def predict(self, rows: Sequence[Any], *, batch_size: int = 64) -> list[str | int]:
        """The likeliest label of each row: its name, or a number where the data had numbers without names.

        Raises:
            DataError: a row that is not of the model's kind.
        """
        return self._labels.decode(self.predict_proba(rows, batch_size=batch_size).argmax(axis=1).tolist())

    def predict_proba(self, rows: Sequence[Any], *, batch_size: int = 64) -> np.ndarray:
        """Probabilities ``(rows, classes)``, float64; rows sum to 1.

        Raises:
            DataError: a row that is not of the model's kind.
        """
        return softmax(self._logits(rows, batch_size))

    def evaluate(self, rows: Rows, *, batch_size: int = 64, **columns: str | None) -> dict[str, float]:
        """Metrics as in training, over a labelled file or mappings of its columns; see ``Predictor.evaluate``."""
        return self.evaluate_classes(rows, batch_size=batch_size, **columns)[0]

    def evaluate_classes(
        self,
        rows: Rows,
        *,
        batch_size: int = 64,
        **columns: str | None,
    ) -> tuple[dict[str, float], dict[str, ClassScore]]:
        """As ``evaluate``, and how well each class is told, by its name."""
        known = chosen_columns(self._feed.columns, columns)
        table = self._feed.labelled(rows, known)
        table.column(known["label"], "label")
        truth = self._truth(table, known["label"])
        logits = self._logits(self._feed.read(table, known), batch_size)
        return self._metrics(logits, truth), per_class(truth, self._chosen(logits), self.label_names)

    def _truth(self, table: Table, column: str) -> np.ndarray:
        return self._labels.encode(table.column(column, "label"), table, column)

    def _metrics(self, logits: np.ndarray, truth: np.ndarray) -> dict[str, float]:
        # The mean of what the training loop sums: cross entropy of float32 scores, without smoothing.
        loss = torch.nn.functional.cross_entropy(torch.from_numpy(logits), torch.from_numpy(truth))
        return classification_metrics(logits, truth, float(loss))

    def _chosen(self, logits: np.ndarray) -> np.ndarray:
        """What is predicted, in the shape of the truth."""
        chosen: np.ndarray = logits.argmax(axis=1)
        return chosen

    def _logits(self, rows: Sequence[Any], batch_size: int) -> np.ndarray:
        return self.outputs(rows, batch_size, len(self.label_names))
