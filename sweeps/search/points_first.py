"""Configurations that a person wants tried before the search begins."""

from __future__ import annotations

from collections.abc import Sequence

from sweeps.search.base import Params, Searcher
from sweeps.search.wrapper import Wrapper


class PointsFirst(Wrapper):
    """The first trials get ``points``, in order; all later ones are the inner searcher's.

    That one is told of the points as of trials from a ledger, so a model learns from them like from its own
    suggestions. Numbers are the same for both: the first that is asked of the inner searcher comes after the points.

    Args:
        searcher: whom to ask afterwards.
        points: legal configurations of its space, complete.
        after: the number after which they come.
    """

    def __init__(self, searcher: Searcher, points: Sequence[Params], *, after: int = 0) -> None:
        super().__init__(searcher)
        self._points = [dict(point) for point in points]
        self._after = after

    def ask(self, number: int) -> Params | None:
        """The point whose turn it is, or what the inner searcher suggests."""
        if not 0 < number - self._after <= len(self._points):
            return self._inner.ask(number)
        point = dict(self._points[number - self._after - 1])
        self._inner.replay(number, point)
        return point
