"""Combinations of parameters' grids, each legal configuration once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from search_spaces.base import MOST_POINTS, Parameter
from search_spaces.constraints import Constraint, ConstraintError
from search_spaces.errors import SpaceError
from search_spaces.hierarchy import is_active

MOST_TRIED = 300_000


def walk(order: Sequence[Parameter], constraints: Sequence[Constraint]) -> Iterator[dict[str, Any]]:
    """Every legal combination, the last of ``order`` changing fastest; keys come in ``order``.

    A constraint is tried as soon as the parameters that it mentions are decided, so that what it forbids is
    left out with all that would follow.

    Args:
        order: parents before their children.
        constraints: those of the space.

    Raises:
        SpaceError: at once, for a continuous range without a number of points; while walking, after 300,000 tries
            where constraints leave few.
    """
    axes = [parameter.grid() for parameter in order]
    places = {parameter.name: place for place, parameter in enumerate(order)}
    decided: dict[int, list[Constraint]] = {}
    for constraint in constraints:
        decided.setdefault(max(places[name] for name in constraint.names), []).append(constraint)
    tried = 0

    def legal(place: int, found: Mapping[str, Any]) -> bool:
        nonlocal tried
        tried += 1
        if constraints and tried > MOST_TRIED:
            message = f"leave a grid that is too large to look through: {MOST_TRIED:,} combinations were tried"
            raise ConstraintError(constraints[0].index, message, "list fewer values, or take method: random")
        return all(constraint.holds(found) for constraint in decided.get(place, ()))

    def step(place: int, found: dict[str, Any]) -> Iterator[dict[str, Any]]:
        if place == len(order):
            yield found
            return
        parameter = order[place]
        if not is_active(parameter, found):
            if legal(place, found):
                yield from step(place + 1, found)
            return
        for value in axes[place]:
            further = {**found, parameter.name: value}
            if legal(place, further):
                yield from step(place + 1, further)

    return step(0, {})


def count(order: Sequence[Parameter]) -> int:
    """How many combinations ``walk`` gives where there are no constraints, without making them.

    Raises:
        SpaceError: a continuous range without a number of points, or a parent with very many values.
    """
    sizes = [parameter.grid_size() for parameter in order]
    parents: dict[str, list[Any]] = {}
    for parameter in order:
        for condition in parameter.conditions:
            parents.setdefault(condition.parent, []).append(condition)

    def combinations(place: int, found: dict[str, Any]) -> int:
        if place == len(order):
            return 1
        parameter = order[place]
        if not is_active(parameter, found):
            return combinations(place + 1, found)
        if parameter.name not in parents:
            return sizes[place] * combinations(place + 1, found)
        if sizes[place] > MOST_POINTS:
            message = f"decides about others and has {sizes[place]:,} values, too many for a grid"
            raise SpaceError(parameter.name, message, "add points: 5, or list its values")
        # Values that decide alike are counted together.
        values = parameter.grid()
        decisions = [tuple(condition.holds(value) for condition in parents[parameter.name]) for value in values]
        alike = dict(zip(decisions, values, strict=True))
        return sum(
            number * combinations(place + 1, {**found, parameter.name: alike[decision]})
            for decision, number in Counter(decisions).items()
        )

    return combinations(0, {})
