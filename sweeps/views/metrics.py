"""Which metrics a sweep's reports have, and which of them are about validation."""

from __future__ import annotations

from sweeps.records.record import SweepRecord, TrialRecord
from sweeps.views.tags import TRAINING


def is_validation(name: str) -> bool:
    """Whether a metric is measured on the validation split, by its name as the trainer gives it."""
    return name not in TRAINING and not name.startswith("train_")


def metrics_of(trials: tuple[TrialRecord, ...]) -> tuple[str, ...]:
    """Every metric that any report has, in the order in which they are reported."""
    return tuple(dict.fromkeys(name for trial in trials for report in trial.reports for name in report.metrics))


def other_metrics(record: SweepRecord) -> tuple[str, ...]:
    """The validation metrics besides the one that the sweep is about, and its best so far."""
    known = {record.metric, f"best_{record.metric}"}
    return tuple(name for name in metrics_of(record.trials) if name not in known and is_validation(name))
