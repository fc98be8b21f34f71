"""How a sweep stands, at a glance: what the live view shows while it runs and ``status`` shows at any time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from sweeps.records.record import Cost, State, TrialRecord
from sweeps.views.sparkline import Sparkline
from sweeps.views.standing import Standing
from sweeps.views.tally import Tally
from sweeps.views.text import duration, metric_text, short_params

COLOURS = {
    State.RUNNING: "cyan", State.FINISHED: "green", State.STOPPED: "yellow", State.FAILED: "red",
    State.DIVERGED: "magenta", State.INTERRUPTED: "yellow",
}  # fmt: skip
SHOWN = 8


def overview(head: str, standing: Standing, running: Sequence[TrialRecord] = (), *, left: str = "") -> RenderableType:
    """A few lines: how far, the best so far and how it came to that, what failed and why, and the trials that run.

    Args:
        head: the first line.
        standing: of the sweep.
        running: trials to list.
        left: how long it will still take, in words.
    """
    tally, planned = standing.tally, standing.planned
    lines = Table.grid(padding=(0, 2))
    lines.add_column(style="dim", no_wrap=True)
    lines.add_column()
    done = f"{tally.done} of {planned} done" if planned else f"{tally.done} done"
    states = Text(done)
    for state in State:
        if tally.states[state]:
            states.append("  ").append(f"{tally.states[state]} {state}", style=COLOURS.get(state, ""))
    lines.add_row("trials", states)
    lines.add_row("best", _best(standing.metric, tally))
    if len(standing.course) > 1:
        lines.add_row("so far", Sparkline(standing.course, standing.meter.seconds))
    if tally.reasons:
        lines.add_row("failures", Text(_failures(tally), style="red"))
    if used := spent(standing.cost, standing.limits):
        lines.add_row("spent", Text(used))
    if left:
        lines.add_row("left", Text(left))
    if work := _work(standing):
        lines.add_row("slots" if standing.slots else "workers", Text(work))
    parts: list[RenderableType] = [Text(head, style="bold"), lines]
    if running:
        parts.append(_running(standing.metric, running))
    return Group(*parts)


def facts(standing: Standing, *, left: str = "") -> Iterator[tuple[str, str]]:
    """The same lines as names and plain texts, without the line of blocks."""
    tally, planned = standing.tally, standing.planned
    counts = [f"{tally.states[state]} {state}" for state in State if tally.states[state]]
    yield "trials", ", ".join([f"{tally.done} of {planned} done" if planned else f"{tally.done} done", *counts])
    yield "best", _best(standing.metric, tally).plain
    if tally.reasons:
        yield "failures", _failures(tally)
    if used := spent(standing.cost, standing.limits):
        yield "spent", used
    if left:
        yield "left", left
    if work := _work(standing):
        yield "slots" if standing.slots else "workers", work


def _failures(tally: Tally) -> str:
    return ", ".join(f"{n} {code}" for code, n in tally.reasons.most_common())


def _work(standing: Standing) -> str:
    """What the slots do: ``2 of 2 busy, 93% so far; 0.35 s a report; at most 3.2 GB on a device``."""
    running, parts = len(standing.tally.running), []
    if standing.slots:
        share = f"busy {standing.busy:.0%} of the time" if standing.busy is not None else ""
        now = f"{running} of {standing.slots} busy" if running else str(standing.slots)
        parts.append(", ".join(filter(None, (now, share.removeprefix("busy ") if running else share))))
    elif running:
        parts.append(f"{running} busy")
    if standing.report_seconds:
        parts.append(f"{_seconds(standing.report_seconds)} a report")
    if standing.memory:
        parts.append(f"at most {_figure(standing.memory)} GB on a device")
    return "; ".join(parts)


def _seconds(value: float) -> str:
    return f"{value:.2g} s" if value < 10 else duration(value)


def spent(cost: Cost, limits: Mapping[str, Any]) -> str:
    """``4.2 of 6 trainings, 1.3 of 12 device hours``: what the budget counts; empty where there is none.

    Args:
        cost: so far.
        limits: the budget as the ledger has it, with the ``devices`` of a trial.
    """
    used = {
        "trainings": cost.trainings,
        "device_hours": cost.worker_seconds / 3600 * limits.get("devices", 1.0),
        "hours": cost.seconds / 3600,
    }
    parts = [(used[name], limits[name], name.replace("_", " ")) for name in used if limits.get(name) is not None]
    return ", ".join(f"{_figure(gone)} of {limit:g} {name}" for gone, limit, name in parts)


def _figure(value: float) -> str:
    return f"{value:.2g}" if value < 1 else f"{value:.1f}"


def _best(metric: str, tally: Tally) -> Text:
    if tally.best is None:
        return Text("none yet", style="dim")
    trial, report = tally.best
    text = Text(f"{metric}={metric_text(report.metrics[metric])}", style="bold")
    text.append(f"  {trial.id} at report {report.number}", style="not bold")
    return text.append(f"  {' '.join(short_params(trial.params))}", style="not bold dim")


def _running(metric: str, trials: Sequence[TrialRecord]) -> RenderableType:
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    table.add_column("running", no_wrap=True)
    table.add_column("report", justify="right", no_wrap=True)
    table.add_column(metric, justify="right", no_wrap=True)
    table.add_column("parameters")  # the only one that may shrink
    for trial in trials[:SHOWN]:
        value = trial.reports[-1].metrics.get(metric) if trial.reports else None
        params = Text(" ".join(short_params(trial.params)), no_wrap=True, overflow="ellipsis")
        table.add_row(trial.id, str(trial.reached or "-"), metric_text(value), params)
    if len(trials) > SHOWN:
        table.add_row(f"and {len(trials) - SHOWN} more")
    return table
