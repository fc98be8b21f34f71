"""Which report of which trial is the best one: the only place that chooses."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sweeps.records.record import Goal, Parent, ReportRecord, State, SweepRecord, TrialRecord
from trainer.errors import ResumeError
from trainer.manifest import verify

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Best:
    """The best report: of ``trial``, its number, the value of ``metric`` there, and its checkpoint.

    ``checkpoint`` is relative to the sweep folder; ``None`` where there is no usable one (only without
    ``usable_only``).
    """

    trial: str
    params: Mapping[str, Any]
    metric: str
    goal: Goal
    value: float
    report: int
    checkpoint: str | None
    state: State
    parent: Parent | None = None

    @property
    def stopped_early(self) -> bool:
        """Whether a scheduler stopped the trial: with all of its budget it might have become better still, or worse."""
        return self.state is State.STOPPED

    @property
    def note(self) -> str:
        """What a person should know of the trial that holds it; empty for one that trained to its end."""
        said = [f"{self.trial} began from {self.parent.text}, trained with other values"] if self.parent else []
        if self.stopped_early:
            said.append(f"{self.trial} was stopped early, after this report or a later one")
        elif self.state is not State.FINISHED:
            said.append(f"{self.trial} is not at its end: {self.state}")
        return "; ".join(said)


def choose_best(
    record: SweepRecord, folder: Path | str, *, usable_only: bool = True, prefer_finished: bool = False
) -> Best | None:
    """The best report of all trials that neither failed nor diverged; of equals, that of the earliest trial.

    Args:
        record: the sweep.
        folder: where it lies.
        usable_only: take only reports whose checkpoint is there and undamaged, by its checksums: what can be exported
            and will score what was reported. Without it values count by themselves, also those of running trials,
            and nothing is verified: quick, for a status.
        prefer_finished: a finished trial wins over any other (where schedules make early values incomparable).

    Returns:
        ``None`` where no report qualifies.
    """
    sign = 1.0 if record.goal == "minimize" else -1.0

    def rank(entry: tuple[TrialRecord, ReportRecord]) -> tuple[bool, float]:
        trial, report = entry
        return prefer_finished and trial.state is not State.FINISHED, sign * report.metrics[record.metric]

    # The sort is stable: equals stay in the order of trials and reports.
    for trial, report in sorted(_entries(record, with_checkpoint=usable_only), key=rank):
        checkpoint = None if report.checkpoint in trial.dropped else report.checkpoint
        if usable_only and not _usable(Path(folder) / str(checkpoint)):
            continue
        return Best(
            trial=trial.id,
            params=trial.params,
            metric=record.metric,
            goal=record.goal,
            value=report.metrics[record.metric],
            report=report.number,
            checkpoint=checkpoint,
            state=trial.state,
            parent=trial.parent,
        )
    return None


def _entries(record: SweepRecord, *, with_checkpoint: bool) -> Iterator[tuple[TrialRecord, ReportRecord]]:
    for trial in record.trials:
        if trial.state in {State.FAILED, State.DIVERGED}:
            continue
        if not with_checkpoint:
            if best := trial.best(record.metric, record.goal):
                yield trial, best
            continue
        # All of them, not only the best: if its checkpoint is damaged, the next best that can be used counts.
        for report in trial.reports:
            there = report.checkpoint and report.checkpoint not in trial.dropped
            if there and report.fits and record.metric in report.metrics:
                yield trial, report


def _usable(checkpoint: Path) -> bool:
    try:
        verify(checkpoint)
    except ResumeError as error:
        if checkpoint.exists():  # the loop keeps few and removes the others itself: a missing one is no news
            logger.warning("passed over: %s", error)
        return False
    return True
