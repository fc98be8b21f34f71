"""Grid search: every combination, once."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, islice
from typing import Any

from search_spaces.space import SearchSpace
from search_spaces.values import alike
from sweeps.search.base import Params, Searcher


class GridSearcher(Searcher):
    """The space's own grid in its own order: the last parameter changes fastest.

    Args:
        space: what may vary.
        first: legal configurations to try before; the grid leaves them out.

    Raises:
        SpaceError: a continuous range without a number of points.
    """

    def __init__(self, space: SearchSpace, first: Sequence[Params] = ()) -> None:
        self._size = space.grid_size() + sum(not space.on_grid(params) for params in first)
        tried = [dict(params) for params in first]
        rest = (params for params in space.grid() if not any(alike(params, one) for one in tried))
        self._rest = chain(tried, rest)
        self._made: list[dict[str, Any]] = []  # only so far as was asked: a grid may be large

    def ask(self, number: int) -> Params | None:
        """Combination ``number`` (from 1), or ``None`` past the end."""
        self._made.extend(islice(self._rest, max(0, number - len(self._made))))
        return dict(self._made[number - 1]) if number <= len(self._made) else None

    @property
    def size(self) -> int | None:
        """How many combinations there are."""
        return self._size
