"""Draws near a value of a parameter."""

from __future__ import annotations

import random
from statistics import NormalDist
from typing import Any

from search_spaces.base import Parameter
from search_spaces.choices import Categorical, Constant

STAYS = 0.6  # the share of draws in which a choice is the very one


def near(parameter: Parameter, value: Any, rng: random.Random, width: float) -> Any:
    """A value near ``value``; uses one draw of ``rng``.

    Ranges: in the unit interval, normal around the value's quantile with standard deviation ``width``, cut off at
    0 and 1. Choices: the value itself with probability 0.6, else as usual.
    """
    draw = rng.random()
    if isinstance(parameter, Constant):
        return parameter.middle
    if isinstance(parameter, Categorical):
        u = parameter.to_unit(value) if draw < STAYS else (draw - STAYS) / (1 - STAYS)
        return parameter.from_unit(min(u, 1.0))
    bell = NormalDist(parameter.to_unit(value), width)
    low, high = bell.cdf(0.0), bell.cdf(1.0)
    quantile = low + draw * (high - low)
    if not 0.0 < quantile < 1.0:  # a bell far narrower than the distance to an end
        return parameter.from_unit(bell.mean)
    return parameter.from_unit(min(max(bell.inv_cdf(quantile), 0.0), 1.0))
