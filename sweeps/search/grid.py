"""Grid search: every combination, once."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, islice
from typing import Any

from search_spaces.space import SearchSpace
from search_spaces.values import is_number
from sweeps.search.base import Params, Searcher
from sweeps.search.identity import identity


class GridSearcher(Searcher):
    """The space's own grid in its own order: the last parameter changes fastest.

    Args:
        space: what may vary.
        first: legal configurations to try before; the grid leaves them out.
        after: the number of the last suggestion before this grid, of a sweep that was extended by it.
        tried: legal configurations that were tried by then; the grid leaves them out too.

    Raises:
        SpaceError: a continuous range without a number of points.
    """

    def __init__(
        self, space: SearchSpace, first: Sequence[Params] = (), *, after: int = 0, tried: Sequence[Params] = ()
    ) -> None:
        self._after = after
        self._size = space.grid_size() + sum(not space.on_grid(params) for params in first)
        points = [dict(params) for params in first]
        known = {_key(params) for params in (*points, *tried)}
        self._rest = chain(points, (params for params in space.grid() if _key(params) not in known))
        self._made: list[dict[str, Any]] = []  # only so far as was asked: a grid may be large

    def ask(self, number: int) -> Params | None:
        """The combination whose turn it is, or ``None`` past the end."""
        place = number - self._after
        self._made.extend(islice(self._rest, max(0, place - len(self._made))))
        return dict(self._made[place - 1]) if 0 < place <= len(self._made) else None

    @property
    def size(self) -> int | None:
        """How many combinations there are."""
        return self._size


def _key(params: Params) -> str:
    """The same for configurations that are `alike`: 1 is 1.0, and not true."""
    return identity({name: float(value) if is_number(value) else value for name, value in params.items()})
