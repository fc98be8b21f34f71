"""Columns of numbers and of categories, with values missing: what is learnt of the train rows, and rows by it.

- A column is of numbers where every value of the train rows is one that is there; else of categories.
- A missing number becomes the median of the train rows, and a column that lacks some of them there gets an indicator
  beside it: 1 where the value was missing.
- A missing category is a category of its own, where the train rows lack some; else it is unknown.
- A category that the train rows do not have is unknown.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from trainer.data.tables import Table, shown
from trainer.errors import DataError, few

if TYPE_CHECKING:
    import numpy as np

UNKNOWN, MISSING, FIRST = 0, 1, 2
"""Ids of categories: unknown, missing, and the first one that has a name."""

KNOTS = 257
"""Quantiles that are kept of each column of numbers."""

_NOTHING = frozenset({"", "?", "NA", "N/A", "n/a", "#N/A", "NaN", "nan", "NULL", "null", "None"})
_ALL_DIFFERENT = 20
_WHOLE = re.compile(r"-?(0|[1-9]\d*)\.0+")


@dataclass(frozen=True)
class Numbers:
    """A column of numbers, as the train rows have it. ``knots`` are quantiles at equal distances, ascending."""

    name: str
    median: float
    mean: float
    std: float
    low: float
    high: float
    lacks: bool
    knots: tuple[float, ...]


@dataclass(frozen=True)
class Categories:
    """A column of categories: how often each stands in the train rows, and how often none."""

    name: str
    counts: Mapping[str, int]
    missing: int

    @property
    def size(self) -> int:
        """How many ids there are."""
        return FIRST + len(self.counts)


@dataclass(frozen=True)
class Columns:
    """What was learnt of the train rows."""

    numbers: tuple[Numbers, ...]
    categories: tuple[Categories, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """All columns, those of numbers first."""
        return (*(column.name for column in self.numbers), *(column.name for column in self.categories))

    @property
    def width(self) -> int:
        """Numbers of a row, indicators among them."""
        return len(self.numbers) + sum(column.lacks for column in self.numbers)


def learn(table: Table, rows: np.ndarray, names: Sequence[str], forced: Sequence[str]) -> Columns:
    """What the train rows are like.

    Args:
        table: the source of the train rows.
        rows: their numbers in it.
        names: the columns to use.
        forced: those that are categories whatever they hold.

    Raises:
        DataError: a column that is missing, empty, or of texts that are all different.
    """
    numbers, categories = [], []
    for name in names:
        values = table.column(name, "data.features")
        cells = [_cell(values[row]) for row in rows.tolist()]
        there = [cell for cell in cells if cell is not None]
        if not there:
            raise DataError(table.key, f"{table.source}: column {name!r} has no value in the train rows", _LEAVE_OUT)
        found = None if name in forced else _parsed(there)
        if found is None:
            categories.append(_categories(table, name, there, len(cells)))
        else:
            numbers.append(_numbers(table, rows, name, cells, found))
    return Columns(tuple(numbers), tuple(categories))


_LEAVE_OUT = "name the columns to use by data.features"


def encode(columns: Columns, table: Table, rows: np.ndarray, *, impute: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """Numbers ``(rows, width)``, float64, indicators last, and ids of categories ``(rows, categories)``, int64.

    Raises:
        DataError: a column or, unless ``impute``, a value that is missing; a number that is none; with its row.
    """
    import numpy as np

    values = np.empty((len(rows), len(columns.numbers)), dtype=np.float64)
    indicators = []
    for at, column in enumerate(columns.numbers):
        cells = table.column(column.name, "data.features")
        for place, row in enumerate(rows.tolist()):
            values[place, at] = _number(_present(cells[row], table, row, column.name, impute), table, row, column.name)
        gone = np.isnan(values[:, at])
        values[gone, at] = column.median
        if column.lacks:
            indicators.append(gone)
    ids = np.empty((len(rows), len(columns.categories)), dtype=np.int64)
    for at, category in enumerate(columns.categories):
        known = {value: FIRST + index for index, value in enumerate(category.counts)}
        cells = table.column(category.name, "data.features")
        empty = MISSING if category.missing else UNKNOWN
        for place, row in enumerate(rows.tolist()):
            cell = _present(cells[row], table, row, category.name, impute)
            ids[place, at] = empty if cell is None else known.get(_name(cell), UNKNOWN)
    return np.column_stack([values, *indicators]) if indicators else values, ids


def complete(table: Table, names: Sequence[str]) -> Table:
    """The rows that lack nothing in these columns.

    Raises:
        DataError: there is none, or a column is missing.
    """
    columns = [table.column(name, "data.features") for name in names]
    kept = [row for row in range(table.rows) if all(_cell(column[row]) is not None for column in columns)]
    if not kept:
        raise DataError(table.key, f"{table.source}: every row lacks a value in one of {few(names)}")
    return table if len(kept) == table.rows else table.take(kept)


def row_keys(table: Table, names: Sequence[str]) -> list[Hashable]:
    """By which equal rows are known: what they look like in these columns."""
    columns = [table.columns[name] for name in names if name in table.columns]
    return [tuple(str(_cell(value)) for value in row) for row in zip(*columns, strict=True)]


def _cell(value: Any) -> Any:
    """A value without blanks around it; ``None`` where it is missing."""
    if isinstance(value, str):
        value = value.strip()
        return None if value in _NOTHING else value
    return None if value is None or value != value else value


def _present(value: Any, table: Table, row: int, column: str, impute: bool) -> Any:
    cell = _cell(value)
    if cell is None and not impute:
        raise table.bad(row, column, "the value is missing", "fill it in, or set data.missing: impute")
    return cell


def _parsed(cells: Sequence[Any]) -> list[float] | None:
    try:
        return [float(cell) for cell in cells]
    except (TypeError, ValueError):
        return None


def _number(cell: Any, table: Table, row: int, column: str) -> float:
    if cell is None:
        return math.nan
    try:
        found = float(cell)
    except (TypeError, ValueError):
        what = f"{shown(cell)} is not a number, as the train rows have them here"
        raise table.bad(row, column, what, f"mend it, or set data.categories: [{column}]") from None
    if not math.isfinite(found):
        raise table.bad(row, column, f"{found} is not a finite number", "mend it or leave it empty")
    return found


def _name(cell: Any) -> str:
    """Categories by what they look like: 3 and 3.0 are one, whether numbers or text; 03 is another."""
    text = str(cell)
    return text.partition(".")[0] if _WHOLE.fullmatch(text) else text


def _numbers(table: Table, rows: np.ndarray, name: str, cells: Sequence[Any], found: Sequence[float]) -> Numbers:
    import numpy as np

    values = np.asarray(found)
    if not np.isfinite(values).all():
        place = next(place for place, cell in enumerate(cells) if cell is not None and not math.isfinite(float(cell)))
        _number(cells[place], table, int(rows[place]), name)
    median = float(np.median(values))
    filled = np.concatenate([values, np.full(len(cells) - len(values), median)])
    knots = np.quantile(values, np.linspace(0, 1, KNOTS))
    spread = float(filled.std())
    return Numbers(
        name=name,
        median=median,
        mean=float(filled.mean()),
        std=spread or 1.0,
        low=float(filled.min()),
        high=float(filled.max()),
        lacks=len(values) < len(cells),
        knots=tuple(knots.tolist()),
    )


def _categories(table: Table, name: str, cells: Sequence[Any], rows: int) -> Categories:
    counts = Counter(_name(cell) for cell in cells)
    if len(counts) == len(cells) >= _ALL_DIFFERENT:
        what = f"{table.source}: column {name!r} is of texts, and those of all {len(cells)} train rows are different"
        raise DataError(table.key, what, _LEAVE_OUT)
    return Categories(name, dict(sorted(counts.items())), rows - len(cells))
