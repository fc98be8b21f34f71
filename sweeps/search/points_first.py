"""Configurations that a person wants tried before the search begins."""

from __future__ import annotations

from collections.abc import Sequence

from sweeps.search.base import Outcome, Params, Searcher


class PointsFirst(Searcher):
    """The first trials get ``points``, in order; all later ones are the inner searcher's.

    That one is told of the points as of trials from a ledger, so a model learns from them like from its own
    suggestions. Numbers are the same for both: the first that is asked of the inner searcher comes after the points.

    Args:
        searcher: whom to ask afterwards.
        points: legal configurations of its space, complete.
    """

    def __init__(self, searcher: Searcher, points: Sequence[Params]) -> None:
        self._searcher = searcher
        self._points = [dict(point) for point in points]

    def ask(self, number: int) -> Params | None:
        """Point ``number`` (from 1), or what the inner searcher suggests."""
        if number > len(self._points):
            return self._searcher.ask(number)
        point = dict(self._points[number - 1])
        self._searcher.replay(number, point)
        return point

    def report(self, number: int, report: int, score: float) -> None:
        """See `Searcher.report`."""
        self._searcher.report(number, report, score)

    def pause(self, number: int) -> None:
        """See `Searcher.pause`."""
        self._searcher.pause(number)

    def resume(self, number: int) -> None:
        """See `Searcher.resume`."""
        self._searcher.resume(number)

    def end(self, number: int, outcome: Outcome) -> None:
        """See `Searcher.end`."""
        self._searcher.end(number, outcome)

    def replay(self, number: int, params: Params) -> None:
        """See `Searcher.replay`: points and suggestions alike."""
        self._searcher.replay(number, params)

    @property
    def size(self) -> int | None:
        """See `Searcher.size`."""
        return self._searcher.size
