"""A value of a parameter that fulfils conditions on it, where there is one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from search_spaces.base import Parameter, multiple, multiples_within
from search_spaces.choices import Categorical, Constant
from search_spaces.conditions import Condition


def witness(parameter: Parameter, conditions: Sequence[Condition]) -> list[Any]:
    """At most one value that ``parameter`` can have and for which all ``conditions`` hold, the middle where it may be;
    empty: there is none.
    """
    candidates = [parameter.middle, *_candidates(parameter, conditions)]
    return [one for one in candidates if parameter.contains(one) and all(c.holds(one) for c in conditions)][:1]


def _candidates(parameter: Parameter, conditions: Sequence[Condition]) -> Sequence[Any]:
    if isinstance(parameter, Categorical | Constant):
        return parameter.ends
    listed = [value for condition in conditions for value in condition.values]
    return listed or _in_range(parameter, conditions)


def _in_range(parameter: Parameter, conditions: Sequence[Condition]) -> list[Any]:
    """Of a range of numbers: the one nearest to the middle within all the conditions' ranges."""
    lows = [condition.low for condition in conditions if condition.low is not None]
    highs = [condition.high for condition in conditions if condition.high is not None]
    nearest = min([max([parameter.middle, *lows]), *highs])
    step = getattr(parameter, "step", None)
    if step is None:
        return [nearest]
    whole = isinstance(step, int)
    # The multiples on both sides of it, of which one may lie within.
    counts = multiples_within(float(nearest - step), float(nearest + step), float(step))
    return [n * step if whole else multiple(n, step) for n in range(counts[0], counts[1] + 1)]
