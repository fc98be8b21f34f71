"""Draws of whole configurations, again and again until one fulfils the constraints."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from search_spaces.base import Parameter
from search_spaces.constraints import Constraint, ConstraintError
from search_spaces.hierarchy import Hierarchy
from search_spaces.nearby import near

MOST_DRAWS = 20_000  # for one configuration: where 1 in 1,000 is legal, this fails once in half a billion times
CHECKED_DRAWS, LEGAL_DRAWS = 10_000, 10  # together the 1 in 1,000 that a space must have
NEAR_DRAWS = 1_000
_WIDTHS = (0.05, 0.1, 0.2, 0.4)

Configuration = dict[str, Any]
Draw = Callable[[], Configuration]


class Drawing:
    """Draws from the parameters of a space, with its conditions and its constraints."""

    def __init__(self, parameters: Sequence[Parameter], hierarchy: Hierarchy, rules: Sequence[Constraint]) -> None:
        self._parameters, self._hierarchy, self._rules = parameters, hierarchy, rules

    def sample(self, rng: random.Random) -> Configuration:
        """See ``SearchSpace.sample``."""
        drawn = self._draws(lambda p: p.sample(rng))
        found = self._first_legal(drawn, MOST_DRAWS)
        return self._give_up(drawn) if found is None else found

    def prior_sample(self, rng: random.Random, width: float) -> Configuration:
        """See ``SearchSpace.prior_sample``."""
        drawn = self._draws(lambda p: p.sample(rng) if p.prior is None else near(p, p.prior, rng, width))
        found = self._first_legal(drawn, NEAR_DRAWS)
        return self.sample(rng) if found is None else found

    def near_middle(self) -> Configuration:
        """A legal configuration, of draws that go ever further from the middle; always the same one."""
        rng = random.Random(0)
        for width in _WIDTHS:
            drawn = self._draws(lambda p, width=width: near(p, p.middle, rng, width))  # type: ignore[misc]
            if (found := self._first_legal(drawn, NEAR_DRAWS)) is not None:
                return found
        return self.sample(rng)

    def check_share(self) -> None:
        """Refuse constraints that fewer than 1 in 1,000 draws fulfil.

        Raises:
            ConstraintError: names the hardest.
        """
        rng, legal = random.Random(0), 0
        drawn = self._draws(lambda p: p.sample(rng))
        for _ in range(CHECKED_DRAWS if self._rules else 0):
            legal += self._is_legal(next(drawn))
            if legal == LEGAL_DRAWS:
                return
        if self._rules:
            self._give_up(drawn)

    def _draws(self, draw: Callable[[Parameter], Any]) -> Iterator[Configuration]:
        while True:
            yield self._hierarchy.active({parameter.name: draw(parameter) for parameter in self._parameters})

    def _first_legal(self, drawn: Iterator[Configuration], most: int) -> Configuration | None:
        return next((one for one, _ in zip(drawn, range(most), strict=False) if self._is_legal(one)), None)

    def _is_legal(self, params: Configuration) -> bool:
        return all(rule.holds(params) for rule in self._rules)

    def _give_up(self, drawn: Iterator[Configuration]) -> Configuration:
        """Say which constraint is to blame: the one that most draws break."""
        broken: Counter[Constraint] = Counter()
        for _ in range(CHECKED_DRAWS):
            params = next(drawn)
            broken.update(rule for rule in self._rules if not rule.holds(params))
        hardest, times = broken.most_common(1)[0]
        message = (
            f"fewer than 1 in 1,000 configurations is legal; {hardest.text!r} is the hardest constraint: "
            f"{CHECKED_DRAWS - times:,} of {CHECKED_DRAWS:,} draws fulfil it"
        )
        raise ConstraintError(hardest.index, message, "loosen it, or narrow the parameters")
