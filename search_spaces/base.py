"""What every parameter can do."""

from __future__ import annotations

import copy
import random
import re
from abc import ABC, abstractmethod
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any, cast

from search_spaces.conditions import Condition, When, read_when
from search_spaces.errors import SpaceError
from search_spaces.values import is_int

# W&B's pattern for names of parameters, so that blocks can be carried over.
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*\Z")
MOST_POINTS = 10_000


class Parameter(ABC):
    """One thing that may vary: immutable, comparable, and a map from [0, 1] onto its values.

    Attributes:
        name: dotted where it reaches inside a mapping (``model_args.hidden``).
        default: the value to start from, or ``None`` for the natural middle.
        points: how many values a grid takes of a range; ``None``: all of them, where they can be counted.
        prior: where a person expects good values, or ``None``; searchers that use priors draw near it.
        when: the conditions under which the parameter is active, all of them; empty: always. Written as
            ``{parent: value, ...}`` (see ``read_when``), kept as `conditions`.
    """

    name: str
    default: Any
    points: int | None
    prior: Any
    when: When

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """What ``when`` says."""
        return cast("tuple[Condition, ...]", self.when)

    def sample(self, rng: random.Random) -> Any:
        """A value drawn from this parameter's distribution; uses one draw of ``rng``."""
        return self.from_unit(rng.random())

    @abstractmethod
    def contains(self, value: object) -> bool:
        """Whether ``value`` can be drawn, both ends included. Types count: ``True`` is not 1."""

    @abstractmethod
    def from_unit(self, u: float) -> Any:
        """The value at quantile ``u`` in [0, 1], both ends included.

        Raises:
            ValueError: ``u`` is outside.
        """

    @abstractmethod
    def to_unit(self, value: Any) -> float:
        """A quantile in [0, 1] that ``from_unit`` takes back to ``value``.

        Raises:
            SpaceError: ``value`` cannot be drawn.
        """

    @abstractmethod
    def grid(self, points: int | None = None) -> list[Any]:
        """The values of a grid in ascending (or given) order, each once; ``points`` overrides the attribute.

        Raises:
            SpaceError: a continuous range without a number of points.
        """

    @abstractmethod
    def grid_size(self, points: int | None = None) -> int:
        """How many values ``grid`` has, without making them where they are many."""

    @property
    @abstractmethod
    def middle(self) -> Any:
        """``default`` where given; else the middle: geometric for log, the first of choices."""

    @property
    @abstractmethod
    def ends(self) -> tuple[Any, ...]:
        """The extreme values: both bounds of a range, every choice, three standard deviations of a normal."""

    @abstractmethod
    def to_mapping(self) -> dict[str, Any]:
        """This parameter as an entry of W&B's ``parameters`` block; the loader reads it back as an equal one."""

    def _check_common(self) -> None:
        if not isinstance(self.name, str) or not NAME.match(self.name) or ".." in self.name or self.name.endswith("."):
            mend = "start with a letter or _, then letters, digits, _, - and single dots"
            raise SpaceError(str(self.name), f"is no name for a parameter, got {self.name!r}", mend)
        if self.points is not None and (not is_int(self.points) or not 1 <= self.points <= MOST_POINTS):
            message = f"points must be a whole number from 1 to {MOST_POINTS}, got {self.points!r}"
            raise SpaceError(self.name, message, "give such a number, or leave points out")
        for key, value in (("default", self.default), ("prior", self.prior)):
            if value is not None and not self.contains(value):
                message = f"{key} {value!r} is not one of its values"
                raise SpaceError(self.name, message, f"choose one inside: its ends are {self.ends!r}")
        object.__setattr__(self, "when", read_when(self.name, self.when))

    def _extras(self) -> dict[str, Any]:
        found = {"default": self.default, "points": self.points, "prior": copy.deepcopy(self.prior)}
        when = {condition.parent: condition.to_value() for condition in self.conditions}
        return {key: value for key, value in found.items() if value is not None} | ({"when": when} if when else {})

    def _require(self, value: object) -> None:
        if not self.contains(value):
            raise SpaceError(self.name, f"cannot be {value!r}", f"its ends are {self.ends!r}")

    def _no_points(self) -> SpaceError:
        mend = "add points: 5, quantise it with q, or list its values"
        return SpaceError(self.name, "a grid needs a number of points for a continuous range", mend)


def check_unit(u: float) -> float:
    """``u`` itself, where it lies in [0, 1]."""
    if not 0.0 <= u <= 1.0:
        raise ValueError(f"a quantile lies in [0, 1], got {u!r}")
    return u


def multiple(count: int, step: float) -> float:
    """``count * step`` as it would be written: 3 * 0.1 is 0.3 here, so that values read well in reports."""
    return float(Decimal(repr(step)) * count)


def multiples_within(low: float, high: float, step: float) -> tuple[int, int]:
    """The first and last ``n`` with ``low <= n * step <= high``; the first is larger where there is none."""
    # In decimals: 0.3 // 0.1 is 2 in binary floats.
    quantum = Decimal(repr(step))
    first = (Decimal(repr(low)) / quantum).to_integral_value(ROUND_CEILING)
    last = (Decimal(repr(high)) / quantum).to_integral_value(ROUND_FLOOR)
    return int(first), int(last)
