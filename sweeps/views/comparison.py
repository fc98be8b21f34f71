"""Trials of one sweep or of several side by side: which of them, in which order, and what differs between them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sweeps.errors import InputError
from sweeps.records.opened import Opened
from sweeps.records.record import Goal, ReportRecord, TrialRecord
from sweeps.views.metrics import metrics_of
from sweeps.views.tally import FAILURES
from sweeps.views.trial_filter import TrialFilter
from sweeps.views.trial_names import known_names, named_values, refuse_unknown

VALUE = "value"


@dataclass(frozen=True)
class Asked:
    """What somebody wants to see; see `compare`."""

    where: str = ""
    sort: str = VALUE
    reverse: bool = False
    metrics: tuple[str, ...] = ()
    top: int | None = None
    all_parameters: bool = False


@dataclass(frozen=True, eq=False)
class Row:
    """A trial, its best report by the metric of its sweep, and all that it has by name."""

    sweep: Opened
    trial: TrialRecord
    best: ReportRecord | None
    values: Mapping[str, Any]


@dataclass(frozen=True)
class Comparison:
    """What is shown.

    Attributes:
        sweeps: that were asked for.
        rows: in the order that was asked for.
        matched: how many trials fulfil the filter, those that are not shown among them.
        metrics: that are shown beside the sweeps' own.
        parameters: that are shown: by default those that differ.
        alike: the parameters that are the same in all, with their values.
        mixed: whether the sweeps are about different metrics, and so sorted each by itself.
        notes: what to know, a line each.
    """

    sweeps: Sequence[Opened]
    rows: Sequence[Row]
    matched: int
    metrics: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    alike: Mapping[str, Any] = field(default_factory=dict)
    mixed: bool = False
    notes: tuple[str, ...] = ()


def compare(sweeps: Sequence[Opened], asked: Asked) -> Comparison:
    """The trials that are asked for.

    By default they are sorted by the sweep's metric, the best first, and those that failed or diverged last; by
    anything else the smallest first, but for a metric of which it is known that more is better. Who lacks it comes
    last, whichever way. Where the sweeps are about different metrics, each is sorted by its own, and ``top`` counts
    for each; ``sort`` by a metric that they share brings them together.

    Raises:
        InputError: a name that no trial has, or an expression that cannot be read.
    """
    everyone = [_row(sweep, trial) for sweep in sweeps for trial in sweep.record.trials]
    known = known_names(sweeps, (dict(row.values) for row in everyone))
    refuse_unknown(asked.sort, known, "--sort")
    reported = metrics_of(tuple(row.trial for row in everyone))
    for name in asked.metrics:
        refuse_unknown(name, dict.fromkeys(reported), "--metrics", "metric")
    taken = everyone
    if asked.where:
        texts = frozenset(value for row in everyone for value in row.values.values() if isinstance(value, str))
        holds = TrialFilter(asked.where, known, texts)([row.values for row in everyone])
        taken = [row for row, held in zip(everyone, holds, strict=True) if held]
    apart = asked.sort == VALUE and len({(one.record.metric, one.record.goal) for one in sweeps}) > 1
    groups = [[row for row in taken if row.sweep is sweep] for sweep in sweeps] if apart else [taken]
    rows = [row for group in groups for row in _sorted(group, asked, sweeps)[: asked.top]]
    names, alike = _told_apart(taken, sweeps)
    everything = asked.all_parameters or len(taken) < 2
    return Comparison(
        sweeps=sweeps,
        rows=rows,
        matched=len(taken),
        metrics=tuple(dict.fromkeys(asked.metrics)),
        parameters=tuple(name for name in names if everything or name not in alike),
        alike=alike,
        mixed=len({one.record.metric for one in sweeps}) > 1,
        notes=tuple(_notes(sweeps, asked, apart)),
    )


def goal_of(name: str, sweeps: Iterable[Opened]) -> Goal | None:
    """Which way a metric is better, by the sweeps that are about it, or by their task; ``None`` where nobody knows."""
    from sweeps.config import FunctionTrainer
    from trainer.tasks import get_task

    for sweep in sweeps:
        if name in (sweep.record.metric, f"metrics.{sweep.record.metric}"):
            return sweep.record.goal
    for sweep in sweeps:
        if sweep.config is not None and not isinstance(sweep.config.trainer, FunctionTrainer):
            goals: Mapping[str, Goal] = get_task(sweep.config.trainer.task).goals
            if (goal := goals.get(name.removeprefix("metrics."))) is not None:
                return goal
    return None


def _row(sweep: Opened, trial: TrialRecord) -> Row:
    best = trial.best(sweep.record.metric, sweep.record.goal)
    return Row(sweep, trial, best, named_values(sweep, trial))


def _sorted(rows: Sequence[Row], asked: Asked, sweeps: Sequence[Opened]) -> list[Row]:
    goal = (rows[0].sweep.record.goal if rows else None) if asked.sort == VALUE else goal_of(asked.sort, sweeps)
    having = [row for row in rows if asked.sort in row.values]
    lacking = [row for row in rows if asked.sort not in row.values]
    having.sort(key=lambda row: _key(row.values[asked.sort]), reverse=(goal == "maximize") is not asked.reverse)
    if asked.sort == VALUE:  # a value of before it diverged recommends nobody
        having.sort(key=lambda row: row.trial.state in FAILURES)
    return having + lacking


def _key(value: Any) -> tuple[int, Any]:
    """Numbers before texts before all else."""
    if isinstance(value, int | float):
        return 0, value
    return (1, value) if isinstance(value, str) else (2, json.dumps(value, sort_keys=True, default=str))


def _told_apart(rows: Sequence[Row], sweeps: Sequence[Opened]) -> tuple[tuple[str, ...], dict[str, Any]]:
    """All parameters, and those that are the same in all trials with their values.

    Between sweeps also what one of them fixes and another one searches, or fixes otherwise.
    """
    names = dict.fromkeys(name for row in rows for name in row.trial.params)
    settings = {id(row): row.trial.params for row in rows}
    if len(sweeps) > 1 or len({row.trial.generation for row in rows}) > 1:
        settings = {id(row): {**row.sweep.fixed(row.trial), **row.trial.params} for row in rows}
        fixed = dict.fromkeys(name for row in rows for name in row.sweep.fixed(row.trial))
        names |= {name: None for name in fixed if len({_text(settings[id(row)], name) for row in rows}) > 1}
    alike = [name for name in names if len({_text(settings[id(row)], name) for row in rows}) == 1]
    return tuple(names), {name: settings[id(rows[0])][name] for name in alike}


def _text(settings: Mapping[str, Any], name: str) -> str:
    return json.dumps(settings[name], sort_keys=True, default=str) if name in settings else ""


def _notes(sweeps: Sequence[Opened], asked: Asked, apart: bool) -> Iterable[str]:
    if apart:
        about = ", ".join(f"{one.label} {one.record.goal}s {one.record.metric}" for one in sweeps)
        shared = [name for name in dict.fromkeys(one.record.metric for one in sweeps) if _in_all(name, sweeps)]
        mend = f"; all together: --sort {shared[0]}" if shared else "; they have no metric in common"
        yield f"each sweep is sorted by itself ({about}){mend}"
    if len(sweeps) > 1 and (names := _other_data(sweeps)):
        yield f"the sweeps were not trained on the same data ({', '.join(names)}): their values may not compare"
    if asked.metrics:
        yield "metrics are those of each trial's best report by the metric of its sweep"


def _in_all(metric: str, sweeps: Sequence[Opened]) -> bool:
    return all(metric in metrics_of(sweep.record.trials) for sweep in sweeps)


def _other_data(sweeps: Sequence[Opened]) -> list[str]:
    """The settings about data that are fixed and not the same in all sweeps; scaling changes no row."""
    known = [one.config.to_mapping()["trainer"] for one in sweeps if one.config is not None]
    data = [one["data"] for one in known if isinstance(one.get("data"), Mapping)]
    names = dict.fromkeys(name for one in data for name in one if name != "scaling")
    return [f"data.{name}" for name in names if len({_text(one, name) for one in data}) > 1]


def split_names(text: str) -> tuple[str, ...]:
    """``f1,accuracy`` as names.

    Raises:
        InputError: there are none.
    """
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    if text and not names:
        raise InputError(f"expected names, got {text!r}", where="--metrics", mend="as in --metrics f1_macro,accuracy")
    return names
