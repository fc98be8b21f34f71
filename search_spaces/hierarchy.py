"""Which parameters of a space are active under which values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from search_spaces.base import Parameter
from search_spaces.conditions import Condition
from search_spaces.errors import SpaceError, suggest
from search_spaces.witness import witness


class Hierarchy:
    """The conditions between parameters, checked.

    A parameter is active where all its conditions hold; a condition on an inactive parent does not.

    Attributes:
        order: the parameters, each after its parents; otherwise as they were given.
        conditional: whether there is any condition.

    Raises:
        SpaceError: a parent that is no parameter, a value that it can never take, conditions in a circle or that
            exclude one another, at the key ``<name>.when`` or ``<name>.when.<parent>``.
    """

    def __init__(self, parameters: Sequence[Parameter]) -> None:
        self._by_name = {parameter.name: parameter for parameter in parameters}
        self.conditional = any(parameter.conditions for parameter in parameters)
        for parameter in parameters:
            for condition in parameter.conditions:
                self._check(parameter.name, condition)
        self.order: list[Parameter] = []
        for parameter in parameters:
            self._put_in_order(parameter, ())
        for parameter in parameters:
            self.needed(parameter.name)

    def active(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Those of ``values`` whose parameters are active, in the order of the space."""
        if not self.conditional:
            return {name: values[name] for name in self._by_name if name in values}
        found: dict[str, Any] = {}
        for parameter in self.order:
            if parameter.name in values and is_active(parameter, found):
                found[parameter.name] = values[parameter.name]
        return {name: found[name] for name in self._by_name if name in found}

    def fits(self, params: Mapping[str, Any]) -> bool:
        """Whether these are the active parameters, all of them and no other."""
        known = {name: params[name] for name in self._by_name if name in params}
        return len(known) == len(params) and all(is_active(p, known) == (p.name in known) for p in self.order)

    def needed(self, name: str) -> dict[str, Any]:
        """Values of its ancestors with which parameter ``name`` is active; empty for one without conditions.

        Raises:
            SpaceError: there are none.
        """
        conditions = list(self._all_conditions(name))
        values: dict[str, Any] = {}
        for parent in dict.fromkeys(condition.parent for condition in conditions):
            found = witness(self._by_name[parent], [one for one in conditions if one.parent == parent])
            if not found:
                message = f"can never be active: the conditions on {parent} exclude one another"
                raise SpaceError(f"{name}.when", message, f"{parent}'s own conditions count too")
            values[parent] = found[0]
        return values

    def _all_conditions(self, name: str) -> Iterator[Condition]:
        for condition in self._by_name[name].conditions:
            yield condition
            yield from self._all_conditions(condition.parent)

    def _check(self, name: str, condition: Condition) -> None:
        key = f"{name}.when.{condition.parent}"
        if condition.parent == name:
            raise SpaceError(key, "depends on itself", "name another parameter")
        if condition.parent not in self._by_name:
            others = [other for other in self._by_name if other != name]
            raise SpaceError(key, "is no parameter of this space", suggest(condition.parent, others))
        parent = self._by_name[condition.parent]
        mend = f"its ends are {parent.ends!r}"
        for value in condition.values:
            if not parent.contains(value):
                raise SpaceError(key, f"can never be {value!r}", mend)
        if not witness(parent, [condition]):
            raise SpaceError(key, f"is never in {condition.to_value()!r}", mend)

    def _put_in_order(self, parameter: Parameter, path: tuple[str, ...]) -> None:
        if any(parameter is done for done in self.order):
            return
        if parameter.name in path:
            circle = " -> ".join((*path[path.index(parameter.name) :], parameter.name))
            raise SpaceError(f"{parameter.name}.when", f"goes in a circle: {circle}", "remove one of these conditions")
        for condition in parameter.conditions:
            self._put_in_order(self._by_name[condition.parent], (*path, parameter.name))
        self.order.append(parameter)


def is_active(parameter: Parameter, active: Mapping[str, Any]) -> bool:
    """Whether a parameter is active, given the values of those of its parents that are."""
    return all(one.parent in active and one.holds(active[one.parent]) for one in parameter.conditions)


def with_full_parents(parameters: Sequence[Parameter]) -> tuple[Parameter, ...]:
    """The same parameters, with parents that were named as siblings by their full names.

    In ``model_args.width``, ``when: {kind: wide}`` is about the parameter ``kind``; where there is none, about
    ``model_args.kind``; and so on inwards to outwards. What is found nowhere stays, and is refused by the space.
    """
    names = {parameter.name for parameter in parameters}
    return tuple(_with_full_parents(parameter, names) for parameter in parameters)


def _with_full_parents(parameter: Parameter, names: set[str]) -> Parameter:
    def full(parent: str) -> str:
        prefix = parameter.name
        # The full name first, so that a block which was written with full names reads back as it was.
        while parent not in names and (prefix := prefix.rpartition(".")[0]):
            if f"{prefix}.{parent}" in names:
                return f"{prefix}.{parent}"
        return parent

    if not parameter.conditions:
        return parameter
    conditions = tuple(replace(one, parent=full(one.parent)) for one in parameter.conditions)
    return cast("Parameter", replace(cast("Any", parameter), when=conditions))
