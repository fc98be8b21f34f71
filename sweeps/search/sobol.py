"""Quasi-random search: points that cover the space more evenly than chance does."""

from __future__ import annotations

import numpy as np
from scipy.stats import qmc

from search_spaces.space import SearchSpace
from sweeps.search.base import Params, Searcher
from sweeps.search.seeding import generator, stable_seed
from sweeps.search.unit_cube import UnitCube

MOST_SKIPPED = 1000  # points in a row that break a constraint


class SobolSearcher(Searcher):
    """A scrambled Sobol sequence over the parameters' distributions.

    Sobol 1967, with Owen's scrambling (1998), by SciPy. Suggestion ``n`` is the ``n``-th point that breaks no
    constraint, and depends on the seed and on nothing that was told. Where constraints leave next to nothing of the
    sequence, draws of the space take its place.

    Args:
        space: what may vary.
        seed: of the scrambling.
    """

    def __init__(self, space: SearchSpace, *, seed: int) -> None:
        self._space, self._seed = space, seed
        self._cube = UnitCube(space)
        rng = np.random.default_rng(stable_seed(seed, "sobol"))
        self._sequence = qmc.Sobol(max(1, self._cube.dimensions), scramble=True, rng=rng)
        self._legal: list[Params] = []

    def ask(self, number: int) -> Params | None:
        """The configuration for trial ``number`` (from 1); the search never runs out."""
        while len(self._legal) < number:
            self._legal.append(self._next())
        return dict(self._legal[number - 1])

    def _next(self) -> Params:
        for _ in range(MOST_SKIPPED):
            point = self._sequence.random(1)[0][: self._cube.dimensions]
            params = self._cube.decode(point)
            if self._space.broken(params) is None:
                return params
        return self._space.sample(generator(self._seed, "sobol", len(self._legal)))
