"""What every tracker is told of a sweep besides its events, and what trackers have in common."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sweeps.records.record import Goal, ReportRecord, TrialRecord

FOLDER = "trackers"
"""In a sweep's folder: what trackers keep there, and their logs."""


@dataclass(frozen=True)
class TrackedSweep:
    """The sweep that a tracker hears of.

    Attributes:
        folder: the sweep's.
        id: of the sweep, whatever its folder is called or wherever it is moved.
        name, metric, goal: as in its file.
        config: its file, resolved, as plain data.
    """

    folder: Path
    id: str
    name: str
    metric: str
    goal: Goal
    config: Mapping[str, Any] = field(default_factory=dict)


def steps_of(reports: Sequence[ReportRecord]) -> Iterator[tuple[ReportRecord, int]]:
    """Each report with its step: the optimizer's, counted on by one where a trainer does not count."""
    step = 0
    for report in reports:
        step = max(report.step, step + 1)
        yield report, step


def values_of(report: ReportRecord) -> dict[str, float]:
    """What a report says, by names that every tracker takes."""
    found = {**report.metrics, "epoch": report.epoch, "report": float(report.number)}
    return {re.sub(r"[^\w./ -]", "_", name): value for name, value in found.items()}


def facts_of(trial: TrialRecord, sweep: TrackedSweep) -> dict[str, str | float]:
    """What is known of a trial besides its reports; ``best_checkpoint`` is a path."""
    best = trial.best(sweep.metric, sweep.goal)
    facts: dict[str, str | float | None] = {
        "state": str(trial.state),
        "reason": trial.reason.code if trial.reason else None,
        "reason_text": trial.reason.text[:400] if trial.reason and trial.reason.text else None,
        "seconds": trial.seconds,
        "attempts": trial.attempt,
        "parent": trial.parent.text if trial.parent else None,
        "outside": trial.outside[:400] or None,
        f"best_{sweep.metric}": best.metrics[sweep.metric] if best else None,
        "best_report": best.number if best else None,
        "best_checkpoint": _checkpoint(trial, best, sweep),
    }
    return {name: value for name, value in facts.items() if value is not None}


def text_of(value: Any) -> str:
    """A parameter's value in full."""
    return value if isinstance(value, str) else json.dumps(value, default=str)


def _checkpoint(trial: TrialRecord, best: ReportRecord | None, sweep: TrackedSweep) -> str | None:
    there = best is not None and best.checkpoint and best.checkpoint not in trial.dropped
    return str(sweep.folder / str(best.checkpoint)) if best is not None and there else None
