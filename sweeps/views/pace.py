"""What a sweep's trials have done and how quickly, from its ledger's events alone."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sweeps.records.meter import Meter
from sweeps.records.record import State
from sweeps.views.halving_work import next_rung

_SLACK = 1e-9


@dataclass
class Course:
    """How far a trial has come, and since when."""

    begun: bool = False
    copied: bool = False
    running: bool = False
    over: bool = False
    finished: bool = False
    progress: float = 0.0
    began_with: float = 0.0  # how much of its training this attempt found done
    since: float = 0.0  # seconds by the clock when it began, and at its last report
    heard: float = 0.0
    best: float = -math.inf


class Pace:
    """Told every event in order, each after the ``meter``, which is told by somebody else.

    Work is counted in full trainings, by what trials say of their progress; in reports where they say nothing.

    Attributes:
        meter: what was spent.
        trials: by name.
        planned: how many there will be, where that is known.
        limits: the budget.
        schedule: the scheduler's name and settings.
        slots: how many trials run at once, where that is known.
        reports: their number so far.
        length: the most reports of a training, by what is known.
        known: whether trials say how far they are.
    """

    def __init__(self, meter: Meter) -> None:
        self.meter = meter
        self.trials: dict[str, Course] = {}
        self.planned: int | None = None
        self.limits: Mapping[str, Any] = {}
        self.schedule: Mapping[str, Any] = {}
        self.slots: int | None = None
        self._metric, self._sign = "", 1.0
        self.reports = 0
        self.length = 0.0  # the most reports of a training, by what is known
        self.known = False  # whether trials say how far they are
        self._done: list[tuple[float, float, float]] = []  # work, workers' seconds, seconds by the clock

    def tell(self, event: Mapping[str, Any]) -> None:
        """Take in one event."""
        kind = event["event"]
        if kind == "sweep":
            self._begin(event)
        elif kind == "command":
            self.planned = event.get("planned") or self.planned
        elif kind == "trial":
            known = self.trials.setdefault(event["trial"], Course())
            known.copied = bool(event.get("parent"))
            known.progress = (event.get("parent") or {}).get("progress") or 0.0
        elif kind == "state":
            self._tell_state(self.trials.setdefault(event["trial"], Course()), State(event["state"]))
        elif kind == "report":
            self._tell_report(self.trials.setdefault(event["trial"], Course()), event)

    @property
    def work(self) -> float:
        """What was done."""
        return self.meter.cost.trainings if self.known else float(self.reports)

    @property
    def begun(self) -> list[Course]:
        """The trials that were, without those that began as copies of others."""
        return [trial for trial in self.trials.values() if trial.begun and not trial.copied]

    def later_half(self) -> tuple[float, float, float]:
        """Work, workers' seconds and seconds of the later half of what was done."""
        end = self._done[-1]
        half = self._done[max(0, bisect_left(self._done, end[0] / 2, key=lambda one: one[0]) - 1)]
        return end[0] - half[0], end[1] - half[1], end[2] - half[2]

    def share(self, trial: Course) -> float:
        """How much of its training the trial has done."""
        return trial.progress if self.known else trial.progress / max(self.length, 1.0)

    def rate(self, trial: Course, each: float) -> float:
        """Seconds for a whole training of a running trial, by its own speed where that is known."""
        gained = self.share(trial) - trial.began_with
        return (trial.heard - trial.since) / gained if gained > _SLACK else each

    def standing(self, trial: Course) -> float:
        """Its share, or what that will be when it is judged next."""
        share = self.share(trial)
        return next_rung(share, max(self.length, 1.0), self.schedule) if trial.running else share

    def _begin(self, event: Mapping[str, Any]) -> None:
        self.planned, self.limits = event.get("planned"), event.get("limits") or {}
        self.schedule, self.slots = event.get("schedule") or {}, event.get("slots")
        self._metric, self._sign = event["metric"], 1.0 if event["goal"] == "maximize" else -1.0
        for trial in self.trials.values():
            trial.running = False
        for id in (event.get("extension") or {}).get("reopened", ()):
            self.trials[id].over = False

    def _tell_state(self, trial: Course, state: State) -> None:
        trial.begun = trial.begun or state is State.RUNNING
        if state is State.RUNNING:
            trial.began_with, trial.since = self.share(trial), self.meter.cost.seconds
        trial.running, trial.over = state is State.RUNNING, state.final
        trial.finished = state is State.FINISHED
        if state in {State.FAILED, State.DIVERGED}:
            trial.best = -math.inf

    def _tell_report(self, trial: Course, event: Mapping[str, Any]) -> None:
        self.reports += 1
        trial.best = max(trial.best, self._sign * event["metrics"].get(self._metric, -math.inf * self._sign))
        progress = event.get("progress")
        if progress:
            self.known = True
            trial.progress = max(trial.progress, progress)
            self.length = event["report"] / progress
        elif not self.known:
            self.length = max(self.length, event["report"])
            trial.progress = event["report"]  # in reports; `_share` knows
        cost = self.meter.cost
        trial.heard = cost.seconds
        self._done.append((self.work, cost.worker_seconds, cost.seconds))
