"""Two trials against each other: what differs between them, how they went report by report, and what they cost."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from sweeps.records.opened import Opened
from sweeps.records.record import ReportRecord, TrialRecord
from sweeps.views.fitted_table import Column, FittedTable
from sweeps.views.text import metric_text, short_value
from sweeps.views.trial_page import thinned
from sweeps.views.trials_table import state_text

Side = tuple[Opened, TrialRecord]
Pair = tuple[Any, Any]
_COSTS = ("reports", "seconds", "train_seconds", "attempts")


@dataclass(frozen=True)
class Difference:
    """What differs between two trials.

    Attributes:
        names: of both; with their sweeps where these are two.
        metrics: that each is about.
        states: of both.
        settings: that differ, parameters before what the sweeps fix; ``None`` where one has none.
        alike: how many parameters are the same.
        best: the best reports.
        common: the reports of the same number.
        costs: number of reports, seconds on workers, seconds of training alone, attempts.
    """

    names: tuple[str, str]
    metrics: tuple[str, str]
    states: tuple[str, str]
    settings: Mapping[str, Pair]
    alike: int
    best: tuple[ReportRecord | None, ReportRecord | None]
    common: Sequence[tuple[ReportRecord, ReportRecord]]
    costs: Mapping[str, tuple[float, float]]


def difference(first: Side, second: Side) -> Difference:
    """What differs between two trials, of one sweep or of two."""
    sides = (first, second)
    here, there = ({**sweep.fixed(trial), **trial.params} for sweep, trial in sides)
    names = dict.fromkeys((*first[1].params, *second[1].params, *here, *there))
    pairs = {name: (here.get(name), there.get(name)) for name in names}
    params = {*first[1].params, *second[1].params}
    differing = {name: pair for name, pair in pairs.items() if _text(pair[0]) != _text(pair[1])}
    later = {report.number: report for report in second[1].reports}
    two = first[0] is not second[0]
    return Difference(
        names=_pair(f"{sweep.label}:{trial.id}" if two else trial.id for sweep, trial in sides),
        metrics=_pair(sweep.record.metric for sweep, _ in sides),
        states=_pair(state_text(trial) for _, trial in sides),
        settings=differing,
        alike=len(params - differing.keys()),
        best=_pair(trial.best(sweep.record.metric, sweep.record.goal) for sweep, trial in sides),
        common=[(one, later[one.number]) for one in first[1].reports if one.number in later],
        costs={name: _pair(_costs(trial)[name] for _, trial in sides) for name in _COSTS},
    )


def difference_json(found: Difference) -> dict[str, Any]:
    """Pairs are lists of two: of the first and of the second trial."""
    return {
        "trials": list(found.names),
        "metrics": list(found.metrics),
        "states": list(found.states),
        "settings": {name: list(pair) for name, pair in found.settings.items()},
        "alike": found.alike,
        "best": [{"report": one.number, "metrics": dict(one.metrics)} if one else None for one in found.best],
        "common": [
            {
                "report": one.number,
                "epoch": [one.epoch, other.epoch],
                "metrics": {name: [one.metrics[name], other.metrics[name]] for name in _shared(one, other)},
            }
            for one, other in found.common
        ],
        "costs": {name: list(pair) for name, pair in found.costs.items()},
    }


def difference_view(found: Difference) -> RenderableType:
    """Settings, the best reports, the common ones, and the cost."""
    parts: list[RenderableType] = [_settings(found), Text(""), _bests(found)]
    if found.common:
        parts += [Text(""), *_course(found)]
    else:
        parts += [Text(""), Text("they have no report of the same number", style="dim")]
    return Group(*parts, Text(""), _cost(found))


def _settings(found: Difference) -> RenderableType:
    table = _table("", found.names)
    table.add_row("state", *(Text(state) for state in found.states))
    for name, pair in found.settings.items():
        table.add_row(Text(name), *(Text("-" if value is None else _exact(value)) for value in pair))
    same = f"{found.alike} parameters are the same" if found.alike != 1 else "1 parameter is the same"
    none = "nothing that is set differs" if not found.settings else ""
    return Group(table, Text("; ".join(filter(None, (none, same))), style="dim"))


def _bests(found: Difference) -> RenderableType:
    one, other = found.best
    names = dict.fromkeys((*found.metrics, *(name for best in found.best if best for name in best.metrics)))
    table = _table("at the best report", found.names, "difference")
    table.add_row("report", *(str(best.number) if best else "-" for best in found.best), "")
    for name in names:
        if name in (f"best_{metric}" for metric in found.metrics):
            continue
        values = _pair(best.metrics.get(name) if best else None for best in (one, other))
        table.add_row(Text(name), *(metric_text(value) for value in values), _minus(values))
    return table


def _course(found: Difference) -> Iterator[RenderableType]:
    """Report by report, the metrics that both sweeps are about."""
    shown = {id(report) for report in thinned([one for one, _ in found.common], found.best[0])}
    pairs = [pair for pair in found.common if id(pair[0]) in shown]
    columns = [Column("report", [str(one.number) for one, _ in pairs])]
    if any(one.epoch for pair in pairs for one in pair):
        same = all(one.epoch == other.epoch for one, other in pairs)
        sides = ("epoch",) if same else tuple(f"epoch of {name}" for name in found.names)
        columns += [Column(head, [f"{pair[side].epoch:g}" for pair in pairs]) for side, head in enumerate(sides)]
    spare = 0
    for metric in dict.fromkeys((*found.metrics, "loss", "train_loss")):
        values = [_pair(report.metrics.get(metric) for report in pair) for pair in pairs]
        if all(value is None for pair in values for value in pair):
            continue
        for side, name in enumerate(found.names):
            columns.append(Column(f"{metric} {name}", [metric_text(pair[side]) for pair in values], spare=spare))
        columns.append(Column("difference", [_minus(pair) for pair in values], spare=spare))
        spare = 9 - spare if spare == 0 else spare - 1
    yield FittedTable(columns)
    if len(pairs) < len(found.common):
        yield Text(f"{len(pairs)} of {len(found.common)} common reports; all of them: --json", style="dim")


def _cost(found: Difference) -> RenderableType:
    table = _table("cost", found.names)
    for name, pair in found.costs.items():
        if name == "train_seconds" and not any(pair):  # a function of one's own does not count them
            continue
        table.add_row(
            name.replace("_", " "), *(f"{value:g}" if name in _COSTS[::3] else f"{value:.1f}" for value in pair)
        )
    return table


def _costs(trial: TrialRecord) -> dict[str, float]:
    return {
        "reports": len(trial.reports),
        "seconds": trial.seconds,
        "train_seconds": trial.reports[-1].train_seconds if trial.reports else 0.0,  # over all attempts
        "attempts": trial.attempt,
    }


def _table(title: str, names: tuple[str, str], *more: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    table.add_column(Text(title))
    for name in (*names, *more):
        table.add_column(Text(name), justify="right", overflow="fold")
    return table


def _shared(one: ReportRecord, other: ReportRecord) -> list[str]:
    return [name for name in one.metrics if name in other.metrics]


def _minus(values: Pair) -> str:
    """The second less the first, signed."""
    if None in values:
        return ""
    by = values[1] - values[0]
    return "0" if by == 0 else f"{by:+.3g}"


def _pair(values: Any) -> tuple[Any, Any]:
    one, other = values
    return one, other


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)


def _exact(value: Any) -> str:
    return repr(value) if isinstance(value, float) else short_value(value)
