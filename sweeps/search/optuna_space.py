"""Our parameters as Optuna's distributions, and values there and back."""

from __future__ import annotations

import copy
import json
import random
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

from search_spaces.choices import in_order
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
            if parameter.ordinal or in_order(choices):
                return _Choice(choices, IntDistribution(0, len(choices) - 1))
            return _Choice(choices, CategoricalDistribution(range(len(choices))))
        case _:
            return _Unit(parameter, FloatDistribution(0.0, 1.0))


class OptunaSpace:
    """A search space as Optuna's distributions, by name.

    Codes are complete, as Optuna's multivariate samplers want them: an inactive parameter has one too. Constants have
    none; they are added to what comes back.
    """

    def __init__(self, space: SearchSpace) -> None:
        self._space = space
        self._constants = {p.name: p.value for p in space if isinstance(p, Constant)}
        self._dimensions = {p.name: dimension(p) for p in space.searched}
        self.distributions = {name: dimension.distribution for name, dimension in self._dimensions.items()}

    def encode(self, params: Params, rng: random.Random | None = None) -> dict[str, float | int]:
        """A configuration of ours as a trial of Optuna's has it.

        Args:
            params: the configuration.
            rng: for a parameter that is inactive there: it gets a draw from its own distribution. So its
                density stays that of the space, and says nothing of where the trials without it did well.
        """
        values = dict(params)
        for parameter in self._space.searched:
            if rng is not None and parameter.name not in values:
                values[parameter.name] = parameter.sample(rng)
        return {name: dimension.encode(values[name]) for name, dimension in self._dimensions.items()}

    def decode(self, codes: Params) -> dict[str, Any]:
        """The configuration of ours for what Optuna chose, in the order of the space, less what is inactive."""
        decoded = {name: dimension.decode(codes[name]) for name, dimension in self._dimensions.items()}
        return self._space.active(self._constants | decoded)
