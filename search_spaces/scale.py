"""Positions on a range, even or logarithmic, and the rules that every range keeps."""

from __future__ import annotations

import math
from typing import Protocol

from search_spaces.errors import SpaceError
from search_spaces.values import is_number


class Range(Protocol):
    """What the rules look at: a range of real or of whole numbers."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def low(self) -> float: ...  # noqa: D102
    @property
    def high(self) -> float: ...  # noqa: D102
    @property
    def log(self) -> bool: ...  # noqa: D102
    @property
    def step(self) -> float | None: ...  # noqa: D102


def at(low: float, high: float, u: float, *, log: bool) -> float:
    """The number a share ``u`` of the way from ``low`` to ``high``; exact at both ends."""
    if u in {0.0, 1.0}:
        return high if u else low
    value = math.exp((1 - u) * math.log(low) + u * math.log(high)) if log else (1 - u) * low + u * high
    return min(max(value, low), high)


def position(low: float, high: float, value: float, *, log: bool) -> float:
    """The share of the way from ``low`` to ``high`` at which ``value`` lies; the inverse of ``at``."""
    if low == high:
        return 0.5
    if log:
        low, high, value = math.log(low), math.log(high), math.log(value)
    # Halved first: the width of a range over all floats would overflow.
    return min(max((value / 2 - low / 2) / (high / 2 - low / 2), 0.0), 1.0)


def check_bounds(range_: Range) -> None:
    """Refuse bounds that are no numbers or leave nothing between them."""
    name, low, high, step = range_.name, range_.low, range_.high, range_.step
    for label, bound in (("min", low), ("max", high)):
        if not is_number(bound):
            raise SpaceError(name, f"{label} must be a finite number, got {bound!r}", "give one")
    if low > high:
        raise SpaceError(name, f"needs min <= max, got min={low!r} and max={high!r}", "swap them")
    if step is not None and (not is_number(step) or step <= 0):
        raise SpaceError(name, f"q must be a number above 0, got {step!r}", "give one")
    if range_.log and low <= 0:
        mend = "start at a small number above 0, or take uniform"
        raise SpaceError(name, f"a logarithmic range needs min > 0, got min={low!r}", mend)


def check_multiples(range_: Range, first: int, last: int) -> None:
    """Refuse a range that no multiple of its step lies in: ``first`` and ``last`` are counts of steps."""
    if first > last:
        message = f"no multiple of q={range_.step!r} lies from {range_.low!r} to {range_.high!r}"
        raise SpaceError(range_.name, message, "widen the range or take a smaller q")


def check_log(range_: Range) -> None:
    """Refuse a logarithmic range that quantising has brought down to zero."""
    # Only after quantising: multiples of q start at 0, which a range from 0.3 does not reach.
    if range_.log and range_.low <= 0:
        message = f"a logarithmic range needs min > 0, got min={range_.low!r}"
        raise SpaceError(range_.name, message, "start above 0")
