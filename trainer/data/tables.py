"""Rows as they came from a file or a hub, with enough memory of their origin to name a bad one."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from trainer.errors import DataError, suggest


@dataclass(frozen=True)
class Table:
    """The columns of one split.

    Attributes:
        key: the setting that named the source, for errors: ``data.train``.
        source: what people know it by: a file, or a data set and its split.
        columns: values by column name, each of length ``rows``; lists, or numpy arrays of numbers.
        rows: how many.
        line: from a row, counted from 0, to its line in a file that people read line by line; ``None`` where it
            cannot be told.
        class_names: names of the label's ids where the source declares them.
        origin: the table and its row that a row came from, where this one is a part of another or made of several.
    """

    key: str
    source: str
    columns: Mapping[str, Sequence[Any]]
    rows: int
    line: Callable[[int], int | None] | None = None
    class_names: tuple[str, ...] | None = None
    origin: Callable[[int], tuple[Table, int]] | None = None

    def column(self, name: str, setting: str) -> Sequence[Any]:
        """One column.

        Args:
            name: the column.
            setting: the setting that names it, for the error: ``data.text``.

        Raises:
            DataError: there is none of that name; lists those there are.
        """
        if name in self.columns:
            return self.columns[name]
        mend = suggest(name, self.columns, "its columns are", always=True)
        raise DataError(setting, f"{self.source} has no column {name!r}", mend)

    def bad(self, row: int, column: str, message: str, mend: str = "") -> DataError:
        """The error for one value; ``row`` counts from 0. It gives the line, or the row from 1 on."""
        if self.origin is not None:
            table, number = self.origin(row)
            return table.bad(number, column, message, mend)
        line = self.line(row) if self.line is not None else None
        place = f"line {line}" if line is not None else f"row {row + 1}"
        return DataError(self.key, f"{self.source}: column {column!r}, {place}: {message}", mend)

    def take(self, rows: Sequence[int]) -> Table:
        """These rows alone, in this order; each still knows where it came from."""
        numbers = [int(row) for row in rows]
        columns = {name: _taken(values, numbers) for name, values in self.columns.items() if len(values)}
        empty: dict[str, Sequence[Any]] = {name: [] for name, values in self.columns.items() if not len(values)}
        origin = self.origin or (lambda row: (self, row))
        return replace(
            self, columns={**columns, **empty}, rows=len(numbers), line=None, origin=lambda row: origin(numbers[row])
        )

    def with_columns(self, columns: Mapping[str, Sequence[Any]]) -> Table:
        """The same rows with these columns in place of those of the same names."""
        return replace(self, columns={**self.columns, **columns}, origin=self.origin or (lambda row: (self, row)))


def joined(source: str, parts: Sequence[Table]) -> Table:
    """The rows of several tables one after another; what a part has no column for is ``None`` there."""
    names = dict.fromkeys(name for part in parts for name in part.columns)
    columns = {
        name: [value for part in parts for value in part.columns.get(name, [None] * part.rows)] for name in names
    }
    starts = [0]
    for part in parts:
        starts.append(starts[-1] + part.rows)

    def origin(row: int) -> tuple[Table, int]:
        number = bisect_right(starts, row) - 1
        return parts[number], row - starts[number]

    return Table(parts[0].key, source, columns, starts[-1], class_names=parts[0].class_names, origin=origin)


def is_missing(value: object) -> bool:
    """Whether nothing stands there: null, NaN, or an empty cell of a CSV, which is read as null."""
    return value is None or (not hasattr(value, "__len__") and bool(value != value))


def present(table: Table, columns: Iterable[str], *, blank: Collection[str] = ()) -> Table:
    """The rows that have a value in each of ``columns``; in those of ``blank`` an empty text is none either."""
    import numpy as np

    lacking = np.zeros(table.rows, dtype=bool)
    for name in columns:
        values = table.columns.get(name, ())
        for row, value in enumerate(values):
            lacking[row] |= is_missing(value) or (name in blank and value == "")
    return table.take(np.flatnonzero(~lacking).tolist()) if lacking.any() else table


def _taken(values: Sequence[Any], rows: list[int]) -> Sequence[Any]:
    import numpy as np

    return values[rows] if isinstance(values, np.ndarray) else [values[row] for row in rows]


def shown(value: object, limit: int = 60) -> str:
    """A value for an error message, cut where it is long."""
    text = repr(value)
    return text if len(text) <= limit else text[: limit - 3] + "..."
