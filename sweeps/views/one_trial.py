"""One trial of a sweep with all that belongs to it, and its place among the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sweeps.records.opened import Opened
from sweeps.records.record import ReportRecord, TrialRecord
from sweeps.views.tally import FAILURES


@dataclass(frozen=True)
class Rank:
    """The place of a trial, from 1, among ``of`` that have a value."""

    place: int
    of: int


@dataclass(frozen=True, eq=False)
class OneTrial:
    """A trial and its surroundings.

    Attributes:
        sweep: that it belongs to.
        trial: it.
        best: its best report.
        rank: by its best value, among all trials that neither failed nor diverged.
        last_rank: by its last report, among all that have a report of that number.
        leader: the best trial, where it is another one.
        fixed: what the sweep fixes for its training and is not as by default.
        checkpoint: of its reports, the best whose checkpoint is there.
        log: the last lines of what it printed; ``None``: it has no log.
        train: the command that trains its configuration again, or why there is none.
        export: the command that takes its model home, or why there is none.
    """

    sweep: Opened
    trial: TrialRecord
    best: ReportRecord | None
    rank: Rank | None
    last_rank: Rank | None
    leader: TrialRecord | None
    fixed: Mapping[str, Any]
    checkpoint: ReportRecord | None
    log: tuple[str, ...] | None
    train: str
    export: str


def ranked(sweep: Opened) -> list[TrialRecord]:
    """The trials with a value, the best first."""
    metric, goal = sweep.record.metric, sweep.record.goal
    found = [(best.metrics[metric], trial) for trial in sweep.record.trials
             if trial.state not in FAILURES and (best := trial.best(metric, goal)) is not None]  # fmt: skip
    found.sort(key=lambda one: one[0], reverse=goal == "maximize")
    return [trial for _, trial in found]


def rank(best_first: Sequence[TrialRecord], trial: TrialRecord) -> Rank | None:
    """The place of ``trial`` among them; ``None`` where it is none of them."""
    places = {one.id: place for place, one in enumerate(best_first, 1)}
    return Rank(places[trial.id], len(places)) if trial.id in places else None


def last_rank(sweep: Opened, trial: TrialRecord) -> Rank | None:
    """The place of ``trial`` at its last report, among all that came to a report of that number."""
    metric, goal = sweep.record.metric, sweep.record.goal
    if not trial.reports or metric not in trial.reports[-1].metrics:
        return None
    last = trial.reports[-1]
    values = [one.metrics[metric] for other in sweep.record.trials for one in other.reports
              if one.number == last.number and metric in one.metrics]  # fmt: skip
    own = last.metrics[metric]
    better = sum(value > own if goal == "maximize" else value < own for value in values)
    return Rank(better + 1, len(values))
