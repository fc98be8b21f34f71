"""How a sweep stands, kept up to date event by event: what the live table, ``status`` and a notebook show."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sweeps.records.builder import RecordBuilder
from sweeps.records.meter import Meter
from sweeps.records.record import Cost, Goal, State, SweepRecord, TrialRecord
from sweeps.views.forecast import Forecast, Left
from sweeps.views.tally import FAILURES, Tally

DEVICE_MEMORY = "device_memory_gb"


class Standing:
    """Counts, the best so far and how it came to that, costs, and how long it will still take.

    Told by what the ledger has alone, so that it is the same in the process that runs the sweep, in another one that
    looks on, and afterwards.

    Args:
        name: of the sweep.
        metric: what it is about.
        goal: which way that is better.
        planned: number of trials, where it is known.

    Attributes:
        tally: the trials.
        meter: what was spent.
        limits: the budget.
        slots: how many trials run at once, where that is known.
        course: seconds by the clock, and the best value from then on.
        memory: the most device memory of any report, in GB; 0 where none has any.
    """

    def __init__(self, name: str, metric: str, goal: Goal, planned: int | None = None) -> None:
        self.name, self.metric, self.goal, self.planned = name, metric, goal, planned
        self.tally, self.meter = Tally(metric, goal), Meter()
        self.limits: Mapping[str, Any] = {}
        self.slots: int | None = None
        self.course: list[tuple[float, float]] = []
        self.memory = 0.0
        self._cost: Cost | None = None
        self._forecast = Forecast(self.meter)
        self._reports: list[float] = []  # seconds on workers at each

    @classmethod
    def read(cls, record: SweepRecord, events: Sequence[Mapping[str, Any]] = ()) -> Standing:
        """That of a sweep that was read, with its ledger's ``events``; without them all that the record tells."""
        standing = cls(record.name, record.metric, record.goal, record.planned)
        standing.limits, heard = record.limits, []
        for event in events:
            standing._hear(event)
            if event["event"] == "report":
                heard.append((standing.meter.seconds, event["trial"], event["report"], event["attempt"]))
        for trial in record.trials:
            standing.tally.take(trial)
        standing._cost, standing.planned = record.cost, record.planned
        standing.course = _course(record, heard)
        return standing

    def follow(self, event: Mapping[str, Any], builder: RecordBuilder) -> bool:
        """As `tell`, for whoever reads a ledger: ``builder`` is told first."""
        builder.apply(event)
        better = self.tell(event, builder.trial(event["trial"]) if "trial" in event else None)
        if event.get("extension"):  # which changes trials
            self.take(builder.trial(id) for id in builder.ids)
        return better

    def tell(self, event: Mapping[str, Any], trial: TrialRecord | None) -> bool:
        """Take in one event, and the trial that it is about as it is after it; whether that has become the best."""
        self._hear(event)
        if event["event"] == "sweep":
            self.take(replace(one, state=State.INTERRUPTED) for one in self.tally.running)
        return trial is not None and self._take(trial)

    def take(self, trials: Iterable[TrialRecord]) -> None:
        """The trials as they are now."""
        for trial in trials:
            self._take(trial)

    @property
    def cost(self) -> Cost:
        """What was spent."""
        return self._cost or self.meter.cost

    @property
    def left(self) -> Left | None:
        """How long it will still take."""
        if self.planned is not None and self.tally.done >= self.planned:
            return None
        return self._forecast.left()

    @property
    def busy(self) -> float | None:
        """The share of all slots' time that trials had, 0 to 1; ``None`` where it is not known."""
        cost = self.cost
        if not self.slots or cost.seconds <= 0:
            return None
        return min(1.0, cost.worker_seconds / (self.slots * cost.seconds))

    @property
    def report_seconds(self) -> float | None:
        """Seconds of a worker for a report, over the later half of all reports."""
        if len(self._reports) < 2:
            return None
        half = (len(self._reports) - 1) // 2
        return (self._reports[-1] - self._reports[half]) / (len(self._reports) - 1 - half)

    def _hear(self, event: Mapping[str, Any]) -> None:
        """All that does not depend on trials."""
        if "time" not in event:
            return
        self.meter.tell(event)
        self._forecast.tell(event)
        if event["event"] == "sweep":
            self.limits, self.slots = event.get("limits") or {}, event.get("slots")
        if event["event"] in {"sweep", "command"}:
            self.planned = event.get("planned", self.planned)
        if event["event"] == "report":
            self._reports.append(self.meter.worker_seconds)
            self.memory = max(self.memory, event["metrics"].get(DEVICE_MEMORY, 0.0))

    def _take(self, trial: TrialRecord) -> bool:
        better = self.tally.take(trial)
        value = self.tally.best[1].metrics[self.metric] if self.tally.best else None
        if value is not None and (not self.course or self.course[-1][1] != value):
            self.course.append((self.meter.seconds, value))
        return better


def _course(record: SweepRecord, heard: Iterable[tuple[float, str, int, int]]) -> list[tuple[float, float]]:
    """The best value from each second on, of the reports that count; ``heard``: seconds, trial, report, attempt."""
    sign = 1.0 if record.goal == "minimize" else -1.0
    counting = {
        (one.id, report.number, report.attempt): sign * report.metrics[record.metric]
        for one in record.trials
        if one.state not in FAILURES
        for report in one.reports
        if report.fits and record.metric in report.metrics
    }
    course: list[tuple[float, float]] = []
    best = float("inf")
    for seconds, trial, number, attempt in heard:
        value = counting.get((trial, number, attempt), float("inf"))
        if value < best:
            best = value
            course.append((seconds, sign * best))
    return course
