"""A trial's settings: the fixed ones with its parameters laid over them."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any


def lay_over(settings: Mapping[str, Any], params: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of ``settings`` with ``params`` in their places; a dotted name reaches inside mappings.

    Raises:
        KeyError: a dotted name whose head is no mapping; ``args[0]`` is that head.
    """
    merged: dict[str, Any] = copy.deepcopy(dict(settings))
    for name, value in params.items():
        *heads, last = name.split(".")
        inner = merged
        for depth, head in enumerate(heads, 1):
            if inner.get(head) is None:  # a section that was not given
                inner[head] = {}
            inner = inner[head]
            if not isinstance(inner, dict):
                raise KeyError(".".join(heads[:depth]))
        inner[last] = copy.deepcopy(value)
    return merged


def setting_at(settings: Mapping[str, Any], name: str, missing: Any) -> Any:
    """What stands at a dotted name; ``missing`` where nothing does."""
    inner: Any = settings
    for part in name.split("."):
        if not isinstance(inner, Mapping) or part not in inner:
            return missing
        inner = inner[part]
    return inner


def fixed_at(settings: Mapping[str, Any], name: str) -> bool:
    """Whether a dotted name has a place among ``settings`` already."""
    missing = object()
    return setting_at(settings, name, missing) is not missing


def without(settings: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    """A copy of ``settings`` less these dotted names."""
    kept: dict[str, Any] = copy.deepcopy(dict(settings))
    for name in names:
        *heads, last = name.split(".")
        inner: Any = kept
        for head in heads:
            inner = inner.get(head, {}) if isinstance(inner, dict) else {}
        if isinstance(inner, dict):
            inner.pop(last, None)
    return kept
