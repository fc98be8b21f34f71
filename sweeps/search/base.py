"""What a searcher is: a pure object that is told what happened and asked what to try next.

It gets a seed and writes nothing. Suggestion number ``n`` depends on the seed, on ``n`` and on what
was told before, in order, and on nothing else: so telling a ledger again gives back the same searcher.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from search_spaces.space import SearchSpace

Params = Mapping[str, Any]


class Outcome(StrEnum):
    """How a trial ended, for a searcher."""

    FINISHED = "finished"  # trained to its end: its last report is a full result
    STOPPED = "stopped"  # censored by a scheduler: only what was reported up to there is known
    FAILED = "failed"  # crashed or diverged: no result at all, not a bad one


class Searcher(ABC):
    """Asks and tells. Scores are larger-is-better everywhere in this room (the study flips the sign).

    A configuration has the active parameters of the space only, and fulfils its constraints
    (``SearchSpace.contains``). A searcher that cannot keep to that says so in ``supports``.
    """

    @classmethod
    def supports(cls, space: SearchSpace) -> str | None:  # noqa: ARG003
        """``None``, or why this searcher cannot search ``space``: its conditions, its constraints.

        For the end of an error line: "lora_rank has conditions, and its model wants all parameters in every trial".
        """
        return None

    @abstractmethod
    def ask(self, number: int) -> Params | None:
        """The configuration for trial ``number`` (from 1), or ``None`` when there is none left.

        The trial counts as pending from here on, until ``end``.
        """

    def report(self, number: int, report: int, score: float) -> None:  # noqa: B027 (hooks: nothing is a fine answer)
        """Trial ``number`` scored ``score`` at its report ``report`` (from 1)."""

    def pause(self, number: int) -> None:  # noqa: B027
        """Trial ``number`` left its worker after its last report; it may go on later, or never."""

    def resume(self, number: int) -> None:  # noqa: B027
        """Trial ``number`` goes on after a pause."""

    def end(self, number: int, outcome: Outcome) -> None:  # noqa: B027
        """Trial ``number`` is over."""

    def replay(self, number: int, params: Params) -> None:  # noqa: B027
        """Trial ``number`` was given ``params`` earlier (resume): as if ``ask`` had just returned them."""

    def expected(self) -> Mapping[int, float] | None:
        """What each trial that has reported is expected to come to, by what is known of all; larger is better, on a
        scale of the searcher's own. ``None`` where it has no opinion, or none yet. A question that changes nothing.
        """
        return None

    def backed(self) -> frozenset[int]:
        """Trials of configurations that did well in earlier sweeps, as long as this one bears out what those say."""
        return frozenset()

    @property
    def size(self) -> int | None:
        """How many configurations there are in all, where that is known (a grid)."""
        return None
