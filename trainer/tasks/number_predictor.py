"""Predictions by models that give each row a number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from trainer.data.targets import numbers_of
from trainer.regression import regression_metrics
from trainer.tasks.exported import chosen_columns
from trainer.tasks.feed import FedPredictor, Feed, Rows


class NumberPredictor(FedPredictor):
    """An exported model on a device; ``target`` has the ``mean`` and ``std`` that its outputs are scaled back by."""

    def __init__(self, model: torch.nn.Module, feed: Feed, target: Mapping[str, float], device: torch.device) -> None:
        super().__init__(model, feed, device)
        self._target = target

    def __repr__(self) -> str:
        return f"Predictor({type(self.model).__name__}, a number)"

    def predict(self, rows: Sequence[Any], *, batch_size: int = 64) -> list[float]:
        """A number for each row, in the units of the data.

        Raises:
            DataError: a row that is not of the model's kind.
        """
        found: list[float] = self._numbers(self.outputs(rows, batch_size, 1)[:, 0]).tolist()
        return found

    def evaluate(self, rows: Rows, *, batch_size: int = 64, **columns: str | None) -> dict[str, float]:
        """Metrics as in training, over a file with the numbers or mappings of its columns."""
        known = chosen_columns(self._feed.columns, columns)
        table = self._feed.labelled(rows, known)
        truth = numbers_of(table.column(known["label"], "label"), table, known["label"])
        outputs = self.outputs(self._feed.read(table, known), batch_size, 1)[:, 0]
        # The mean of what the training loop sums: squares of float32 differences on the scale of training.
        scaled = ((truth - self._target["mean"]) / self._target["std"]).astype(np.float32)
        loss = float(np.square(outputs - scaled).mean())
        return regression_metrics(self._numbers(outputs), truth, loss)

    def _numbers(self, outputs: np.ndarray) -> np.ndarray:
        return outputs.astype(np.float64) * self._target["std"] + self._target["mean"]
