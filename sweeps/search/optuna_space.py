"""Our parameters as Optuna's distributions, and values there and back."""

from __future__ import annotations

import copy
import json
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

from search_spaces.parameters import Categorical, Constant, Float, Int, Parameter
from search_spaces.space import SearchSpace
from sweeps.search.base import Params


class Dimension(ABC):
    """One searched parameter as Optuna sees it."""

    distribution: BaseDistribution

    @abstractmethod
    def encode(self, value: Any) -> float | int:
        """A value of ours in Optuna's distribution."""

    @abstractmethod
    def decode(self, code: Any) -> Any:
        """A value of ours, inside its inclusive bounds, for one that Optuna chose."""


@dataclass(frozen=True)
class _Range(Dimension):
    """A range that Optuna has too."""

    parameter: Float | Int
    distribution: FloatDistribution | IntDistribution

    def encode(self, value: Any) -> float | int:
        return value  # type: ignore[no-any-return]

    def decode(self, code: Any) -> Any:
        # Rounding in exp(log(high)) must not lead past the bounds.
        return min(max(code, self.parameter.low), self.parameter.high)


@dataclass(frozen=True)
class _Steps(Dimension):
    """Multiples of a step, counted: Optuna would add them up in floats, where 3 * 0.1 is not 0.3."""

    parameter: Float
    distribution: IntDistribution  # from 0 to the last step

    def encode(self, value: Any) -> float | int:
        last: int = self.distribution.high
        return round(self.parameter.to_unit(value) * last)

    def decode(self, code: Any) -> Any:
        return self.parameter.from_unit(code / max(self.distribution.high, 1))


@dataclass(frozen=True)
class _Unit(Dimension):
    """Whatever Optuna has no distribution for (normal; logarithmic with a step) goes through the unit interval."""

    parameter: Parameter
    distribution: FloatDistribution

    def encode(self, value: Any) -> float | int:
        return self.parameter.to_unit(value)

    def decode(self, code: Any) -> Any:
        return self.parameter.from_unit(code)


@dataclass(frozen=True)
class _Choice(Dimension):
    """Any JSON value can be a choice of ours, only scalars of Optuna's: it chooses the index."""

    choices: Sequence[Any]
    distribution: CategoricalDistribution | IntDistribution

    def encode(self, value: Any) -> float | int:
        # As JSON, where 1, 1.0 and true differ, as they do not in Python.
        texts = [json.dumps(choice, sort_keys=True) for choice in self.choices]
        return texts.index(json.dumps(value, sort_keys=True))

    def decode(self, code: Any) -> Any:
        return copy.deepcopy(self.choices[code])


def dimension(parameter: Parameter) -> Dimension:
    """The dimension of a searched ``parameter``."""
    match parameter:
        case Float(step=None, low=low, high=high, log=log):
            return _Range(parameter, FloatDistribution(low, high, log=log))
        case Float(step=float(step), log=False):
            return _Steps(parameter, IntDistribution(0, round((parameter.high - parameter.low) / step)))
        case Int(log=False, low=low, high=high, step=step):
            return _Range(parameter, IntDistribution(low, high, step=step or 1))
        case Int(step=1, low=low, high=high):
            return _Range(parameter, IntDistribution(low, high, log=True))
        case Categorical():
            shares = parameter.probabilities or [1.0] * len(parameter.choices)
            choices = [choice for choice, share in zip(parameter.choices, shares, strict=True) if share > 0]
            if _in_order(choices):
                return _Choice(choices, IntDistribution(0, len(choices) - 1))
            return _Choice(choices, CategoricalDistribution(range(len(choices))))
        case _:
            return _Unit(parameter, FloatDistribution(0.0, 1.0))


def _in_order(choices: Sequence[Any]) -> bool:
    """Whether choices are numbers in order, say batch sizes: then neighbours tell of each other."""
    if not all(isinstance(choice, int | float) and not isinstance(choice, bool) for choice in choices):
        return False
    return all(a < b for a, b in pairwise(choices)) or all(a > b for a, b in pairwise(choices))


class OptunaSpace:
    """A search space as Optuna's distributions, by name; constants are added to what comes back."""

    def __init__(self, space: SearchSpace) -> None:
        self._constants = {p.name: p.value for p in space if isinstance(p, Constant)}
        self._names = [p.name for p in space]
        self._dimensions = {p.name: dimension(p) for p in space.searched}
        self.distributions = {name: dimension.distribution for name, dimension in self._dimensions.items()}

    def encode(self, params: Params) -> dict[str, float | int]:
        """A configuration of ours as a trial of Optuna's has it."""
        return {name: dimension.encode(params[name]) for name, dimension in self._dimensions.items()}

    def decode(self, codes: Params) -> dict[str, Any]:
        """The configuration of ours for what Optuna chose, in the order of the space."""
        return {
            name: self._constants[name] if name in self._constants else self._dimensions[name].decode(codes[name])
            for name in self._names
        }
