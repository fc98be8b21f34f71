"""A range of real numbers: bounds inclusive, evenly or logarithmically, quantised or not."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from search_spaces.base import Parameter, check_unit, multiple, multiples_within
from search_spaces.conditions import When
from search_spaces.scale import at, check_bounds, check_log, check_multiples, position
from search_spaces.values import is_number


@dataclass(frozen=True)
class Float(Parameter):
    """A number from ``low`` to ``high``, both included.

    With ``log``, its logarithm is uniform. With ``step``, its values are the multiples of ``step``, as
    W&B's ``q`` has it: ``round(X / q) * q``, so that an end gets half the share of its neighbours. Bounds
    that are no multiples are drawn in to the nearest that is: ``low`` and ``high`` can always occur.

    Raises:
        SpaceError: an empty range, the logarithm of zero, bounds that are no finite numbers.
    """

    name: str
    low: float
    high: float
    log: bool = False
    step: float | None = None
    default: float | None = None
    points: int | None = None
    prior: float | None = None
    when: When = ()

    def __post_init__(self) -> None:
        check_bounds(self)
        object.__setattr__(self, "low", float(self.low))
        object.__setattr__(self, "high", float(self.high))
        if self.step is not None:
            object.__setattr__(self, "step", float(self.step))
            first, last = multiples_within(self.low, self.high, float(self.step))
            check_multiples(self, first, last)
            object.__setattr__(self, "low", multiple(first, float(self.step)))
            object.__setattr__(self, "high", multiple(last, float(self.step)))
        check_log(self)
        self._check_common()

    def contains(self, value: object) -> bool:
        """Any number within the bounds; with ``step``, a multiple of it."""
        if not is_number(value):
            return False
        number = float(value)  # type: ignore[arg-type]  # is_number said so
        if not self.low <= number <= self.high:
            return False
        return self.step is None or math.isclose(
            number, self._quantised(number), rel_tol=1e-9, abs_tol=self.step * 1e-9
        )

    def from_unit(self, u: float) -> float:
        """See ``Parameter.from_unit``."""
        value = at(self.low, self.high, check_unit(u), log=self.log)
        return value if self.step is None else self._quantised(value)

    def to_unit(self, value: Any) -> float:
        """See ``Parameter.to_unit``."""
        self._require(value)
        return position(self.low, self.high, float(value), log=self.log)

    def grid(self, points: int | None = None) -> list[Any]:
        """See ``Parameter.grid``: evenly spaced, in logarithms where ``log``, both ends included."""
        count = points or self.points
        if count is None:
            if self.step is None:
                raise self._no_points()
            first, last = multiples_within(self.low, self.high, self.step)
            return [multiple(n, self.step) for n in range(first, last + 1)]
        if count == 1:
            return [self.middle]
        return list(dict.fromkeys(self.from_unit(i / (count - 1)) for i in range(count)))

    def grid_size(self, points: int | None = None) -> int:
        """See ``Parameter.grid_size``."""
        if (points or self.points) is None and self.step is not None:
            first, last = multiples_within(self.low, self.high, self.step)
            return last - first + 1
        return len(self.grid(points))

    @property
    def middle(self) -> float:
        """See ``Parameter.middle``."""
        return self.from_unit(0.5) if self.default is None else self.default

    @property
    def ends(self) -> tuple[float, ...]:
        """Both bounds."""
        return (self.low, self.high)

    def to_mapping(self) -> dict[str, Any]:
        """See ``Parameter.to_mapping``."""
        kind = "log_uniform_values" if self.log else "uniform"
        bounds = {"min": self.low, "max": self.high}
        if self.step is None:
            return {"distribution": kind, **bounds, **self._extras()}
        return {"distribution": f"q_{kind}", **bounds, "q": self.step, **self._extras()}

    def _quantised(self, value: float) -> float:
        assert self.step is not None
        return min(max(multiple(round(value / self.step), self.step), self.low), self.high)
