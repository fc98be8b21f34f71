"""One row for each trial: what the table of the page, the Markdown and the CSV share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sweeps.records.record import SweepRecord, TrialRecord


@dataclass(frozen=True)
class Row:
    """A trial. ``value`` is its best one, at report ``best_report``; ``last`` that of its last report."""

    trial: str
    state: str
    code: str
    reason: str
    value: float | None
    best_report: int | None
    last: float | None
    reports: int
    reached: int
    seconds: float
    trainable: int | None
    parent: str
    outside: str
    params: Mapping[str, Any]
    best_metrics: Mapping[str, float]
    last_metrics: Mapping[str, float]


def rows_of(record: SweepRecord) -> tuple[Row, ...]:
    """All trials in order."""
    return tuple(_row(trial, record) for trial in record.trials)


def names_of(record: SweepRecord) -> tuple[str, ...]:
    """The parameters that any trial has, in order."""
    return tuple(dict.fromkeys(name for trial in record.trials for name in trial.params))


def _row(trial: TrialRecord, record: SweepRecord) -> Row:
    best = trial.best(record.metric, record.goal)
    last = trial.reports[-1] if trial.reports else None
    return Row(
        trial=trial.id,
        state=trial.state.value,
        code=trial.reason.code if trial.reason else "",
        reason=trial.reason.text if trial.reason else "",
        value=best.metrics[record.metric] if best else None,
        best_report=best.number if best else None,
        last=last.metrics.get(record.metric) if last else None,
        reports=len(trial.reports),
        reached=trial.reached,
        seconds=trial.seconds,
        trainable=trial.trainable,
        parent=trial.parent.text if trial.parent else "",
        outside=trial.outside,
        params=trial.params,
        best_metrics=best.metrics if best else {},
        last_metrics=last.metrics if last else {},
    )
