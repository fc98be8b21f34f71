"""What parameters may be, as plain data: all that a view needs to know of a search space."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from search_spaces import Categorical, Int, Parameter, SearchSpace

Domains = Mapping[str, Mapping[str, Any]]


def domains_of(space: SearchSpace) -> Domains:
    """For each parameter that varies: ``{"type": "float" | "int", "low", "high", "log"}``, both ends included, or
    ``{"type": "categorical", "values"}``.
    """
    return {parameter.name: _domain(parameter) for parameter in space.searched}


def _domain(parameter: Parameter) -> dict[str, Any]:
    if isinstance(parameter, Categorical):
        return {"type": "categorical", "values": list(parameter.choices)}
    low, high = parameter.ends
    kind = "int" if isinstance(parameter, Int) else "float"
    return {"type": kind, "low": low, "high": high, "log": bool(getattr(parameter, "log", False))}
