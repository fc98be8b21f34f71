"""Sweeps as they are opened, made of numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sweeps.records.opened import Opened
from sweeps.records.record import Goal, Reason, ReportRecord, State, SweepRecord, TrialRecord


def trial(
    number: int, params: dict[str, Any], *values: float, state: State = State.FINISHED, **more: Any
) -> TrialRecord:
    """A report for each of ``values``: accuracy, and a loss that is what it lacks."""
    reports = tuple(
        ReportRecord(n, {"accuracy": value, "loss": 1 - value, "train_loss": 0.5 / n}, 1, 10.0 * n, step=n, epoch=n / 2)
        for n, value in enumerate(values, 1)
    )
    more = {"seconds": 2.0 * number, "attempt": 1, **more}
    return TrialRecord(f"t{number:04d}", params, state, Reason(str(state)), reports, **more)


def opened(
    *trials: TrialRecord, label: str = "one", metric: str = "accuracy", goal: Goal = "maximize", **fixed: Any
) -> Opened:
    """A sweep that fixes ``fixed``."""
    record = SweepRecord(label, metric, goal, "finished", trials)
    return Opened(Path(label), label, record, settings={1: fixed})
