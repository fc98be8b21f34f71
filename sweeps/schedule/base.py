"""What a scheduler is: a pure object that decides, at each report, whether a trial goes on.

Scores are larger-is-better. No clock, no files: telling it the same events in the same order gives the
same decisions, so a ledger rebuilds it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

# What trials are expected to come to, by name, larger is better; None while nobody can tell.
Opinion = Callable[[], Mapping[str, float] | None]
# Trials that did well in earlier sweeps, by name, as long as this sweep bears out what those say.
Backed = Callable[[], Collection[str]]


class Decision(StrEnum):
    """What becomes of a trial after a report."""

    CONTINUE = "continue"
    PAUSE = "pause"  # it leaves its worker, and may go on later from its checkpoint
    STOP = "stop"
    REPLACE = "replace"  # it stops, and a copy of another trial takes its place: `Scheduler.heir`


@dataclass(frozen=True)
class Copy:
    """A trial that begins from a checkpoint of another one.

    Attributes:
        parent: the other one.
        report: the number of its report whose checkpoint is copied; the new trial's own are counted on from it.
        params: all parameters of the new trial.
        replaces: the trial whose place it takes, if it takes one's.
    """

    parent: str
    report: int
    params: Mapping[str, Any]
    replaces: str | None = None


class Scheduler(ABC):
    """Told every start, report and end of every trial, in the order in which they happen.

    Whoever has a free worker asks `candidate` first and samples a new trial where there is none.
    """

    name: str = "none"
    finishes = False
    """Whether every trial that it neither stops nor replaces comes to its end by `candidate` alone."""

    def made(self, trial: str, params: Mapping[str, Any], copy: Copy | None = None) -> None:  # noqa: B027
        """``trial`` exists, with these parameters; ``copy`` says from where, unless it begins at the beginning."""

    def consult(self, opinion: Opinion, backed: Backed = tuple) -> None:  # noqa: B027 (hooks: nothing is a fine answer)
        """Who learns from the trials can be asked what they are expected to come to, and which of them earlier sweeps
        speak for; told before any of them."""

    def start(self, trial: str) -> None:  # noqa: B027
        """``trial`` begins to train, or goes on after a pause or after it lost its worker."""

    def recall(self, copies: Mapping[tuple[str, int], Copy]) -> None:  # noqa: B027
        """What a ledger that is about to be told again says of replacements, by the trial and its last report."""

    def saved(self, trial: str, report: int) -> None:  # noqa: B027
        """Report ``report`` of ``trial`` comes with a checkpoint; told before the report itself."""

    @abstractmethod
    def report(self, trial: str, report: int, score: float) -> Decision:
        """What becomes of ``trial`` after its report ``report`` (from 1) scored ``score``."""

    def end(self, trial: str) -> None:  # noqa: B027
        """``trial`` is over, for whatever cause."""

    def heir(self, trial: str) -> Copy | None:  # noqa: ARG002
        """What takes the place of ``trial``, which is to be replaced; a question that changes nothing."""
        return None

    def spare(self, trial: str) -> None:  # noqa: B027
        """``trial`` is not replaced after all."""

    def overruled(self, trial: str) -> None:  # noqa: B027
        """``trial`` went on although it was decided that it should not: another scheduler decided then, and the sweep
        was extended since."""

    def costs(self, resume: float) -> None:  # noqa: B027
        """What it costs to go on with a paused trial rather than to begin a new one, in report intervals.

        May be told again and again, as it is measured; what counts is what was told last.
        """

    def candidate(self, *, last: bool = False) -> str | None:  # noqa: ARG002
        """The paused trial that deserves to go on before a new one is begun; a question that changes nothing.

        Args:
            last: no new trial is to come any more. Then the best of a rung may go on although too few
                were compared there, so that a sweep does not end with nothing trained to its end.
        """
        return None

    def promotable(self, margin: int | None = None) -> list[str]:  # noqa: ARG002
        """The paused trials, those first that are the most likely to go on: whose checkpoints to keep.

        Args:
            margin: leave out whoever is more than so many ranks below those that may go on now.
        """
        return []

    def explain(self, trial: str) -> str:  # noqa: ARG002
        """Why ``trial`` was stopped or is paused, in words for a person; empty where it was not."""
        return ""

    @property
    def sources(self) -> frozenset[tuple[str, int]]:
        """The checkpoints that trials may begin from by and by, as trial and report: none of them must be deleted."""
        return frozenset()

    @property
    def more(self) -> bool:
        """Whether a new trial may be begun."""
        return True

    @property
    def rungs(self) -> tuple[int, ...]:
        """The report numbers at which trials are compared; empty where there are none."""
        return ()

    @property
    def judged(self) -> tuple[int, ...] | None:
        """The report numbers at which a decision can fall; ``None`` where it can at any."""
        return None
