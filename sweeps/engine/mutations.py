"""The search space as Tune's PBT and PB2 want it, and what they come up with as values of the space again."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping
from typing import Any

from search_spaces.base import multiple
from search_spaces.parameters import Categorical, Float, Int, Parameter
from search_spaces.space import SearchSpace

# Before a name, so that no parameter is taken for a column of PB2's own table ("Time", "Reward", "y").
_MARK = "param:"


class Mutations:
    """The parameters that a copy may have otherwise.

    Args:
        space: the sweep's.
        names: of those parameters.
        numbers: everything is a number for Tune, and where the space draws logarithms it sees the logarithm: so does
            PB2, whose model knows distances only. PBT multiplies the values themselves.
    """

    def __init__(self, space: SearchSpace, names: tuple[str, ...], *, numbers: bool = False) -> None:
        self._parameters = [space[name] for name in names]
        self._numbers = numbers

    @property
    def distributions(self) -> dict[str, list[Any] | Callable[[], Any]]:
        """What PBT mutates: a list of values, whose neighbours it takes, or a draw from the parameter's distribution.

        Draws come from Python's global generator, as all of PBT's.
        """
        return {_MARK + one.name: _distribution(one) for one in self._parameters}

    @property
    def bounds(self) -> dict[str, list[float]]:
        """What PB2 searches: both ends of each parameter, as it sees them."""
        return {_MARK + one.name: [self._seen(one, end) for end in _ends(one)] for one in self._parameters}

    def encode(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """The part of ``params`` that Tune is shown, as its configuration."""
        return {_MARK + one.name: self._seen(one, params[one.name]) for one in self._parameters}

    def decode(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """Tune's configuration as values of the space: the nearest there are, since Tune's factors know no bounds."""
        return {one.name: _nearest(one, self._meant(one, config[_MARK + one.name])) for one in self._parameters}

    def redraw(self, rng: random.Random) -> dict[str, Any]:
        """All of them, drawn anew."""
        return {one.name: one.sample(rng) for one in self._parameters}

    def changes(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
        """``learning_rate 0.0003 -> 0.00024``: what differs, in words."""
        names = [one.name for one in self._parameters if before[one.name] != after[one.name]]
        return ", ".join(f"{name} {_short(before[name])} -> {_short(after[name])}" for name in names)

    def _seen(self, parameter: Parameter, value: Any) -> Any:
        if not self._numbers:
            return value
        return math.log(value) if getattr(parameter, "log", False) else float(value)

    def _meant(self, parameter: Parameter, value: Any) -> Any:
        return math.exp(value) if self._numbers and getattr(parameter, "log", False) else value


def _distribution(parameter: Parameter) -> list[Any] | Callable[[], Any]:
    if isinstance(parameter, Categorical):
        return list(parameter.choices)
    return lambda: parameter.from_unit(random.random())


def _ends(parameter: Parameter) -> tuple[float, float]:
    low, high = parameter.ends
    return low, high


def _nearest(parameter: Parameter, value: Any) -> Any:
    match parameter:
        case Int(low=low, high=high, step=step):
            return min(max(round(value / step) * step, low), high)
        case Float(low=low, high=high, step=None):
            return min(max(float(value), low), high)
        case Float(low=low, high=high, step=float(step)):
            return min(max(multiple(round(value / step), step), low), high)
        case Categorical():
            return value
    # A normal distribution: it has no bounds.
    quantum = getattr(parameter, "step", None)
    if quantum is None:
        return float(value)
    count = round(value / quantum)
    return count * quantum if isinstance(quantum, int) else multiple(count, quantum)


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
