"""Spaces whose configurations can be counted."""

from __future__ import annotations

from dataclasses import replace

from search_spaces.errors import SpaceError
from search_spaces.space import SearchSpace

LARGEST = 10_000  # configurations that are counted


def every_value(space: SearchSpace) -> SearchSpace:
    """The same space, of which a grid takes every value, not so many points of a range."""
    whole = [replace(p, points=None) if getattr(p, "points", None) else p for p in space]  # type: ignore[type-var]
    return SearchSpace(tuple(whole), space.constraints)


def countable_size(space: SearchSpace) -> int | None:
    """How many configurations there are; ``None`` where there is no end to them, or more than `LARGEST`."""
    try:
        size = every_value(space).grid_size(LARGEST)
    except SpaceError:
        return None
    return size if size <= LARGEST else None
