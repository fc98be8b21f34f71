"""W&B's ``parameters`` block -> SearchSpace, so that a block can be pasted.

Shape and meanings are those of https://docs.wandb.ai/models/sweeps/sweep-config-keys: ``log_uniform``
takes exponents of e, ``log_uniform_values`` the values themselves; ``inv_log_uniform`` makes ``log(1/X)``
uniform from min to max; ``q_...`` gives ``round(X / q) * q``, here kept inside the bounds. Ours are
``default``, ``points``, ``prior``, ``ordinal``, ``when`` (on a parameter or on a block of nested ones) and the
short forms: a bare list for ``values``, a bare scalar for ``value``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from search_spaces.conditions import Condition, read_when
from search_spaces.distributions import DISTRIBUTIONS, KEYS, build
from search_spaces.errors import SpaceError, suggest
from search_spaces.hierarchy import with_full_parents
from search_spaces.parameters import Categorical, Constant, Parameter
from search_spaces.space import SearchSpace


def load_space(block: Mapping[str, Any], constraints: Sequence[str] = ()) -> SearchSpace:
    """The search space that a ``parameters`` block describes, in the order of the block.

    Raises:
        SpaceError: names the parameter, the rule, the value and the mend.
    """
    return SearchSpace(with_full_parents(load_parameters(block)), constraints)


def load_parameters(block: Mapping[str, Any]) -> list[Parameter]:
    """The parameters of a block by themselves: parents that ``when`` names need not be among them.

    Raises:
        SpaceError: as ``load_space``.
    """
    if not isinstance(block, Mapping):
        raise SpaceError(
            "", f"parameters must be a mapping of names to ranges, got {block!r}", "write name: {min: 0, max: 1}"
        )
    return list(_parameters(block, "", ()))


def _parameters(block: Mapping[Any, Any], prefix: str, outer: tuple[Condition, ...]) -> Iterator[Parameter]:
    for key, spec in block.items():
        name = f"{prefix}{key}"
        if isinstance(spec, Mapping) and "parameters" in spec:
            yield from _nested(name, spec, outer)
        else:
            yield _under(load_parameter(name, spec), outer)


def _nested(name: str, spec: Mapping[Any, Any], outer: tuple[Condition, ...]) -> Iterator[Parameter]:
    if others := ", ".join(str(key) for key in spec if key not in ("parameters", "when")):
        raise SpaceError(name, f"has parameters of its own, so it cannot also have {others}", "move them inside")
    if not isinstance(spec["parameters"], Mapping) or not spec["parameters"]:
        message = f"parameters must be a mapping of names to ranges, got {spec['parameters']!r}"
        raise SpaceError(name, message, "write name: {min: 0, max: 1}")
    yield from _parameters(spec["parameters"], f"{name}.", (*outer, *_conditions(name, spec)))


def _conditions(name: str, spec: Mapping[Any, Any]) -> tuple[Condition, ...]:
    if "when" in spec and spec["when"] is None:
        raise SpaceError(f"{name}.when", "says nothing", "write when: {other_parameter: value}, or leave it out")
    return read_when(name, spec.get("when"))


def _under(parameter: Parameter, outer: tuple[Condition, ...]) -> Parameter:
    """The parameter with the conditions of the blocks around it added to its own."""
    own = {condition.parent for condition in parameter.conditions}
    if twice := next((one.parent for one in outer if one.parent in own), None):
        message = f"has a condition on {twice}, which the block around it has too"
        raise SpaceError(f"{parameter.name}.when", message, "keep the one of the two that is meant")
    return _with_when(parameter, (*outer, *parameter.conditions))


def _with_when(parameter: Parameter, conditions: tuple[Condition, ...]) -> Parameter:
    return cast("Parameter", replace(cast("Any", parameter), when=conditions)) if conditions else parameter


def load_parameter(name: str, spec: object) -> Parameter:
    """One entry of a ``parameters`` block.

    Raises:
        SpaceError: names the parameter, the rule, the value and the mend.
    """
    if isinstance(spec, list | tuple):
        return Categorical(name, spec)
    if spec is None:
        raise SpaceError(name, "says nothing of what it may be", "give values or min and max; for null: {value: null}")
    if not isinstance(spec, Mapping):
        return Constant(name, spec)
    if unknown := next((key for key in spec if key not in KEYS), None):
        raise SpaceError(name, f"unknown key {unknown!r}", suggest(unknown, KEYS))
    if "default" in spec and spec["default"] is None:
        raise SpaceError(name, "default cannot be null", "put null first in values: the first is the default")
    if "prior" in spec and spec["prior"] is None:
        raise SpaceError(name, "prior cannot be null", "leave it out")
    conditions = _conditions(name, spec)
    kind = spec["distribution"] if "distribution" in spec else _implied(name, spec)
    if kind in {"beta", "q_beta"}:
        raise SpaceError(name, f"the distribution {kind} is not supported", "take uniform or normal")
    if not isinstance(kind, str) or kind not in DISTRIBUTIONS:
        raise SpaceError(name, f"unknown distribution {kind!r}", suggest(kind, DISTRIBUTIONS))
    facts = {key: value for key, value in spec.items() if key not in ("distribution", "when")}
    return _with_when(build(name, kind, facts), conditions)


def _implied(name: str, spec: Mapping[Any, Any]) -> str:
    """The distribution that W&B takes where none is named."""
    if "value" in spec:
        return "constant"
    if "values" in spec:
        return "categorical_w_probabilities" if "probabilities" in spec else "categorical"
    if "min" in spec or "max" in spec:
        whole = all(isinstance(spec.get(key), int) for key in ("min", "max"))
        return "q_uniform" if "q" in spec else "int_uniform" if whole else "uniform"
    given = ", ".join(map(str, spec)) or "nothing"
    if {"mu", "sigma"} & set(spec):
        raise SpaceError(name, f"needs a distribution beside {given}", "add distribution: normal or log_normal")
    raise SpaceError(name, f"says nothing of what it may be, got {given}", "give value, values, or min and max")
