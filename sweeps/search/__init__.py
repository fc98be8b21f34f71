"""Which configuration next: searchers by the name of their method."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from search_spaces.space import SearchSpace
from sweeps.errors import InputError
from sweeps.search.base import Outcome, Params, Searcher
from sweeps.search.grid import GridSearcher
from sweeps.search.points_first import PointsFirst
from sweeps.search.random import RandomSearcher

S = TypeVar("S", bound=Searcher)
METHODS = ("grid", "random", "bayesian")

__all__ = ["METHODS", "Outcome", "Params", "PointsFirst", "Searcher", "make_searcher"]


def make_searcher(
    method: str,
    space: SearchSpace,
    *,
    seed: int,
    trials: int | None = None,  # noqa: ARG001
    rungs: Sequence[int] = (),
    points: Sequence[Params] = (),
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
        points: legal configurations to try first. A grid leaves them out afterwards.

    Raises:
        InputError: there is no such method, or it cannot honour the space's conditions or constraints.
        SpaceError: a grid of a continuous range without a number of points.
    """
    match method:
        case "grid":
            return _able(GridSearcher, method, space)(space, first=points)
        case "random":
            searcher: Searcher = _able(RandomSearcher, method, space)(space, seed=seed)
        case "bayesian" | "tpe":
            from sweeps.search.tpe import TpeSearcher  # only here: Optuna takes a third of a second to import

            searcher = _able(TpeSearcher, method, space)(space, seed=seed, rungs=rungs)
        case "gp":
            from sweeps.search.gp import GpSearcher

            searcher = _able(GpSearcher, method, space)(space, seed=seed, rungs=rungs)
        case _:
            raise InputError(f"no search method {method!r}", key="method", mend=f"choose one of {', '.join(METHODS)}")
    return PointsFirst(searcher, points) if points else searcher


def _able(searcher: type[S], method: str, space: SearchSpace) -> type[S]:
    """The searcher's class, where it can search this space."""
    if reason := searcher.supports(space):
        raise InputError(f"{method} cannot search this space: {reason}", key="method", mend="take bayesian or random")
    return searcher
