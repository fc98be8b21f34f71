"""How a sweep stands, at a glance: what the live view shows while it runs and ``status`` shows at any time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from sweeps.records.record import Cost, State, TrialRecord
from sweeps.views.tally import Tally
from sweeps.views.text import duration, metric_text, short_params

COLOURS = {
    State.RUNNING: "cyan", State.FINISHED: "green", State.STOPPED: "yellow", State.FAILED: "red",
    State.DIVERGED: "magenta", State.INTERRUPTED: "yellow",
}  # fmt: skip
SHOWN = 8


def overview(
    head: str,
    metric: str,
    tally: Tally,
    *,
    planned: int | None,
    spent: str = "",
    left: str = "",
    running: Sequence[TrialRecord] = (),
) -> RenderableType:
    """A few lines: how far, the best so far, what failed and why, and the trials that run.

    Args:
        head: the first line.
        metric: name of the metric.
        tally: the counts.
        planned: number of trials, where it is known.
        spent: what was spent, of how much, in words.
        left: how long it will still take, in words.
        running: trials to list.
    """
    lines = Table.grid(padding=(0, 2))
    lines.add_column(style="dim")
    lines.add_column()
    done = f"{tally.done} of {planned} done" if planned else f"{tally.done} done"
    states = Text(done)
    for state in State:
        if tally.states[state]:
            states.append("  ").append(f"{tally.states[state]} {state}", style=COLOURS.get(state, ""))
    lines.add_row("trials", states)
    lines.add_row("best", _best(metric, tally))
    if tally.reasons:
        lines.add_row(
            "failures", Text(", ".join(f"{n} {code}" for code, n in tally.reasons.most_common()), style="red")
        )
    if spent:
        lines.add_row("spent", Text(spent))
    if left:
        lines.add_row("left", Text(left))
    parts: list[RenderableType] = [Text(head, style="bold"), lines]
    if running:
        parts.append(_running(metric, running))
    return Group(*parts)


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


def time_left(done: int, planned: int | None, seconds: float, done_before: int = 0) -> str:
    """``about 12 min (8 trials took 3 min)``; empty while there is nothing to go by.

    Args:
        done: trials at their end.
        planned: of how many.
        seconds: this driver has been at it.
        done_before: of ``done``, those that earlier drivers saw to.
    """
    here = done - done_before
    if not planned or here < 2 or done >= planned:
        return ""
    return f"about {duration(seconds * (planned - done) / here)} ({here} trials took {duration(seconds)})"


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
