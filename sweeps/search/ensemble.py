"""Several searchers that take turns and learn from each other's trials."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from search_spaces.space import SearchSpace
from sweeps.search.base import Outcome, Params, Searcher
from sweeps.search.beliefs import Beliefs
from sweeps.search.gp import GpSearcher
from sweeps.search.tpe import TpeSearcher

TURN = 2  # suggestions in a row: the Gaussian process looks at ranks in one and at scores in the next


class EnsembleSearcher(Searcher):
    """A Gaussian process and TPE, two suggestions each in turn.

    Each hears of all trials, whoever suggested them. They are wrong in different ways: the process is quick where the
    score is smooth, and can be held at a local optimum; TPE draws from where good trials are dense, and so keeps trying
    elsewhere. What one finds the other makes use of. The first suggestions, before anything was learnt, are the
    process's.

    What trials are expected to come to is the process's opinion.

    Args:
        space: what may vary.
        seed: of both.
        rungs: report numbers, ascending.
        beliefs: what earlier sweeps say, to the process.
        after: the number of the last suggestion that is somebody else's.
    """

    def __init__(
        self,
        space: SearchSpace,
        *,
        seed: int,
        rungs: Sequence[int] = (),
        beliefs: Beliefs | None = None,
        after: int = 0,
    ) -> None:
        self._process = GpSearcher(space, seed=seed, rungs=rungs, beliefs=beliefs, after=after)
        self._members: tuple[Searcher, ...] = (self._process, TpeSearcher(space, seed=seed, rungs=rungs))

    def ask(self, number: int) -> Params | None:
        """The configuration for trial ``number`` (from 1); the search never runs out."""
        turn = 0 if self._process.opens(number) else number // TURN % len(self._members)
        params = self._members[turn].ask(number)
        if params is not None:
            for member in self._members:
                if member is not self._members[turn]:
                    member.replay(number, params)
        return params

    def replay(self, number: int, params: Params) -> None:
        """Trial ``number`` is running with ``params``."""
        for member in self._members:
            member.replay(number, params)

    def report(self, number: int, report: int, score: float) -> None:
        """Trial ``number`` scored ``score``."""
        for member in self._members:
            member.report(number, report, score)

    def end(self, number: int, outcome: Outcome) -> None:
        """Trial ``number`` is over."""
        for member in self._members:
            member.end(number, outcome)

    def expected(self) -> Mapping[int, float] | None:
        """The Gaussian process's."""
        return self._process.expected()

    def backed(self) -> frozenset[int]:
        """The Gaussian process's."""
        return self._process.backed()
