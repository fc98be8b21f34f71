"""What a person believes of good values, mixed into any searcher, and less so with every trial."""

from __future__ import annotations

from search_spaces.space import SearchSpace
from sweeps.search.base import Params, Searcher
from sweeps.search.seeding import generator
from sweeps.search.wrapper import Wrapper

SHARE = 0.5  # of the first suggestions that are drawn near the priors
HALF_LIFE = 10  # trials after which only half as many are


class WithPriors(Wrapper):
    """The first trial is the prior itself; of the later ones a share is drawn near it, which fades.

    After ``n`` more trials the next is drawn near the priors (``SearchSpace.prior_sample``) with probability
    ``SHARE * HALF_LIFE / (HALF_LIFE + n)``, and is else the inner searcher's. That one learns from all of them: a
    prior that is right is found again by its model, one that is wrong costs a few trials. The idea is that of Mallik
    et al. 2023, "PriorBand: Practical Hyperparameter Optimization in the Age of Deep Learning"; the share fades by
    itself here.

    Args:
        searcher: whom to ask otherwise.
        space: with priors.
        seed: of the draws.
        first: the number of the trial that gets the prior itself; any before it are the inner searcher's.
    """

    def __init__(self, searcher: Searcher, space: SearchSpace, *, seed: int, first: int = 1) -> None:
        super().__init__(searcher)
        self._space, self._seed, self._first = space, seed, first

    def ask(self, number: int) -> Params | None:
        """The configuration for trial ``number`` (from 1)."""
        rng = generator(self._seed, "prior", number)
        age = number - self._first
        if age == 0:
            params = self._space.complete({})
            if self._space.broken(params) is not None:
                params = self._space.prior_sample(rng)
        elif age > 0 and rng.random() < SHARE * HALF_LIFE / (HALF_LIFE + age):
            params = self._space.prior_sample(rng)
        else:
            return self._inner.ask(number)
        self._inner.replay(number, params)
        return params
