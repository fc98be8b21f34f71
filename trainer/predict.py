"""Predictions by an exported model, and its scores on a labelled file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from trainer.data.labels import Labels
from trainer.data.readers import read_table
from trainer.data.tables import Table
from trainer.errors import ConfigError, DataError
from trainer.metrics import classification_metrics, softmax
from trainer.tasks import exported, get_task

if TYPE_CHECKING:
    from trainer.tasks.base import Restored


class Predictor:
    """An exported model on a device. Rows are texts, pairs of texts, rows of numbers, or mappings by column."""

    def __init__(self, restored: Restored, labels: Labels, device: torch.device) -> None:
        self.model = restored.model.to(device)
        self.device = device
        self._restored = restored
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

    def evaluate(
        self,
        rows: str | Path | Sequence[Mapping[str, Any]],
        *,
        text: str | None = None,
        text_pair: str | None = None,
        label: str | None = None,
        batch_size: int = 64,
    ) -> dict[str, float]:
        """Metrics as in training, over a labelled file or mappings of its columns.

        Args:
            rows: a file that could be trained on, or rows by column.
            text: the column of texts; by default that of training. So with ``text_pair`` and ``label``.
            text_pair: the column of second texts.
            label: the column of labels.
            batch_size: rows at once.

        Raises:
            DataError: a file, column, row or label that cannot be used.
        """
        columns = dict(self._restored.columns)
        for role, name in (("text", text), ("text_pair", text_pair), ("label", label)):
            if name is not None:
                if role not in columns:
                    raise ConfigError(role, "this model was trained without such a column")
                columns[role] = name
        table = self._table(rows, columns)
        truth = self._labels.encode(table.column(columns["label"], "label"), table, columns["label"])
        logits = self._logits(self._restored.read(table, columns), batch_size)
        # The mean of what the training loop sums: cross entropy of float32 scores, without smoothing.
        loss = torch.nn.functional.cross_entropy(torch.from_numpy(logits), torch.from_numpy(truth))
        return classification_metrics(logits, truth, float(loss))

    def _table(self, rows: str | Path | Sequence[Mapping[str, Any]], columns: Mapping[str, str]) -> Table:
        if isinstance(rows, str | Path):
            return read_table(str(rows), "file", text=None if "text" in columns else [columns["label"]])
        if not rows or not all(isinstance(row, Mapping) for row in rows):
            raise DataError("rows", "expected mappings by column, one or more")
        names = dict.fromkeys(name for row in rows for name in row)
        return Table("rows", "rows", {name: [row.get(name) for row in rows] for name in names}, len(rows))

    def _logits(self, rows: Sequence[Any], batch_size: int) -> np.ndarray:
        if isinstance(rows, str | bytes):
            raise DataError("rows", "expected a list of rows, got one text")
        scores = np.empty((len(rows), len(self.label_names)), dtype=np.float32)
        if not len(rows):
            return scores
        checked, size = self._restored.check(rows), self._restored.size
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
        batch = self._restored.encode(rows)
        scores = self._restored.logits(self.model, {name: value.to(self.device) for name, value in batch.items()})
        found: np.ndarray = scores.float().cpu().numpy()
        return found


def load(folder: str | Path, device: str | torch.device | None = None) -> Predictor:
    """The model that a sweep exported into ``folder``.

    Args:
        folder: the export.
        device: where to predict; by default a GPU where there is one.

    Raises:
        ConfigError: not such a folder, damaged, or the code of its model is not there.
    """
    facts = exported.read(Path(folder))
    restored = get_task(facts["task"]).restore(Path(folder), facts)
    labels = Labels(tuple(facts["label_names"]), facts["label_kind"])
    return Predictor(restored, labels, torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu")))


def predict(folder: str | Path, rows: Sequence[Any], *, batch_size: int = 64) -> list[str | int]:
    """Labels for rows, by the model in ``folder``; see ``Predictor.predict``."""
    return load(folder).predict(rows, batch_size=batch_size)


def evaluate(
    folder: str | Path,
    file: str | Path,
    *,
    text: str | None = None,
    text_pair: str | None = None,
    label: str | None = None,
    batch_size: int = 64,
) -> dict[str, float]:
    """Metrics of the model in ``folder`` on a labelled file; see ``Predictor.evaluate``."""
    return load(folder).evaluate(file, text=text, text_pair=text_pair, label=label, batch_size=batch_size)
