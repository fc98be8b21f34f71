"""What schedulers that judge single reports have in common: which reports count, and verdicts that stand."""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import NamedTuple

from sweeps.schedule.base import Decision, Scheduler


class Verdict(NamedTuple):
    """A decision and, where a trial does not go on, the reason in words."""

    decision: Decision
    reason: str = ""


GO_ON = Verdict(Decision.CONTINUE)


class JudgingScheduler(Scheduler):
    """Judges each trial by the raw score of each new report.

    - A report that is not newer than the last one of its trial is ignored: it comes from a replayed ledger
      or from a trial that repeats work since its checkpoint or its start, and must not count twice.
    - A stop stands for good, a pause until the trial is started again, and an end until it is, too: whatever
      such a trial still reports is not recorded.
    - A score that is not finite is stopped and never recorded (compared as a number, NaN would always pass).
    """

    def __init__(self) -> None:
        self._latest: dict[str, int] = {}
        self._standing: dict[str, Verdict] = {}  # of trials that do not go on
        self._over: set[str] = set()

    def start(self, trial: str) -> None:
        """``trial`` begins, or goes on; a pause ends with it."""
        self._over.discard(trial)
        if trial in self._standing and self._standing[trial].decision is Decision.PAUSE:
            del self._standing[trial]

    def report(self, trial: str, report: int, score: float) -> Decision:
        """What becomes of ``trial`` after its report ``report`` (from 1) scored ``score``."""
        if trial in self._over:
            return Decision.STOP
        if trial in self._standing:
            return self._standing[trial].decision
        if report <= self._latest.get(trial, 0):
            return Decision.CONTINUE
        self._latest[trial] = report
        if math.isfinite(score):
            verdict = self._judge(trial, report, score)
        else:
            verdict = Verdict(Decision.STOP, f"report {report}: the score is {score}")
        if verdict.decision is not Decision.CONTINUE:
            self._standing[trial] = verdict
        return verdict.decision

    def end(self, trial: str) -> None:
        """``trial`` is over; the reason of a pause that it ended in is kept."""
        self._over.add(trial)

    def overruled(self, trial: str) -> None:
        """``trial`` went on nevertheless."""
        self._standing.pop(trial, None)

    def explain(self, trial: str) -> str:
        """Why ``trial`` was stopped or is paused; empty where it was not."""
        return self._standing.get(trial, GO_ON).reason

    @abstractmethod
    def _judge(self, trial: str, report: int, score: float) -> Verdict:
        """Record a new report with a finite score, and judge it."""
