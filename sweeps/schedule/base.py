"""What a scheduler is: a pure object that decides, at each report, whether a trial goes on.

Scores are larger-is-better. No clock, no files: telling it the same reports in the same order gives the
same decisions, so a ledger rebuilds it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from enum import StrEnum


class Decision(StrEnum):
    CONTINUE = "continue"
    STOP = "stop"


class Scheduler(ABC):
    name: str = "none"

    @abstractmethod
    def report(self, trial: str, report: int, score: float) -> Decision:
        """What becomes of ``trial`` after its report ``report`` (from 1) scored ``score``."""

    def end(self, trial: str) -> None:
        """``trial`` is over, for whatever cause."""
        return

    def explain(self, trial: str) -> str:
        """Why ``trial`` was stopped, in words for a person; empty where it was not."""
        return ""

    @property
    def rungs(self) -> tuple[int, ...]:
        """The report numbers at which trials are compared; empty where there are none."""
        return ()
