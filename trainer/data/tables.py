"""Rows as they came from a file or a hub, with enough memory of their origin to name a bad one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
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
    """

    key: str
    source: str
    columns: Mapping[str, Sequence[Any]]
    rows: int
    line: Callable[[int], int | None] | None = None
    class_names: tuple[str, ...] | None = None

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
        line = self.line(row) if self.line is not None else None
        place = f"line {line}" if line is not None else f"row {row + 1}"
        return DataError(self.key, f"{self.source}: column {column!r}, {place}: {message}", mend)


def shown(value: object, limit: int = 60) -> str:
    """A value for an error message, cut where it is long."""
    text = repr(value)
    return text if len(text) <= limit else text[: limit - 3] + "..."
