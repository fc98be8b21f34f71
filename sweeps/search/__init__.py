"""Which configuration next: searchers by the name of their method."""

from __future__ import annotations

from collections.abc import Sequence

from search_spaces.space import SearchSpace
from sweeps.errors import InputError
from sweeps.search.base import Outcome, Params, Searcher
from sweeps.search.grid import GridSearcher
from sweeps.search.random import RandomSearcher

METHODS = ("grid", "random", "bayesian")

__all__ = ["METHODS", "Outcome", "Params", "Searcher", "make_searcher"]


def make_searcher(
    method: str,
    space: SearchSpace,
    *,
    seed: int,
    trials: int | None = None,  # noqa: ARG001
    rungs: Sequence[int] = (),
) -> Searcher:
    """The searcher for ``method``.

    Args:
        method: ``grid``, ``random`` or ``bayesian`` (also called ``tpe``).
        space: what may vary.
        seed: all of a searcher's randomness comes from it.
        trials: how many trials are planned, where that is known. No searcher here makes use of it: a sweep that is
            extended goes on exactly as a longer one would have.
        rungs: the report numbers at which the scheduler compares trials (`Scheduler.rungs`); a searcher
            with a model keeps one for each of them.

    Raises:
        InputError: there is no such method.
        SpaceError: a grid of a continuous range without a number of points.
    """
    match method:
        case "random":
            return RandomSearcher(space, seed=seed)
        case "grid":
            return GridSearcher(space)
        case "bayesian" | "tpe":
            from sweeps.search.tpe import TpeSearcher  # only here: Optuna takes a third of a second to import

            return TpeSearcher(space, seed=seed, rungs=rungs)
        case _:
            raise InputError(f"no search method {method!r}", key="method", mend=f"choose one of {', '.join(METHODS)}")
