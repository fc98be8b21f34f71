"""One learning curve, and what a task's scores are compared with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from search_spaces import SearchSpace
from sweeps.search import Params

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Curve:
    """A full training: arrays of shape ``(reports,)``. Losses are smaller-is-better.

    Attributes:
        validation: what searchers see, negated.
        test: what a user gets; nobody chooses by it.
        seconds: training time of the interval that ends with each report; ``None`` where the data has none.
    """

    validation: Numbers
    test: Numbers
    seconds: Numbers | None = None


class Reference(NamedTuple):
    """What regret is measured by: 0 at ``zero``, 1 at ``one``. At ``top`` a configuration is of the top 1%."""

    zero: float
    one: float
    top: float

    def regret(self, loss: float) -> float:
        """Where ``loss`` lies between the best and the median; never below 0. Where these are equal: 0 or 1."""
        if self.one <= self.zero:
            return float(loss > self.zero)
        return max(0.0, float(loss - self.zero) / (self.one - self.zero))


@dataclass(frozen=True)
class References:
    """Of one task: for its validation losses, its test losses, and the mean seconds of a full training."""

    validation: Reference
    test: Reference
    training_seconds: float | None = None


class Task(Protocol):
    """Published curves of one task, by configuration."""

    name: str
    family: str  # taskset or lcbench
    space: SearchSpace
    reports: int

    @property
    def references(self) -> References:
        """What its scores are compared with."""

    def curve(self, params: Params) -> Curve:
        """The full training with ``params``."""


def bests(curves: Sequence[Curve]) -> tuple[Numbers, Numbers]:
    """The best validation loss of each curve, and the test losses there: arrays of shape ``(curves,)``."""
    at = [int(np.argmin(curve.validation)) for curve in curves]
    pairs = list(zip(curves, at, strict=True))
    return np.array([c.validation[i] for c, i in pairs]), np.array([c.test[i] for c, i in pairs])
