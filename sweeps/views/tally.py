"""A sweep in numbers, kept up to date trial by trial: counts of states, failures by reason, the best so far."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from sweeps.records.record import Goal, ReportRecord, State, TrialRecord

FAILURES = {State.FAILED, State.DIVERGED}


class Tally:
    """What ``take`` was told. The best is by value alone, of trials that neither failed nor diverged.

    Attributes:
        states: how many trials are in each state.
        reasons: of those that failed or diverged, by the code of their reason.
        best: the trial and its best report.
    """

    def __init__(self, metric: str, goal: Goal, trials: Iterable[TrialRecord] = ()) -> None:
        self._metric, self._goal = metric, goal
        self._trials: dict[str, TrialRecord] = {}
        self._copies: list[TrialRecord] = []
        self._values: dict[str, float] = {}  # smaller is better
        self.states: Counter[State] = Counter()
        self.reasons: Counter[str] = Counter()
        self.best: tuple[TrialRecord, ReportRecord] | None = None
        for trial in trials:
            self.take(trial)

    @property
    def done(self) -> int:
        """How many trials are at their end. One that took the place of another is not one more."""
        replaced = sum(trial.parent is not None and trial.parent.replaces is not None for trial in self._copies)
        return sum(count for state, count in self.states.items() if state.final) - replaced

    @property
    def running(self) -> list[TrialRecord]:
        """The trials that run now, in order."""
        return [trial for trial in self._trials.values() if trial.state is State.RUNNING]

    def take(self, trial: TrialRecord) -> bool:
        """Counts the trial as it is now; says whether it has just become the best or bettered its own best value."""
        known = self._trials.get(trial.id)
        if known is None or (known.state, known.reason) != (trial.state, trial.reason):
            self._count(known, -1)
            self._count(trial, 1)
        if trial.parent is not None and trial.id not in self._trials:
            self._copies.append(trial)
        self._trials[trial.id] = trial
        before, held = (self._values[self.best[0].id], self.best[0].id) if self.best else (float("inf"), "")
        report = None if trial.state in FAILURES else trial.best(self._metric, self._goal)
        if report is None:
            self._values.pop(trial.id, None)
        else:
            sign = 1.0 if self._goal == "minimize" else -1.0
            self._values[trial.id] = sign * report.metrics[self._metric]
        value = self._values.get(trial.id, float("inf"))
        if report is not None and (value < before or (trial.id == held and value == before)):
            self.best = (trial, report)
        elif trial.id == held:  # the best one failed, or a later attempt took its value back
            self._choose()
        return value < before

    def _count(self, trial: TrialRecord | None, by: int) -> None:
        if trial is not None:
            self.states[trial.state] += by
            if trial.state in FAILURES:
                self.reasons[trial.reason.code if trial.reason else str(trial.state)] += by
            # Unary plus of a counter keeps what is above zero.
            self.states, self.reasons = +self.states, +self.reasons

    def _choose(self) -> None:
        held = min(self._values, key=lambda id: self._values[id], default=None)
        trial = self._trials[held] if held else None
        report = trial.best(self._metric, self._goal) if trial else None
        self.best = (trial, report) if trial and report else None
