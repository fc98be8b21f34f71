"""Rows of whatever shape a function of one's own returns: named arrays for the inputs, and for the targets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from trainer.data import own_function
from trainer.errors import DataError

if TYPE_CHECKING:
    import numpy as np

    from trainer.sections import DataConfig

INPUTS, TARGETS = "inputs", "labels"
"""What the arrays are called in batches and on disk; one of several is ``inputs.<name>``."""


@dataclass(frozen=True)
class OwnRows:
    """One split: every array ``(rows, ...)``, by its full name. Without targets the inputs are what is learnt."""

    arrays: Mapping[str, np.ndarray]
    rows: int


def from_function(data: DataConfig) -> dict[str, OwnRows]:
    """What ``data.function`` returns: split -> x or (x, y), or one of these for train alone.

    ``x`` and ``y`` are arrays (or tensors, or nested lists) of numbers, or mappings from a name to one.

    Raises:
        ConfigError: no such function.
        DataError: it fails, or returns something else.
    """
    key, title = "data.function", str(data.function)
    found = {}
    for split, given in own_function.splits(data).items():
        x, y = given if isinstance(given, tuple | list) and len(given) == 2 else (given, None)
        found[split] = rows_of(x, y, f"{title}, {split}", key)
    expected = _columns(found["train"])
    for split, rows in found.items():
        if (columns := _columns(rows)) != expected:
            raise DataError(key, f"{title}: {split} has {_said(columns)} where train has {_said(expected)}")
    return found


def rows_of(x: Any, y: Any, title: str, key: str) -> OwnRows:
    """``x`` and ``y`` (``None`` where there is none) as named arrays of as many rows.

    Raises:
        DataError: no arrays of numbers, without rows, or not of as many rows.
    """
    arrays = dict(_arrays(INPUTS, x, title, key))
    if y is not None:
        arrays |= _arrays(TARGETS, y, title, key)
    counts = {name: len(array) for name, array in arrays.items()}
    if len(set(counts.values())) > 1:
        said = " and ".join(f"{count} of {name}" for name, count in counts.items())
        raise DataError(key, f"{title}: {said}", "give every array as many rows")
    rows = next(iter(counts.values()), 0)
    if not rows:
        raise DataError(key, f"{title} has no rows")
    return OwnRows(arrays, rows)


def part(batch: Mapping[str, Any], kind: str) -> Any:
    """The inputs or the targets of a batch or a split, as they were given: one array, or a mapping; else ``None``."""
    if kind in batch:
        return batch[kind]
    return {name.partition(".")[2]: value for name, value in batch.items() if name.startswith(f"{kind}.")} or None


def _arrays(kind: str, given: Any, title: str, key: str) -> Iterator[tuple[str, np.ndarray]]:
    if isinstance(given, Mapping):
        for name, value in given.items():
            yield f"{kind}.{name}", _array(value, f"{title}: {kind} {name}", key)
    else:
        yield kind, _array(given, f"{title}: {kind}", key)


def _array(value: Any, title: str, key: str) -> np.ndarray:
    import numpy as np

    try:
        array = np.asarray(value)
        array = array if array.dtype.kind in "biuf" else array.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(key, f"{title} is no array of numbers: {error}") from None
    if array.ndim < 1:
        raise DataError(key, f"{title} is a single number, expected one for each row")
    # What torch computes with: its models are float32, and it has no arithmetic for most unsigned types.
    wanted = {"f": np.float32, "u": np.uint8 if array.dtype == np.uint8 else np.int64}.get(array.dtype.kind)
    return array if wanted is None else array.astype(wanted, copy=False)


def _columns(rows: OwnRows) -> dict[str, tuple[int, ...]]:
    return {name: array.shape[1:] for name, array in rows.arrays.items()}


def _said(columns: Mapping[str, tuple[int, ...]]) -> str:
    return " and ".join(f"{name} of shape {shape}" for name, shape in columns.items())
