"""Random search (Bergstra and Bengio 2012, "Random Search for Hyper-Parameter Optimization")."""

from __future__ import annotations

from search_spaces.space import SearchSpace
from sweeps.search.base import Params, Searcher
from sweeps.search.seeding import generator


class RandomSearcher(Searcher):
    """Suggestion ``number`` is drawn from the space's own distributions by a generator of its own.

    So the list of suggestions never depends on what was told, on the order of asking or on a resume.
    """

    def __init__(self, space: SearchSpace, *, seed: int) -> None:
        self._space = space
        self._seed = seed

    def ask(self, number: int) -> Params | None:
        """The configuration for trial ``number`` (from 1); random search never runs out."""
        return self._space.sample(generator(self._seed, "random", number))
