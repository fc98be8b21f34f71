"""What schedulers that stop trials have in common: which reports count, and decisions that stand."""

from __future__ import annotations

import math
from abc import abstractmethod

from sweeps.schedule.base import Decision, Scheduler


class StoppingScheduler(Scheduler):
    """Judges each trial by the raw score of each new report.

    - A report that is not newer than the last one of its trial is ignored: it comes from a replayed ledger
      or from a resumed trial that repeats work since its checkpoint, and must not count twice.
    - A stop stands: whatever a stopped trial still reports is not recorded.
    - A score that is not finite is stopped and never recorded (compared as a number, NaN would always pass).
    """

    def __init__(self) -> None:
        self._latest: dict[str, int] = {}
        self._reasons: dict[str, str] = {}

    def report(self, trial: str, report: int, score: float) -> Decision:
        """What becomes of ``trial`` after its report ``report`` (from 1) scored ``score``."""
        if trial in self._reasons:
            return Decision.STOP
        if report <= self._latest.get(trial, 0):
            return Decision.CONTINUE
        self._latest[trial] = report
        reason = self._judge(trial, report, score) if math.isfinite(score) else f"report {report}: the score is {score}"
        if reason is None:
            return Decision.CONTINUE
        self._reasons[trial] = reason
        return Decision.STOP

    def explain(self, trial: str) -> str:
        """Why ``trial`` was stopped; empty where it was not."""
        return self._reasons.get(trial, "")

    @abstractmethod
    def _judge(self, trial: str, report: int, score: float) -> str | None:
        """Record a new report with a finite score; the reason to stop the trial, or ``None`` to go on."""
