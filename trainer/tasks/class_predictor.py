"""Predictions by models that give each row one class."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from trainer.data.labels import Labels
from trainer.data.readers import labelled_table
from trainer.data.tables import Table, present
from trainer.errors import DataError
from trainer.metrics import classification_metrics, softmax
from trainer.per_class import ClassScore, per_class
from trainer.tasks.base import Batch, Predictor
from trainer.tasks.exported import chosen_columns


@dataclass(frozen=True)
class Feed:
    """How to feed an exported model.

    Attributes:
        columns: the columns it was trained on, by role: ``label``, and for texts ``text`` and ``text_pair``.
        check: rows as people have them -> rows for ``encode``; all rows at once, so that errors number them rightly.
        encode: checked rows -> a CPU batch without labels.
        logits: model and batch -> scores before softmax ``(rows, classes)``.
        read: a table and its columns by role -> rows for ``check``.
        size: how long a checked row is, where rows are padded to the longest of their batch; ``None`` where all
            are alike.
        missing: whether rows to evaluate on that lack a value are an ``error`` or left out (``drop``), as in training.
    """

    columns: Mapping[str, str]
    check: Callable[[Sequence[Any]], Sequence[Any]]
    encode: Callable[[Sequence[Any]], Batch]
    logits: Callable[[torch.nn.Module, Batch], torch.Tensor]
    read: Callable[[Table, Mapping[str, str]], Sequence[Any]]
    size: Callable[[Any], int] | None = None
    missing: str = "error"


class ClassPredictor(Predictor):
    """An exported model on a device. Rows are texts, pairs of texts, rows of numbers, or mappings by column."""

    def __init__(self, model: torch.nn.Module, feed: Feed, labels: Labels, device: torch.device) -> None:
        self.model, self.device = model.to(device).eval(), device
        self._feed, self._labels = feed, labels

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

    def evaluate(
        self,
        rows: str | Path | Sequence[Mapping[str, Any]],
        *,
        batch_size: int = 64,
        **columns: str | None,
    ) -> dict[str, float]:
        """Metrics as in training, over a labelled file or mappings of its columns; see ``Predictor.evaluate``."""
        return self.evaluate_classes(rows, batch_size=batch_size, **columns)[0]

    def evaluate_classes(
        self,
        rows: str | Path | Sequence[Mapping[str, Any]],
        *,
        batch_size: int = 64,
        **columns: str | None,
    ) -> tuple[dict[str, float], dict[str, ClassScore]]:
        """As ``evaluate``, and how well each class is told, by its name."""
        known = chosen_columns(self._feed.columns, columns)
        table = labelled_table(rows, text=None if "text" in known else [known["label"]])
        if self._feed.missing == "drop":
            table = present(table, known.values(), blank=[known["label"]])
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
        if isinstance(rows, str | bytes):
            raise DataError("rows", "expected a list of rows, got one text")
        scores = np.empty((len(rows), len(self.label_names)), dtype=np.float32)
        if not len(rows):
            return scores
        checked, size = self._feed.check(rows), self._feed.size
        # Rows of like length together: padding would be most of what the model computes.
        order = (
            range(len(checked)) if size is None else sorted(range(len(checked)), key=lambda row: -size(checked[row]))
        )
        for start in range(0, len(order), batch_size):
            taken = list(order[start : start + batch_size])
            scores[taken] = self._batch([checked[row] for row in taken])
        return scores

    @torch.inference_mode()
    def _batch(self, rows: Sequence[Any]) -> np.ndarray:
        batch = self._feed.encode(rows)
        scores = self._feed.logits(self.model, {name: value.to(self.device) for name, value in batch.items()})
        found: np.ndarray = scores.float().cpu().numpy()
        return found
