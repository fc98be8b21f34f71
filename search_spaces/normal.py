"""Normally distributed numbers, and numbers whose logarithm is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

from search_spaces.base import Parameter, check_unit, multiple
from search_spaces.conditions import When
from search_spaces.errors import SpaceError
from search_spaces.values import is_int, is_number

# Quantiles 0 and 1 lie at infinity; the ends that can be drawn are some seven standard deviations out.
TAIL = 1e-12
LARGEST_EXPONENT = 700.0  # exp() overflows at 709


@dataclass(frozen=True)
class Normal(Parameter):
    """A number with mean ``mu`` and standard deviation ``sigma``; with ``log``, both are its logarithm's.

    Unbounded. With ``step``, its values are ``round(X / step) * step``: whole numbers where ``step`` is one.

    Raises:
        SpaceError: ``sigma`` not above 0, or numbers too large for their exponential.
    """

    name: str
    mu: float = 0.0
    sigma: float = 1.0
    log: bool = False
    step: float | None = None
    default: float | None = None
    points: int | None = None
    prior: float | None = None
    when: When = ()

    def __post_init__(self) -> None:
        if not is_number(self.mu):
            raise SpaceError(self.name, f"mu must be a finite number, got {self.mu!r}", "give one")
        if not is_number(self.sigma) or self.sigma <= 0:
            raise SpaceError(self.name, f"sigma must be a number above 0, got {self.sigma!r}", "or fix it with value")
        if self.step is not None and (not is_number(self.step) or self.step <= 0):
            raise SpaceError(self.name, f"q must be a number above 0, got {self.step!r}", "give one")
        if self.log and abs(self.mu) + 8 * self.sigma > LARGEST_EXPONENT:
            message = f"mu and sigma are those of the logarithm: mu={self.mu!r}, sigma={self.sigma!r} overflow"
            raise SpaceError(self.name, message, "give them in logarithms")
        self._check_common()

    @property
    def whole(self) -> bool:
        """Whether its values are whole numbers."""
        return is_int(self.step)

    def contains(self, value: object) -> bool:
        """Any number (above 0 with ``log``); with ``step``, a multiple of it."""
        if not is_number(value) or (self.whole and not is_int(value)):
            return False
        number = float(value)  # type: ignore[arg-type]  # is_number said so
        if self.log and (number < 0 or (number == 0 and self.step is None)):
            return False
        return self.step is None or math.isclose(
            number, self._quantised(number), rel_tol=1e-9, abs_tol=self.step * 1e-9
        )

    def from_unit(self, u: float) -> float:
        """See ``Parameter.from_unit``; 0 and 1 give the last values before infinity."""
        value = self._normal.inv_cdf(min(max(check_unit(u), TAIL), 1 - TAIL))
        value = math.exp(value) if self.log else value
        return value if self.step is None else self._quantised(value)

    def to_unit(self, value: Any) -> float:
        """See ``Parameter.to_unit``; exact for what ``from_unit`` can give."""
        self._require(value)
        if not self.log:
            return self._normal.cdf(value)
        return self._normal.cdf(math.log(value)) if value > 0 else 0.0

    def grid(self, points: int | None = None) -> list[Any]:
        """See ``Parameter.grid``: the middles of ``points`` equally likely slices."""
        count = points or self.points
        if count is None:
            raise self._no_points()
        return list(dict.fromkeys(self.from_unit((i + 0.5) / count) for i in range(count)))

    def grid_size(self, points: int | None = None) -> int:
        """See ``Parameter.grid_size``."""
        return len(self.grid(points))

    @property
    def middle(self) -> float:
        """See ``Parameter.middle``: the median."""
        return self.from_unit(0.5) if self.default is None else self.default

    @property
    def ends(self) -> tuple[float, ...]:
        """Three standard deviations to either side, within which 99.7 percent lie."""
        standard = NormalDist()
        return (self.from_unit(standard.cdf(-3.0)), self.from_unit(standard.cdf(3.0)))

    def to_mapping(self) -> dict[str, Any]:
        """See ``Parameter.to_mapping``."""
        kind = "log_normal" if self.log else "normal"
        moments = {"mu": self.mu, "sigma": self.sigma}
        if self.step is None:
            return {"distribution": kind, **moments, **self._extras()}
        return {"distribution": f"q_{kind}", **moments, "q": self.step, **self._extras()}

    @property
    def _normal(self) -> NormalDist:
        return NormalDist(self.mu, self.sigma)

    def _quantised(self, value: float) -> float:
        assert self.step is not None
        count = round(value / self.step)
        return count * self.step if self.whole else multiple(count, self.step)
