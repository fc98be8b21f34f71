"""A sweep as it went: its record, and besides what had been spent at each report and what its drivers said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sweeps.records.builder import RecordBuilder, read_sweep
from sweeps.records.events import Event
from sweeps.records.record import Cost, SweepRecord


@dataclass(frozen=True)
class Moment:
    """A report as it came: whose, with how many trials begun and what spent by then."""

    trial: str
    report: int
    metrics: Mapping[str, float]
    trials: int
    cost: Cost


@dataclass(frozen=True)
class Start:
    """A driver's start: when (seconds since 1970), where, with which versions, and the state of the user's code."""

    time: float
    host: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    git: str = ""


@dataclass(frozen=True)
class Chronicle:
    """A sweep as it went.

    ``starts`` are the drivers', ``begun`` the ledger's events of these; ``notes`` are what people were told, each once.
    """

    record: SweepRecord
    moments: tuple[Moment, ...]
    starts: tuple[Start, ...]
    notes: tuple[str, ...]
    begun: tuple[Event, ...]


def read_chronicle(folder: Path) -> Chronicle:
    """All of it, from one reading of the ledger.

    Raises:
        InputError: as `read_sweep`.
        LedgerError: as `read_sweep`.
    """
    moments: list[Moment] = []
    begun: list[Event] = []
    notes: dict[str, None] = {}

    def each(builder: RecordBuilder, event: Event, counted: bool) -> None:
        if event["event"] == "report" and counted:
            cost, trials = builder.meter.cost, len(builder.ids)
            moments.append(Moment(event["trial"], event["report"], event["metrics"], trials, cost))
        elif event["event"] == "sweep":
            begun.append(event)
        elif event["event"] == "note":
            notes[str(event["text"])] = None

    record = read_sweep(folder, each)
    starts = tuple(_start(event) for event in begun)
    return Chronicle(record, tuple(moments), starts, tuple(notes), tuple(begun))


def _start(event: Mapping[str, Any]) -> Start:
    return Start(event["time"], event.get("host") or "", event.get("versions") or {}, event.get("git") or "")
