"""Rows of numbers: where they come from, and how they are scaled."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from trainer.data import own_function
from trainer.data.tables import Table, shown
from trainer.errors import ConfigError, DataError, few

if TYPE_CHECKING:
    import numpy as np

    from trainer.sections import DataConfig


@dataclass(frozen=True)
class Source:
    """One given split: features ``(rows, ...)``, and its labels as a column of a table.

    ``names`` are those of the features, flattened; empty where they have none.
    """

    features: np.ndarray
    table: Table
    label: str
    names: tuple[str, ...] = ()


def from_function(data: DataConfig) -> dict[str, Source]:
    """What ``data.function`` returns: split -> (x, y), or one (x, y).

    Raises:
        ConfigError: no such function.
        DataError: it fails, or returns something else.
    """
    import numpy as np

    key, spec = "data.function", str(data.function)
    sources = {}
    for split, pair in own_function.splits(data).items():
        if not isinstance(pair, tuple | list) or len(pair) != 2:
            raise DataError(key, f"{spec} returned {type(pair).__name__} for {split}, not a pair (x, y)")
        try:
            x = np.asarray(pair[0])
            x = x if x.dtype.kind in "biuf" else x.astype(np.float64)
        except (TypeError, ValueError) as error:
            raise DataError(key, f"{spec}: x of {split} is no array of numbers: {error}") from None
        y = np.asarray(pair[1])
        if x.ndim < 2 or y.ndim != 1 or len(x) != len(y) or not len(y):
            raise DataError(key, f"{spec}: {split} has x {x.shape} and y {y.shape}, expected (rows, ...) and (rows,)")
        table = Table(key, f"{spec} {split}", {"label": y.tolist()}, len(y))
        sources[split] = Source(x, table, "label")
    return sources


def from_sklearn(data: DataConfig) -> dict[str, Source]:
    """One of the sets that scikit-learn brings along, whole."""
    from sklearn import datasets

    bunch = getattr(datasets, f"load_{data.sklearn}")()
    rows = len(bunch.target)
    names = tuple(str(name) for name in bunch.target_names)
    named = None if all(name.isdecimal() for name in names) else names
    table = Table("data.sklearn", f"{data.sklearn}", {"label": bunch.target.tolist()}, rows, class_names=named)
    return {"train": Source(bunch.data, table, "label", tuple(str(name) for name in bunch.feature_names))}


def from_table(table: Table, label: str, names: Sequence[str] | None = None, *, group: str | None = None) -> Source:
    """Numeric columns: ``names``, or all but the label, and the group that is no feature either.

    Raises:
        DataError: a column that is missing or not numeric, with the row of the first bad value.
    """
    import numpy as np

    chosen = names
    if chosen is None:
        table.column(label, "data.label")
        chosen = [name for name in table.columns if name not in (label, group)]
    if label in chosen or not chosen:
        what = f"the label {label!r} is one of them" if chosen else f"{table.source} has no columns but the label"
        raise DataError("data.features", what)
    columns = [_numbers(table, name, given=names is not None) for name in chosen]
    return Source(np.stack(columns, axis=1), table, label, tuple(chosen))


def _numbers(table: Table, name: str, *, given: bool) -> np.ndarray:
    import numpy as np

    values = table.column(name, "data.features")
    if isinstance(values, np.ndarray):
        return values.astype(np.float64)
    out = np.empty(len(values), dtype=np.float64)
    for row, value in enumerate(values):
        try:
            out[row] = math.nan if value is None else float(value)
        except (TypeError, ValueError):
            kind = [n for n, v in table.columns.items() if isinstance(v, np.ndarray)]
            mend = (
                "mend it or drop the row"
                if given or not kind
                else f"name the numeric columns: data.features: [{few(kind)}]"
            )
            raise table.bad(row, name, f"{shown(value)} is not a number", mend) from None
    return out


def finite(source: Source) -> np.ndarray:
    """The features, float32, flattened to ``(rows, features)``.

    Raises:
        DataError: a value that is missing, infinite or too large for float32, with its column and row.
    """
    import numpy as np

    flat = source.features.reshape(len(source.features), -1)
    with np.errstate(over="ignore"):
        out = flat.astype(np.float32)
    if not np.isfinite(out).all():
        row, column = map(int, np.argwhere(~np.isfinite(out))[0])
        name = source.names[column] if source.names else f"feature {column}"
        raise source.table.bad(row, name, f"{flat[row, column]} is not a finite number", "fill it in or drop the row")
    return out


def scaling(kind: str, train: np.ndarray) -> dict[str, Any] | None:
    """What to subtract from and divide by, per feature, from the train rows ``(rows, features)`` alone."""
    import numpy as np

    if kind == "none":
        return None
    wide = train.astype(np.float64)
    if kind == "standard":
        offset, scale = wide.mean(axis=0), wide.std(axis=0)
    else:
        offset, scale = wide.min(axis=0), np.ptp(wide, axis=0)
    # A constant feature stays at zero.
    return {"kind": kind, "offset": offset.tolist(), "scale": np.where(scale > 0, scale, 1.0).tolist()}


def scaled(features: np.ndarray, numbers: Mapping[str, Any] | None) -> np.ndarray:
    """Features ``(rows, features)`` after ``scaling``'s numbers, float32."""
    import numpy as np

    if numbers is None:
        return np.ascontiguousarray(features, dtype=np.float32)
    offset, scale = np.asarray(numbers["offset"]), np.asarray(numbers["scale"])
    out: np.ndarray = ((features - offset) / scale).astype(np.float32)
    return out


def of_rows(rows: Sequence[Any], names: Sequence[str], count: int) -> np.ndarray:
    """Rows to predict as ``(rows, features)``: sequences of numbers, or mappings by the names of the features.

    Raises:
        DataError: a row of another length, without a feature, or not of finite numbers.
    """
    import numpy as np

    if not isinstance(rows, np.ndarray):
        for number, row in enumerate(rows, start=1):
            lacking = [name for name in names if name not in row] if isinstance(row, Mapping) else []
            if lacking:
                raise DataError(
                    "rows", f"row {number} has no {lacking[0]!r}", f"the features are {few(names, lacking[0])}"
                )
        rows = [[row[name] for name in names] if isinstance(row, Mapping) else row for row in rows]
    try:
        flat = np.asarray(rows, dtype=np.float64).reshape(len(rows), -1)
    except (TypeError, ValueError) as error:
        raise DataError("rows", f"not all rows are of {count} numbers: {error}") from None
    if flat.shape[1] != count:
        raise DataError("rows", f"rows of {flat.shape[1]} numbers, expected {count}")
    table = Table("rows", "rows", {}, len(flat))
    return finite(Source(flat, table, "", tuple(names)))


def shape_of(data: DataConfig, features: np.ndarray) -> tuple[int, ...]:
    """The shape of one row: ``data.shape``, or that of the array.

    Raises:
        ConfigError: ``data.shape`` does not hold that many numbers.
    """
    found = tuple(features.shape[1:])
    if data.shape is None or tuple(data.shape) == found:
        return found
    if math.prod(data.shape) != math.prod(found):
        raise ConfigError("data.shape", f"{list(data.shape)} does not fit rows of {math.prod(found)} numbers")
    return tuple(data.shape)
