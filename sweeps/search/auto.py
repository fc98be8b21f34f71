"""Which searcher suits a sweep, and why."""

from __future__ import annotations

from dataclasses import dataclass

from search_spaces.space import SearchSpace
from sweeps.search.counting import countable_size


@dataclass(frozen=True)
class Choice:
    """A method by its name, and the reason in words."""

    method: str
    reason: str


def choose(space: SearchSpace, trials: int | None) -> Choice:
    """What ``method: auto`` means for this sweep. What it rests on was measured: see ``docs/search.md``.

    Args:
        space: what may vary.
        trials: how many are planned, where that is known.
    """
    size = countable_size(space)
    if size is not None and trials is not None and size <= trials:
        if size == 1:
            return Choice("grid", "the space has one configuration only")
        return Choice("grid", f"all {size} configurations fit into {trials} trials")
    return Choice("ensemble", "a Gaussian process and TPE take turns, and learn from each other's trials")
