"""Predictions by modules that people wrote for data of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from trainer.data.own_rows import INPUTS, TARGETS, OwnRows, part, rows_of
from trainer.errors import ConfigError, DataError
from trainer.own_functions import OwnMetrics
from trainer.tasks import exported, own_module, plain_module
from trainer.tasks.base import Predictor


class OwnPredictor(Predictor):
    """An exported module on a device. A row is what one row of ``x`` is: numbers, or a mapping by the names of x."""

    def __init__(self, model: torch.nn.Module, metrics: OwnMetrics | None, device: torch.device) -> None:
        self.model, self.device, self._metrics = model.to(device).eval(), device, metrics

    def __repr__(self) -> str:
        return f"Predictor({type(self.model).__name__}, a task of one's own)"

    @classmethod
    def of(cls, folder: Path, device: torch.device) -> OwnPredictor:
        """The export in ``folder``; its functions are looked for here first, then where they were at the export.

        Raises:
            ConfigError: it is damaged, or a function is not there.
        """
        from trainer import model as models

        build = exported.read_json(folder / plain_module.FILE)
        base = models.base_of(build["function"], build["folder"])
        model = models.construct(build["function"], build["arguments"], base)
        plain_module.load_weights(model, folder, build["function"])
        own_module.attach_loss(model, build["loss"], base)
        metrics = OwnMetrics(build["metrics"], base) if build["metrics"] else None
        return cls(model, metrics, device)

    def predict(self, rows: Sequence[Any], *, batch_size: int = 64) -> list[Any]:
        """The module's output for each row, as numbers or nested lists of them.

        Raises:
            DataError: rows that are not alike, or that are no numbers.
        """
        if not len(rows):
            return []
        own = rows_of(_stacked(rows), None, "rows", "rows")
        found: list[Any] = []
        with torch.inference_mode():
            for start in range(0, own.rows, batch_size):
                batch = self._batch(own, start, batch_size)
                found += own_module.outputs(self.model, batch).float().cpu().tolist()
        return found

    def evaluate(
        self,
        rows: str | Path | Sequence[Mapping[str, Any]],
        *,
        batch_size: int = 64,
        **columns: str | None,
    ) -> dict[str, float]:
        """The loss and the metrics of training.

        Args:
            rows: an ``.npz`` file with ``x`` and ``y`` (of several inputs ``x.<name>``, and likewise for y), or rows
                as mappings ``{"x": ..., "y": ...}``.
            batch_size: rows at once.
            columns: none; there are no columns to name.

        Raises:
            ConfigError: a column was named.
            DataError: a file or rows of another kind.
        """
        exported.chosen_columns({}, columns)
        own = _from_file(Path(rows)) if isinstance(rows, str | Path) else _from_mappings(rows)
        outputs, total = [], 0.0
        with torch.inference_mode():
            for start in range(0, own.rows, batch_size):
                summed, kept = own_module.loss(self.model, self._batch(own, start, batch_size))
                outputs.append(kept.float().cpu())
                total += float(summed)
        metrics = {"loss": total / own.rows}
        if self._metrics is not None:
            inputs, targets = part(own.arrays, INPUTS), part(own.arrays, TARGETS)
            metrics |= self._metrics(torch.cat(outputs).numpy(), inputs if targets is None else targets, inputs)
        return metrics

    def _batch(self, own: OwnRows, start: int, size: int) -> dict[str, torch.Tensor]:
        taken = {name: torch.from_numpy(array[start : start + size]) for name, array in own.arrays.items()}
        return {name: tensor.to(self.device) for name, tensor in taken.items()}


def _stacked(rows: Sequence[Any]) -> Any:
    """Rows as the arrays that ``data.function`` would have returned."""
    if isinstance(rows, np.ndarray) or not isinstance(rows[0], Mapping):
        return rows
    names = list(rows[0])
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, Mapping) or set(row) != set(names):
            raise DataError("rows", f"row {number} is not a mapping with {', '.join(map(str, names))}")
    return {name: [row[name] for row in rows] for name in names}


def _from_mappings(rows: Sequence[Mapping[str, Any]]) -> OwnRows:
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, Mapping) or "x" not in row:
            raise DataError("rows", f"row {number} has no x", 'rows are {"x": ..., "y": ...}')
    if not len(rows):
        raise DataError("rows", "there are none")
    targets = _stacked([row["y"] for row in rows]) if "y" in rows[0] else None
    return rows_of(_stacked([row["x"] for row in rows]), targets, "rows", "rows")


def _from_file(file: Path) -> OwnRows:
    try:
        with np.load(file, allow_pickle=False) as archive:
            arrays = dict(archive)
    except (OSError, ValueError, AttributeError, TypeError) as error:
        what = f"{file} is no .npz file of arrays: {error}"
        raise DataError("file", what, "numpy.savez(file, x=..., y=...) writes one") from None
    x, y = part(arrays, "x"), part(arrays, "y")
    if x is None:
        raise ConfigError("file", f"{file} has {', '.join(arrays) or 'no arrays'}", "expected x, or x.<name>, and y")
    return rows_of(x, y, str(file), "file")
