"""What a scheduler is: a pure object that decides, at each report, whether a trial goes on.

Scores are larger-is-better. No clock, no files: telling it the same reports in the same order gives the
same decisions, so a ledger rebuilds it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from enum import StrEnum


class Decision(StrEnum):
    """What becomes of a trial after a report."""

    CONTINUE = "continue"
    STOP = "stop"


class Scheduler(ABC):
    """Told every report of every trial, in the order in which they arrive."""

    name: str = "none"

    @abstractmethod
    def report(self, trial: str, report: int, score: float) -> Decision:
        """What becomes of ``trial`` after its report ``report`` (from 1) scored ``score``."""

    def end(self, trial: str) -> None:  # noqa: B027 (a hook: nothing is a fine answer)
        """``trial`` is over, for whatever cause."""

    def explain(self, trial: str) -> str:  # noqa: ARG002
        """Why ``trial`` was stopped, in words for a person; empty where it was not."""
        return ""

    @property
    def rungs(self) -> tuple[int, ...]:
        """The report numbers at which trials are compared; empty where there are none."""
        return ()
