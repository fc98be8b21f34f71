"""What a sweep has cost so far and what resuming costs, read off the times of its events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any

from sweeps.records.confirmation import AFTERWARDS
from sweeps.records.record import Cost, State

ENOUGH = 3  # attempts of a kind before their typical time means anything


@dataclass
class _Attempt:
    since: float
    resumed: bool  # it follows a pause
    progress: float | None = None  # at its latest report; before that it is not known
    reported: float = 0.0  # when that was


@dataclass
class _Pace:
    seconds: float = 0.0
    progress: float = 0.0

    def add(self, seconds: float, progress: float) -> None:
        if seconds >= 0 and progress > 0:
            self.seconds, self.progress = self.seconds + seconds, self.progress + progress

    @property
    def value(self) -> float:
        return self.seconds / self.progress if self.progress else 0.0


class Meter:
    """Adds up work and seconds, as the ledger has them. The time between two drivers does not count.

    Work that is done again counts again: of an attempt that goes on from an earlier checkpoint, or begins anew. What a
    copy took over from its parent is not its own work, and to begin from it is to resume.

    An attempt's way to its first report is one report interval and what beginning costs: a model, a checkpoint. The
    difference between attempts that follow a pause and first attempts is what resuming costs.
    """

    def __init__(self) -> None:
        self._trainings = 0.0
        self._progress: dict[str, float] = {}  # the most that a trial has come to in any attempt
        self._ended = 0.0  # seconds of attempts that are over
        self._earlier = 0.0  # seconds of drivers that are over
        self._began: float | None = None
        self._now = 0.0
        self._running: dict[str, _Attempt] = {}
        self._paused: set[str] = set()
        self._reports = 0
        self._first: dict[bool, list[float]] = {False: [], True: []}  # seconds to first reports, by `resumed`
        self._between = _Pace()  # two reports of an attempt
        self._until_first = _Pace()

    @property
    def cost(self) -> Cost:
        """All of it."""
        return Cost(self._trainings, self.worker_seconds, self.seconds, self.pace)

    @property
    def pace(self) -> float:
        """Seconds on a worker that a full training takes; 0 while nothing is known.

        Between two reports of an attempt nothing is begun and everybody has said what came of the time. Only before
        there are any does the way to the first report count, by what was spent on training where that is known: what
        beginning costs would else be taken for the cost of each report.
        """
        return self._between.value or self._until_first.value

    @property
    def worker_seconds(self) -> float:
        """Of all workers together, from the begin of each attempt to its end or to now."""
        return self._ended + sum(self._now - attempt.since for attempt in self._running.values())

    @property
    def seconds(self) -> float:
        """By the clock, over all drivers."""
        return self._earlier + (self._now - self._began if self._began is not None else 0.0)

    @property
    def resume_cost(self) -> float | None:
        """What going on with a paused trial costs more than a new one, in report intervals; ``None``: not known yet."""
        fresh, resumed = self._first[False], self._first[True]
        if min(len(fresh), len(resumed)) < ENOUGH or self.worker_seconds <= 0:
            return None
        return (median(resumed) - median(fresh)) * self._reports / self.worker_seconds

    def tell(self, event: Mapping[str, Any]) -> None:
        """Take in one event, in order."""
        if event["event"] in AFTERWARDS:
            return
        if event["event"] == "sweep":
            self._close_driver()
            self._began = event["time"]
        # Clocks are set back at times, and nothing is undone by that.
        self._now = max(self._now, event["time"]) if event["event"] != "sweep" else event["time"]
        if event["event"] == "trial" and event.get("parent"):
            self._progress[event["trial"]] = event["parent"].get("progress") or 0.0
            self._paused.add(event["trial"])
        elif event["event"] == "state":
            self._tell_state(event["trial"], State(event["state"]))
        elif event["event"] == "report":
            self._tell_report(event["trial"], event["report"], event.get("progress"), event.get("train_seconds") or 0.0)

    def _tell_report(self, trial: str, report: int, progress: float | None, trained: float) -> None:
        self._reports += 1
        attempt = self._running.get(trial)
        if attempt is None:
            return
        first = attempt.progress is None
        if first:
            self._first[attempt.resumed].append(self._now - attempt.since)
        if progress is None:
            attempt.progress = 0.0
            return
        most = self._progress.get(trial, 0.0)
        # From which checkpoint an attempt went on its first report shows: newer work follows from what was known, and
        # older work is done again, by now one report interval of it.
        since = attempt.progress if attempt.progress is not None else most
        if first and progress <= most:
            since = progress * (1 - 1 / report)
        self._trainings += max(0.0, progress - since)
        if not first:
            self._between.add(self._now - attempt.reported, progress - since)
        elif not attempt.resumed:
            spent = trained if trained and report == 1 else self._now - attempt.since
            self._until_first.add(spent, progress - since)
        attempt.progress, self._progress[trial] = progress, max(most, progress)
        attempt.reported = self._now

    def _tell_state(self, trial: str, state: State) -> None:
        if state is State.RUNNING:
            self._running[trial] = _Attempt(self._now, trial in self._paused)
            self._paused.discard(trial)
            return
        if (attempt := self._running.pop(trial, None)) is not None:
            self._ended += self._now - attempt.since
        if state is State.PAUSED:
            self._paused.add(trial)

    def _close_driver(self) -> None:
        self._ended, self._earlier = self.worker_seconds, self.seconds
        self._running.clear()
