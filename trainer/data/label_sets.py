"""Labels of rows that have any number of classes each: lists, or texts with a separator between the names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from trainer.data import labels
from trainer.data.labels import Labels
from trainer.data.tables import Table, is_missing, shown

if TYPE_CHECKING:
    import numpy as np


def are_sets(values: Sequence[Any], separator: str | None) -> bool:
    """Whether a column holds sets of classes: a separator is given, or its first value that is there is a list."""
    if separator is not None:
        return True
    first = next((value for value in values if not is_missing(value)), None)
    return isinstance(first, list | tuple | set) or (hasattr(first, "tolist") and getattr(first, "ndim", 0) == 1)


def find(train: Table, column: str, declared: tuple[str, ...] | None, separator: str | None) -> Labels:
    """The classes: as declared, or all that occur in the train rows, sorted.

    Raises:
        DataError: as ``labels.find``.
    """
    flat, _ = _flat(train, column, separator)
    return labels.find(flat, column, declared)


def encode(found: Labels, table: Table, column: str, separator: str | None) -> np.ndarray:
    """Which classes each row has ``(rows, classes)``, uint8: 1 for those in its list. An empty list is none.

    Raises:
        DataError: a value that is missing or no list, or a class that is not known, with its row.
    """
    import numpy as np

    flat, owners = _flat(table, column, separator)
    out = np.zeros((table.rows, len(found.names)), dtype=np.uint8)
    out[owners, found.encode(flat.columns[column], flat, column)] = 1
    return out


def decode(found: Labels, chosen: np.ndarray) -> list[list[str | int]]:
    """The labels of each row of ``(rows, classes)`` bool, in the order of the classes."""
    import numpy as np

    return [found.decode(np.flatnonzero(row).tolist()) for row in chosen]


def _flat(table: Table, column: str, separator: str | None) -> tuple[Table, list[int]]:
    """All labels one after another, and the row of each; an error about one names that row."""
    values, owners = [], []
    for row, value in enumerate(table.column(column, "data.label")):
        for label in _split(value, row, table, column, separator):
            values.append(label)
            owners.append(row)
    flat = Table(
        table.key,
        table.source,
        {column: values},
        len(values),
        class_names=table.class_names,
        origin=lambda at: (table, owners[at]),
    )
    return flat, owners


def _split(value: Any, row: int, table: Table, column: str, separator: str | None) -> list[Any]:
    if not hasattr(value, "__len__") and is_missing(value):
        raise table.bad(row, column, "the label is missing", "give a list, empty for none, or drop the row")
    if separator is not None:
        if not isinstance(value, str):
            raise table.bad(row, column, f"{shown(value)} is not text to be split at {separator!r}")
        return [part.strip() for part in value.split(separator) if part.strip()]
    if isinstance(value, str) or not hasattr(value, "__iter__"):
        raise table.bad(row, column, f"{shown(value)} is not a list, as other rows hold")
    return list(value)
