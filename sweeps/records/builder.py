"""From events to records: the one place that says what a ledger means, live and when it is read again."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sweeps.errors import InputError
from sweeps.records.afterwards import Afterwards
from sweeps.records.confirmation import AFTERWARDS
from sweeps.records.events import Event
from sweeps.records.ledger import LedgerError, read_events
from sweeps.records.lock import holder
from sweeps.records.meter import Meter
from sweeps.records.record import Parent, Reason, ReportRecord, State, SweepRecord, TrialRecord
from trainer.requirement import Bounds, fulfilled

logger = logging.getLogger(__name__)


@dataclass
class _Trial:
    """A trial while events still change it; ``seen`` is its record as long as none has."""

    id: str
    params: Mapping[str, Any]
    created: float
    state: State = State.PENDING
    reason: Reason | None = None
    reports: list[ReportRecord] = field(default_factory=list)
    attempt: int = 0
    seconds: dict[int, float] = field(default_factory=dict)
    dropped: set[str] = field(default_factory=set)
    worker: Mapping[str, Any] | None = None
    parent: Parent | None = None
    generation: int = 1
    outside: str = ""
    by: str = ""
    trainable: int | None = None
    seen: TrialRecord | None = None

    def record(self) -> TrialRecord:
        if self.seen is None:
            self.seen = TrialRecord(
                self.id, self.params, self.state, self.reason, tuple(self.reports), self.attempt,
                sum(self.seconds.values()), self.created, frozenset(self.dropped), self.worker, self.parent,
                self.generation, self.outside, self.by, self.trainable,
            )  # fmt: skip
        return self.seen


class RecordBuilder:
    """Applies events one by one, each in constant time, so that the driver can keep one up to date as it writes.

    A later attempt of a trial supersedes: its report ``k`` replaces the reports from ``k`` on of earlier attempts, and
    whatever an earlier attempt still says then is rejected, as are repeated reports, reports that would leave a gap
    and anything an attempt says after its final state.
    """

    def __init__(self, events: Iterable[Event] = ()) -> None:
        self._sweep = SweepRecord(name="", metric="", goal="minimize", state="running", trials=(), attempts=0)
        self._trials: dict[str, _Trial] = {}
        self._started = self._latest = 0.0  # of this attempt of the driver
        self._earlier = 0.0  # seconds of drivers before it
        self._afterwards = Afterwards()
        self.meter = Meter()
        self.answered: set[str] = set()  # commands, by their ids
        self.asked_for: dict[str, str] = {}  # trials, by the commands that they came of
        for event in events:
            self.apply(event)

    def apply(self, event: Mapping[str, Any]) -> bool:
        """Takes one event in; the answer is whether it counted (unknown kinds of event do not).

        Raises:
            LedgerError: the event lacks a field, or speaks of a trial that was never made.
        """
        if event["event"] not in {"sweep", *AFTERWARDS}:  # the time between two drivers does not count
            self._latest = max(self._latest, event["time"])
        handler = getattr(self, f"_on_{event['event']}", None)
        try:
            self.meter.tell(event)
            if handler is None:
                return False
            counted = bool(handler(event))
        except (KeyError, TypeError, ValueError) as error:
            raise LedgerError(
                f"line {event.get('n')} of the ledger makes no sense: {error!r} in {dict(event)}"
            ) from error
        return counted

    def trial(self, id: str) -> TrialRecord:
        """The trial as it is now. Raises ``KeyError`` for one that was never made."""
        return self._trials[id].record()

    @property
    def ids(self) -> tuple[str, ...]:
        """All trials, in order."""
        return tuple(self._trials)

    def record(self) -> SweepRecord:
        """The sweep as it is now."""
        trials = tuple(trial.record() for trial in self._trials.values())
        seconds = self._earlier + self._latest - self._started
        record = dataclasses.replace(self._sweep, trials=trials, seconds=seconds, cost=self.meter.cost)
        return self._afterwards.complete(record)

    def _on_sweep(self, event: Mapping[str, Any]) -> bool:
        first = not self._sweep.attempts
        extension = event.get("extension")
        self._sweep = SweepRecord(
            name=event["name"],
            metric=event["metric"],
            goal=event["goal"],
            state="running",
            trials=(),
            planned=event.get("planned"),
            created=event["time"] if first else self._sweep.created,
            attempts=event.get("attempt", self._sweep.attempts + 1),
            id=event["id"],
            limits=event.get("limits") or {},
            require={name: Bounds(**bounds) for name, bounds in (event.get("require") or {}).items()},
            generation=extension["generation"] if extension else self._sweep.generation,
        )
        self._earlier += self._latest - self._started
        self._started = self._latest = event["time"]
        self._interrupt()  # a new driver starts: nothing of the one before runs any more
        if extension:
            self._extend(extension)
        return True

    def _on_sweep_end(self, event: Mapping[str, Any]) -> bool:
        self._sweep = dataclasses.replace(self._sweep, state=event["state"])
        if event.get("seconds") is not None:
            self._latest = self._started + event["seconds"]
        return True

    def _on_trial(self, event: Mapping[str, Any]) -> bool:
        if event["trial"] in self._trials:
            return False
        parent = Parent(**event["parent"]) if event.get("parent") else None
        trial = _Trial(event["trial"], event["params"], event["time"], parent=parent)
        trial.generation, trial.by = self._sweep.generation, event.get("by", "")
        if "command" in event:
            self.asked_for[event["command"]] = trial.id
        self._trials[event["trial"]] = trial
        return True

    def _on_state(self, event: Mapping[str, Any]) -> bool:
        trial, attempt = self._trials[event["trial"]], event["attempt"]
        if attempt < trial.attempt or (attempt == trial.attempt and trial.state.final):
            return False
        trial.state, trial.attempt, trial.seen = State(event["state"]), attempt, None
        trial.reason = Reason(**event["reason"]) if event.get("reason") else None
        trial.worker = event.get("worker") or trial.worker
        if event.get("seconds") is not None:
            trial.seconds[attempt] = event["seconds"]
        return True

    def _on_report(self, event: Mapping[str, Any]) -> bool:
        trial, attempt, number = self._trials[event["trial"]], event["attempt"], event["report"]
        reports = trial.reports
        place = number - (trial.parent.report if trial.parent else 0)  # among its own, from 1
        ended = attempt == trial.attempt and trial.state.final
        known = 1 <= place <= len(reports) and reports[place - 1].attempt >= attempt
        if attempt < trial.attempt or ended or known or not 1 <= place <= len(reports) + 1:
            return False
        del reports[place - 1 :]
        reports.append(
            ReportRecord(
                number=number,
                metrics=event["metrics"],
                attempt=attempt,
                time=event["time"],
                step=event.get("step", 0),
                epoch=event.get("epoch", 0.0),
                train_seconds=event.get("train_seconds", 0.0),
                checkpoint=event.get("checkpoint"),
                progress=event.get("progress"),
                fits=fulfilled(self._sweep.require, event["metrics"]),
            )
        )
        trial.dropped.discard(event.get("checkpoint") or "")  # written again by this attempt
        trial.attempt, trial.seen = attempt, None
        trial.trainable = event.get("trainable", trial.trainable)
        self._afterwards.reported(trial.id)
        if event.get("pid"):
            trial.worker = {"node": None, **(trial.worker or {}), "pid": event["pid"]}
        return True

    def _on_command(self, event: Mapping[str, Any]) -> bool:
        self.answered.add(event["id"])
        if event.get("planned") is not None:
            self._sweep = dataclasses.replace(self._sweep, planned=event["planned"])
        return True

    def _on_dropped(self, event: Mapping[str, Any]) -> bool:
        trial = self._trials[event["trial"]]
        trial.dropped.add(event["checkpoint"])
        trial.seen = None
        return True

    def _on_confirmed(self, event: Mapping[str, Any]) -> bool:
        return self._afterwards.confirmed(event)

    def _on_tested(self, event: Mapping[str, Any]) -> bool:
        return self._afterwards.tested(event)

    def _extend(self, extension: Mapping[str, Any]) -> None:
        """The sweep goes on with another configuration: what each trial is in it."""
        for trial in self._trials.values():
            trial.outside, trial.seen = extension["outside"].get(trial.id, ""), None
            if not trial.outside:
                trial.generation = extension["generation"]
                trial.params = extension["params"].get(trial.id, trial.params)
        for id in extension["reopened"]:
            reopened = self._trials[id]
            reopened.state, reopened.reason = State.PAUSED if reopened.reports else State.PENDING, None

    def _interrupt(self) -> None:
        for trial in self._trials.values():
            if trial.state is State.RUNNING:
                trial.state, trial.seen = State.INTERRUPTED, None


def read_sweep(folder: Path | str, each: Callable[[RecordBuilder, Event, bool], None] | None = None) -> SweepRecord:
    """The sweep in ``folder`` as its ledger tells it.

    Where no driver is alive any more, what the ledger left ``running`` is ``interrupted``: trials and sweep.

    Args:
        folder: the sweep's.
        each: called after every event, and told whether it counted.

    Raises:
        InputError: there is no ledger, nothing in it, or not this sweep alone.
        LedgerError: it makes no sense.
    """
    alive = holder(folder) is not None  # asked before reading, so that a driver that ends meanwhile is not missed
    events, damage = read_events(folder)
    if damage is not None and not damage.torn:
        logger.warning("%s: damaged in line %d: %s", folder, damage.line, damage.text)
    if not events:
        raise InputError("the sweep never began", where=str(folder), mend="run it again")
    builder = RecordBuilder()
    for event in events:
        counted = builder.apply(event)
        if each is not None:
            each(builder, event, counted)
    record = builder.record()
    return record if alive else at_rest(record)


def at_rest(record: SweepRecord) -> SweepRecord:
    """The same sweep where no driver is alive: what was left ``running`` is ``interrupted``."""
    trials = tuple(
        dataclasses.replace(trial, state=State.INTERRUPTED) if trial.state is State.RUNNING else trial
        for trial in record.trials
    )
    state = "interrupted" if record.state == "running" else record.state
    return dataclasses.replace(record, trials=trials, state=state)
