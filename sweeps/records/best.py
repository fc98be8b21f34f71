"""Which report of which trial is the best one: the only place that chooses."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sweeps.records.confirmation import Confirmation
from sweeps.records.record import Goal, Parent, ReportRecord, State, SweepRecord, TrialRecord
from trainer.errors import ResumeError
from trainer.manifest import verify

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Best:
    """The best report: of ``trial``, its number, the value of ``metric`` there, and its checkpoint.

    ``checkpoint`` is relative to the sweep folder; ``None`` where there is no usable one (only without
    ``usable_only``). ``params`` are those of the sweep's configuration ``generation``; ``outside`` says why a later one
    has none for this training, if so. ``confirmed``: it is of the trial whose configuration won over fresh seeds;
    ``remark`` is what else was found out about it.
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
    confirmed: bool = False
    remark: str = ""
    generation: int = 1
    outside: str = ""

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
        if self.remark:
            said.append(self.remark)
        if self.outside:
            said.append(f"{self.trial} is of before the sweep was extended, and outside its space now: {self.outside}")
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
            generation=trial.generation,
            outside=trial.outside,
        )
    return None


def leaders(record: SweepRecord, most: int) -> list[str]:
    """The trials with the best values, best first, of those that neither failed nor diverged."""
    sign = 1.0 if record.goal == "minimize" else -1.0
    ranked = sorted(_entries(record, with_checkpoint=False), key=lambda one: sign * one[1].metrics[record.metric])
    return [trial.id for trial, _ in ranked[:most]]


def settled_best(record: SweepRecord, folder: Path | str, *, usable_only: bool = True) -> Best | None:
    """The trial that a confirmation settled on, where there is one; else the best report, as `choose_best` has it.

    A trial that has reported since the confirmation, and has the best value of all, was not among what was compared:
    then it is the best, and not confirmed. So is the best report where the winner's checkpoint is not usable any more.
    """
    best, confirmation = choose_best(record, folder, usable_only=usable_only), record.confirmation
    winner = confirmation.winner if confirmation is not None else None
    of_winner = tuple(trial for trial in record.trials if winner is not None and trial.id == winner.trial)
    if best is None or confirmation is None or not of_winner:
        return best
    if best.trial == of_winner[0].id:
        return replace(best, confirmed=True)
    if best.trial in confirmation.later:
        return replace(best, remark=f"it has reported since {of_winner[0].id} was confirmed: confirm again")
    confirmed = choose_best(record.with_trials(of_winner), folder, usable_only=usable_only)
    if confirmed is None:
        return replace(best, remark=f"{of_winner[0].id}, which was confirmed, has no usable checkpoint any more")
    seeds = len(confirmation.seeds)
    remark = f"{best.trial} had {best.metric}={best.value:.6g} in the sweep, and a worse mean over {seeds} fresh seeds"
    known = best.trial in {one.trial for one in confirmation.candidates}
    return replace(confirmed, confirmed=True, remark=remark if known else _not_compared(best, confirmation))


def _not_compared(best: Best, confirmation: Confirmation) -> str:
    why = confirmation.passed_over.get(best.trial)
    return f"{best.trial} had {best.metric}={best.value:.6g} in the sweep, and was not compared" + (
        f": {why}" if why else ""
    )


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
