"""Exported models of tables, ready to predict."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from trainer.data.labels import Labels
from trainer.data.mixed_columns import complete, encode
from trainer.data.readers import labelled_table
from trainer.data.tables import Table, shown
from trainer.errors import DataError, few
from trainer.tasks.feed import Feed, Rows
from trainer.tasks.tables import columns_from, probe, scaled

if TYPE_CHECKING:
    from trainer.tasks.base import Batch, Predictor


@dataclass(frozen=True)
class Row:
    """An encoded row: its numbers before scaling, and its ids."""

    numbers: np.ndarray
    categories: np.ndarray


def restore(
    folder: Path,
    facts: Mapping[str, Any],
    logits: Callable[[torch.nn.Module, Batch], torch.Tensor],
    device: torch.device,
) -> Predictor:
    """An export, ready to predict.

    Raises:
        ConfigError: damaged, or the code of its model is not there.
    """
    from trainer import model as models
    from trainer.tasks import exported, plain_module
    from trainer.tasks.class_predictor import ClassPredictor
    from trainer.tasks.number_predictor import NumberPredictor

    build = exported.read_json(folder / plain_module.FILE)
    model = models.rebuild(build["function"], build["arguments"], build["folder"], probe=probe(build["arguments"]))
    plain_module.load_weights(model, folder, build["function"])
    columns, by, missing = columns_from(build["columns"]), build["scaling"], build["missing"]

    def encoded(table: Table) -> list[Row]:
        numbers, ids = encode(columns, table, np.arange(table.rows), impute=missing == "impute")
        return [Row(*row) for row in zip(numbers, ids, strict=True)]

    def check(rows: Sequence[Any]) -> Sequence[Any]:
        if len(rows) and isinstance(rows, list) and isinstance(rows[0], Row):
            return rows  # of a table, encoded by ``read``
        return encoded(_table(rows, columns.names))

    def encode_batch(rows: Sequence[Row]) -> Batch:
        numbers = scaled(np.stack([row.numbers for row in rows]), by)
        ids = np.stack([row.categories for row in rows])
        return {"numbers": torch.from_numpy(numbers), "categories": torch.from_numpy(ids)}

    def table(rows: Rows, known: Mapping[str, str]) -> Table:
        found = labelled_table(rows, text=[known["label"], *(column.name for column in columns.categories)])
        return complete(found, [*columns.names, known["label"]]) if missing == "drop" else found

    feed = Feed(facts["columns"], check, encode_batch, logits, lambda given, _: encoded(given), table=table)
    if build["target"] is not None:
        return NumberPredictor(model, feed, build["target"], device)
    return ClassPredictor(model, feed, Labels(tuple(facts["label_names"]), facts["label_kind"]), device)


def _table(rows: Any, names: Sequence[str]) -> Table:
    """Rows to predict: mappings by column, or a data frame."""
    if hasattr(rows, "to_dict") and hasattr(rows, "columns"):
        rows = rows.to_dict("records")
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, Mapping):
            raise DataError("rows", f"row {number} is {shown(row)}, expected a mapping with {few(names)}")
        lacking = [name for name in names if name not in row]
        if lacking:
            mend = f"the columns are {few(names, lacking[0])}; None stands for a missing value"
            raise DataError("rows", f"row {number} has no {lacking[0]!r}", mend)
    return Table("rows", "rows", {name: [row[name] for row in rows] for name in names}, len(rows))
