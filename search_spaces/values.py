"""What counts as a number, and when two values are the same one."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any


def is_int(value: object) -> bool:
    """A whole number by type; booleans are not numbers here."""
    return isinstance(value, int) and not isinstance(value, bool)


def is_number(value: object) -> bool:
    """A finite number by type; booleans are not numbers here."""
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number beyond the largest float
        return False


def same(one: object, other: object) -> bool:
    """Whether two values are equal. In Python ``True == 1``; in a configuration they are two things."""
    return isinstance(one, bool) == isinstance(other, bool) and one == other


def alike(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two configurations are equal, value by value as ``same`` has it."""
    return one.keys() == other.keys() and all(same(value, other[name]) for name, value in one.items())
