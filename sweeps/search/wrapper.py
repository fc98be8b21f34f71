"""A searcher around another one, which hears everything."""

from __future__ import annotations

from collections.abc import Mapping

from sweeps.search.base import Outcome, Params, Searcher


class Wrapper(Searcher):
    """Passes on whatever is told. Numbers are the same for both.

    Args:
        searcher: the inner one.
    """

    def __init__(self, searcher: Searcher) -> None:
        self._inner = searcher

    def report(self, number: int, report: int, score: float) -> None:
        """See `Searcher.report`."""
        self._inner.report(number, report, score)

    def pause(self, number: int) -> None:
        """See `Searcher.pause`."""
        self._inner.pause(number)

    def resume(self, number: int) -> None:
        """See `Searcher.resume`."""
        self._inner.resume(number)

    def end(self, number: int, outcome: Outcome) -> None:
        """See `Searcher.end`."""
        self._inner.end(number, outcome)

    def replay(self, number: int, params: Params) -> None:
        """See `Searcher.replay`."""
        self._inner.replay(number, params)

    def expected(self) -> Mapping[int, float] | None:
        """See `Searcher.expected`."""
        return self._inner.expected()

    def backed(self) -> frozenset[int]:
        """See `Searcher.backed`."""
        return self._inner.backed()

    @property
    def size(self) -> int | None:
        """See `Searcher.size`."""
        return self._inner.size
