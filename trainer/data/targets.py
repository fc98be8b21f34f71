"""Labels that are numbers: whether they are, and what they are."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from trainer.data.tables import Table, shown
from trainer.errors import ConfigError, DataError

if TYPE_CHECKING:
    import numpy as np

    from trainer.sections import DataConfig

Target = Literal["classes", "number"]
_MOST_CLASSES = 100
"""Distinct whole numbers that are taken for classes without being told."""


def kind_of(data: DataConfig, train: Table, label: str) -> Target:
    """Whether a label is a class or a number: ``data.target_kind``, or by what the train rows hold.

    Text is a class, and so are a few whole numbers; numbers with a fraction are numbers.

    Raises:
        ConfigError: very many different whole numbers, which could be either.
        DataError: no such column.
    """
    values = train.column(label, "data.label")
    if data.target_kind is not None:
        return data.target_kind
    if data.label_names is not None or train.class_names is not None:
        return "classes"
    try:
        numbers = {float(value) for value in values if value is not None and value != ""}
    except (TypeError, ValueError):
        return "classes"
    if any(math.isfinite(number) and not number.is_integer() for number in numbers):
        return "number"
    if len(numbers) > _MOST_CLASSES:
        what = f"column {label!r} has {len(numbers)} different whole numbers: classes, or a number to predict?"
        raise ConfigError("data.target_kind", what, "say classes or number")
    return "classes"


def numbers_of(values: Sequence[Any], table: Table, column: str) -> np.ndarray:
    """Labels as numbers ``(rows,)``, float64.

    Raises:
        DataError: one that is missing, infinite or no number, with its row.
    """
    import numpy as np

    out = np.empty(len(values), dtype=np.float64)
    for row, value in enumerate(values):
        if value is None or value == "" or value != value:
            raise table.bad(row, column, "the label is missing", "label it, or leave such rows out: missing: drop")
        try:
            out[row] = float(value)
        except (TypeError, ValueError):
            raise table.bad(row, column, f"{shown(value)} is not a number") from None
        if not math.isfinite(out[row]):
            raise table.bad(row, column, f"{shown(value)} is not a finite number")
    return out


def scale_of(train: np.ndarray, label: str) -> dict[str, float]:
    """``mean`` and ``std`` of the train rows' labels ``(rows,)``.

    Raises:
        DataError: they are all the same.
    """
    spread = float(train.std())
    if not spread:
        what = f"column {label!r} is {train[0]:g} in all {len(train)} train rows"
        raise DataError("data.train", what, "there is nothing to learn from them")
    return {"mean": float(train.mean()), "std": spread}
