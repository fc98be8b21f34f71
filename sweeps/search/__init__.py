"""Which configuration next: searchers by the name of their method."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeVar

from search_spaces.space import SearchSpace
from search_spaces.values import alike
from sweeps.config.past import PastSweep
from sweeps.config.records import METHODS
from sweeps.errors import InputError
from sweeps.search.auto import Choice, choose
from sweeps.search.base import Outcome, Params, Searcher
from sweeps.search.grid import GridSearcher
from sweeps.search.latin import latin_hypercube
from sweeps.search.points_first import PointsFirst
from sweeps.search.random import RandomSearcher
from sweeps.search.seeding import generator
from sweeps.search.with_priors import WithPriors

if TYPE_CHECKING:
    from sweeps.search.beliefs import Beliefs

S = TypeVar("S", bound=Searcher)
BELIEVING = ("ensemble", "gp")
PORTFOLIO = 6  # points of earlier sweeps, for a method that makes no other use of them

__all__ = ["METHODS", "Choice", "Outcome", "Params", "PointsFirst", "Searcher", "WithPriors", "choose", "make_searcher"]


def make_searcher(
    method: str,
    space: SearchSpace,
    *,
    seed: int,
    trials: int | None = None,
    rungs: Sequence[int] = (),
    points: Sequence[Params] = (),
    after: int = 0,
    tried: Sequence[Params] = (),
    prior_from: int | None = None,
    past: Sequence[PastSweep] = (),
) -> Searcher:
    """The searcher for ``method``.

    Args:
        method: one of `METHODS`; ``auto`` is what `choose` says, ``bayesian`` another name of ``tpe``.
        space: what may vary. Where parameters have priors, the first suggestions lean on them.
        seed: all of a searcher's randomness comes from it.
        trials: how many trials are planned, where that is known. Only ``auto`` makes use of it: a sweep that is
            extended goes on exactly as a longer one would have.
        rungs: the report numbers at which the scheduler compares trials (`Scheduler.rungs`), which models learn from.
        points: legal configurations to try first. A grid leaves them out afterwards.
        after: the number of the last suggestion before this search, of a sweep that was extended: points and a grid
            begin with the next.
        tried: the configurations of this space among those; neither points nor a grid have them again.
        prior_from: the number of the suggestion that priors begin to fade from; by default the first after the points.
        past: earlier sweeps. Their best points are tried next; a method with a Gaussian process (``auto``,
            ``ensemble``, ``gp``) learns from all of them besides. A grid, which tries everything, makes no use of them.

    Raises:
        InputError: there is no such method, or it cannot honour the space's conditions or constraints.
        SpaceError: a grid of a continuous range without a number of points.
    """
    if method == "auto":
        method = choose(space, trials).method
    points = [point for point in points if not any(alike(point, one) for one in tried)]
    if method == "grid":
        return _able(GridSearcher, method, space)(space, first=points, after=after, tried=tried)
    beliefs = _beliefs(space, past)
    if beliefs and method not in BELIEVING:
        portfolio = beliefs.portfolio(PORTFOLIO, latin_hypercube(space, PORTFOLIO, generator(seed, "portfolio")))
        points = [*points, *(one for one in portfolio if not any(alike(one, other) for other in (*points, *tried)))]
    searcher = _make(method, space, seed, rungs, beliefs, after + len(points))
    if any(parameter.prior is not None for parameter in space):
        first = after + len(points) + 1 if prior_from is None else prior_from
        searcher = WithPriors(searcher, space, seed=seed, first=first)
    return PointsFirst(searcher, points, after=after) if points else searcher


def _beliefs(space: SearchSpace, past: Sequence[PastSweep]) -> Beliefs | None:
    if not past:
        return None
    from sweeps.search.beliefs import Beliefs

    return Beliefs(space, past) or None


def _make(
    method: str, space: SearchSpace, seed: int, rungs: Sequence[int], beliefs: Beliefs | None, after: int
) -> Searcher:
    # Models are imported only here: Optuna takes a third of a second to import, SciPy's parts a tenth.
    match method:
        case "random":
            return _able(RandomSearcher, method, space)(space, seed=seed)
        case "sobol":
            from sweeps.search.sobol import SobolSearcher

            return _able(SobolSearcher, method, space)(space, seed=seed)
        case "bayesian" | "tpe":
            from sweeps.search.tpe import TpeSearcher

            return _able(TpeSearcher, method, space)(space, seed=seed, rungs=rungs)
        case "gp":
            from sweeps.search.gp import GpSearcher

            process = _able(GpSearcher, method, space)
            return process(space, seed=seed, rungs=rungs, beliefs=beliefs, after=after)
        case "ensemble":
            from sweeps.search.ensemble import EnsembleSearcher

            ensemble = _able(EnsembleSearcher, method, space)
            return ensemble(space, seed=seed, rungs=rungs, beliefs=beliefs, after=after)
        case _:
            raise InputError(f"no search method {method!r}", key="method", mend=f"choose one of {', '.join(METHODS)}")


def _able(searcher: type[S], method: str, space: SearchSpace) -> type[S]:
    """The searcher's class, where it can search this space."""
    if reason := searcher.supports(space):
        raise InputError(f"{method} cannot search this space: {reason}", key="method", mend="take auto or random")
    return searcher
