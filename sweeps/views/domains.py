"""What parameters may be, as plain data: all that a view needs to know of a search space."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from search_spaces import Categorical, Int, Parameter, SearchSpace

Domains = Mapping[str, Mapping[str, Any]]


def domains_of(space: SearchSpace) -> Domains:
    """For each parameter that varies: ``{"type": "float" | "int", "low", "high", "log"}``, both ends included, or
    ``{"type": "categorical", "values"}``.
    """
    return {parameter.name: _domain(parameter) for parameter in space.searched}


def together(several: Iterable[Domains]) -> Domains:
    """One domain for each name, which holds whatever any of ``several`` allows; of another type, the first one's."""
    joined: dict[str, dict[str, Any]] = {}
    for domains in several:
        for name, facts in domains.items():
            known = joined.setdefault(name, dict(facts))
            if (known["type"] == "categorical") != (facts["type"] == "categorical"):
                continue
            if known["type"] == "categorical":
                known["values"] = [*known["values"], *(one for one in facts["values"] if one not in known["values"])]
            else:
                known["low"] = _widest(min, known["low"], facts["low"])
                known["high"] = _widest(max, known["high"], facts["high"])
    return joined


def _widest(outer: Callable[[float, float], float], one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else outer(one, other)


def _domain(parameter: Parameter) -> dict[str, Any]:
    if isinstance(parameter, Categorical):
        return {"type": "categorical", "values": list(parameter.choices)}
    low, high = parameter.ends
    kind = "int" if isinstance(parameter, Int) else "float"
    return {"type": kind, "low": low, "high": high, "log": bool(getattr(parameter, "log", False))}
