"""What feeds an exported model, whatever its rows are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from trainer.data.readers import labelled_table
from trainer.data.tables import Table, present
from trainer.errors import DataError
from trainer.tasks.base import Batch, Predictor

Rows = str | Path | Sequence[Mapping[str, Any]]
"""What a predictor evaluates on."""


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
        table: rows to evaluate on and columns by role -> a table; ``None``: by ``readers.labelled_table``.
    """

    columns: Mapping[str, str]
    check: Callable[[Sequence[Any]], Sequence[Any]]
    encode: Callable[[Sequence[Any]], Batch]
    logits: Callable[[torch.nn.Module, Batch], torch.Tensor]
    read: Callable[[Table, Mapping[str, str]], Sequence[Any]]
    size: Callable[[Any], int] | None = None
    missing: str = "error"
    table: Callable[[Rows, Mapping[str, str]], Table] | None = None

    def labelled(self, rows: Rows, known: Mapping[str, str]) -> Table:
        """Rows to evaluate on, as a table with the columns ``known`` by role."""
        if self.table is not None:
            found = self.table(rows, known)
        else:
            found = labelled_table(rows, text=None if "text" in known else [known["label"]])
        return present(found, known.values(), blank=[known["label"]]) if self.missing == "drop" else found


class FedPredictor(Predictor):
    """An exported model on a device, and its feed."""

    def __init__(self, model: torch.nn.Module, feed: Feed, device: torch.device) -> None:
        self.model, self.device = model.to(device).eval(), device
        self._feed = feed

    def outputs(self, rows: Sequence[Any], batch_size: int, width: int) -> np.ndarray:
        """What the model makes of each row, ``(rows, width)``, float32.

        Raises:
            DataError: a row that is not of the model's kind.
        """
        if isinstance(rows, str | bytes):
            raise DataError("rows", "expected a list of rows, got one text")
        found = np.empty((len(rows), width), dtype=np.float32)
        if not len(rows):
            return found
        checked, size = self._feed.check(rows), self._feed.size
        # Rows of like length together: padding would be most of what the model computes.
        order = (
            range(len(checked)) if size is None else sorted(range(len(checked)), key=lambda row: -size(checked[row]))
        )
        for start in range(0, len(order), batch_size):
            taken = list(order[start : start + batch_size])
            found[taken] = self._batch([checked[row] for row in taken])
        return found

    @torch.inference_mode()
    def _batch(self, rows: Sequence[Any]) -> np.ndarray:
        batch = self._feed.encode(rows)
        scores = self._feed.logits(self.model, {name: value.to(self.device) for name, value in batch.items()})
        found: np.ndarray = scores.float().cpu().numpy()
        return found
