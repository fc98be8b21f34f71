"""What a study writes down: first into the ledger, then told to all that follows from it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

from sweeps.records.events import Event as Line
from sweeps.records.record import TrialRecord
from sweeps.records.retention import Drop
from sweeps.schedule.base import Decision
from sweeps.study.disk import Disk
from sweeps.study.told import Event, Told
from sweeps.views.sink import Sink


class Lines(Protocol):
    """What a study needs of its ledger: the lines that were there, and a way to add one."""

    past: list[Line]

    def append(self, event: str, **fields: Any) -> Line:
        """See `sweeps.records.ledger.Ledger.append`."""


class Book:
    """One path for each event, new or read again: the record, the searcher, the scheduler, the disk, the views.

    Args:
        ledger: open for appending.
        told: what follows from the events.
        disk: checkpoints, some of which may go after an event.
        sink: told last.
    """

    def __init__(self, ledger: Lines, told: Told, disk: Disk, sink: Sink) -> None:
        self._ledger, self._told, self._disk, self._sink = ledger, told, disk, sink

    def write(self, kind: str, **fields: Any) -> Decision:
        """A new event, with all its consequences."""
        event = self._ledger.append(kind, **fields)
        decision = self._tell(event)
        self._sink.handle(event, self._trial_of(event))
        if kind in {"trial", "report", "state"}:
            self._pin()
        self._drop(self._to_drop(event))
        return decision

    def read(self, event: Event) -> Decision:
        """An earlier driver's event. What it let go of is only marked: `mend` deletes it."""
        decision = self._tell(event)
        self._to_drop(event)
        self._sink.handle({**event, "replayed": True}, self._trial_of(event))
        if event.get("extension"):
            self._read_extension(event)
        return decision

    def mend(self, trials: Iterable[TrialRecord]) -> None:
        """Keep and delete what an earlier driver had to, but may have died before."""
        self._pin()
        self.sweep_up(trials)

    def sweep_up(self, trials: Iterable[TrialRecord]) -> None:
        """Delete what ``trials`` have on disk that nothing keeps."""
        self._drop(self._disk.leftovers(trials))

    def _tell(self, event: Event) -> Decision:
        decision = self._told.tell(event)
        if (trial := self._trial_of(event)) is not None:
            self._disk.heard(event, trial)
        return decision

    def _read_extension(self, event: Event) -> None:
        """All trials are others now, though no event names them."""
        for id in event["extension"]["reopened"]:
            self._disk.changed(self._told.records.trial(id))
        for id in self._told.records.ids:
            self._sink.handle({"event": "extended", "trial": id, "replayed": True}, self._told.records.trial(id))

    def _pin(self) -> None:
        self._disk.pin(self._told.scheduler.sources)

    def _to_drop(self, event: Event) -> list[Drop]:
        return self._disk.changed(self._told.records.trial(event["trial"])) if event["event"] == "state" else []

    def _drop(self, checkpoints: list[Drop]) -> None:
        for trial, checkpoint in self._disk.delete(checkpoints):
            self.write("dropped", trial=trial, checkpoint=checkpoint)

    def _trial_of(self, event: Event) -> TrialRecord | None:
        return self._told.records.trial(event["trial"]) if "trial" in event else None
