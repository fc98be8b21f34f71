"""A range of whole numbers: bounds inclusive, evenly or logarithmically, in steps or not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from search_spaces.base import Parameter, check_unit
from search_spaces.conditions import When
from search_spaces.errors import SpaceError
from search_spaces.scale import at, check_bounds, check_log, check_multiples, position
from search_spaces.values import is_int


@dataclass(frozen=True)
class Int(Parameter):
    """A whole number from ``low`` to ``high``, both included.

    All are equally likely, unless ``log`` or ``step`` says otherwise: then its values are the multiples of
    ``step`` with the shares that ``round(X / q) * q`` gives them; see ``Float``.

    Raises:
        SpaceError: an empty range, the logarithm of zero, bounds that are no whole numbers.
    """

    name: str
    low: int
    high: int
    log: bool = False
    step: int = 1
    default: int | None = None
    points: int | None = None
    prior: int | None = None
    when: When = ()

    def __post_init__(self) -> None:
        for label, bound in (("min", self.low), ("max", self.high)):
            if not is_int(bound):
                raise SpaceError(self.name, f"{label} must be a whole number, got {bound!r}", "or take uniform")
        check_bounds(self)
        if not is_int(self.step):
            message = f"q must be a whole number for whole numbers, got {self.step!r}"
            raise SpaceError(self.name, message, "or take uniform")
        first, last = -(-self.low // self.step), self.high // self.step
        check_multiples(self, first, last)
        object.__setattr__(self, "low", first * self.step)
        object.__setattr__(self, "high", last * self.step)
        check_log(self)
        self._check_common()

    def contains(self, value: object) -> bool:
        """Any whole number (by type) within the bounds that is a multiple of ``step``."""
        if not isinstance(value, int) or isinstance(value, bool) or not self.low <= value <= self.high:
            return False
        return value % self.step == 0

    def from_unit(self, u: float) -> int:
        """See ``Parameter.from_unit``."""
        if self._even:
            count = self.high - self.low + 1
            return self.low + min(int(check_unit(u) * count), count - 1)
        return self._nearest(at(self.low, self.high, check_unit(u), log=self.log))

    def to_unit(self, value: Any) -> float:
        """See ``Parameter.to_unit``."""
        self._require(value)
        if self._even:
            return float((value - self.low + 0.5) / (self.high - self.low + 1))
        return position(self.low, self.high, value, log=self.log)

    def grid(self, points: int | None = None) -> list[Any]:
        """See ``Parameter.grid``: all values, or about ``points`` evenly spaced ones, both ends included."""
        count = points or self.points
        if count is None or count >= self.grid_size_of_all:
            return list(range(self.low, self.high + 1, self.step))
        if count == 1:
            return [self.middle]
        positions = (at(self.low, self.high, i / (count - 1), log=self.log) for i in range(count))
        return list(dict.fromkeys(self._nearest(position) for position in positions))

    def grid_size(self, points: int | None = None) -> int:
        """See ``Parameter.grid_size``."""
        count = points or self.points
        if count is None or count >= self.grid_size_of_all:
            return self.grid_size_of_all
        return len(self.grid(points))

    @property
    def grid_size_of_all(self) -> int:
        """How many values there are."""
        return (self.high - self.low) // self.step + 1

    @property
    def middle(self) -> int:
        """See ``Parameter.middle``."""
        return self._nearest(at(self.low, self.high, 0.5, log=self.log)) if self.default is None else self.default

    @property
    def ends(self) -> tuple[int, ...]:
        """Both bounds."""
        return (self.low, self.high)

    def to_mapping(self) -> dict[str, Any]:
        """See ``Parameter.to_mapping``."""
        bounds = {"min": self.low, "max": self.high}
        if self._even:
            return {"distribution": "int_uniform", **bounds, **self._extras()}
        kind = "q_log_uniform_values" if self.log else "q_uniform"
        return {"distribution": kind, **bounds, "q": self.step, **self._extras()}

    @property
    def _even(self) -> bool:
        return self.step == 1 and not self.log

    def _nearest(self, value: float) -> int:
        return min(max(round(value / self.step) * self.step, self.low), self.high)
