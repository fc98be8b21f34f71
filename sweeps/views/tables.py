"""What the command line shows of a sweep, as tables for people and as plain data for ``--json``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from sweeps.records.best import Best, settled_best
from sweeps.records.commands import Broken, Command
from sweeps.records.record import SweepRecord, TrialRecord
from sweeps.views.confirmation import confirmation_json, look_json, look_of
from sweeps.views.confirmation import standing as standing_of_best
from sweeps.views.overview import overview
from sweeps.views.standing import Standing
from sweeps.views.tally import Tally
from sweeps.views.text import duration, short_value
from sweeps.views.trials_table import TrialsTable


def trial_json(record: SweepRecord, trial: TrialRecord) -> dict[str, Any]:
    """One trial. ``value`` is its best value of the sweep's metric, at report ``best_report``, whose whole ``metrics``
    stand beside it; null without one.

    ``reports`` is their number, ``seconds`` the time on a worker; ``parent`` the report of another trial whose
    checkpoint it began from, or null; ``outside`` why the sweep, since it was extended, has no such trial, or null.
    """
    best = trial.best(record.metric, record.goal)
    last = trial.reports[-1] if trial.reports else None
    return {
        "trial": trial.id,
        "params": dict(trial.params),
        "parent": {"trial": trial.parent.trial, "report": trial.parent.report} if trial.parent else None,
        "state": str(trial.state),
        "reason": {"code": trial.reason.code, "text": trial.reason.text} if trial.reason else None,
        "metric": record.metric,
        "value": best.metrics[record.metric] if best else None,
        "best_report": best.number if best else None,
        "metrics": dict(best.metrics) if best else None,
        "last_value": last.metrics.get(record.metric) if last else None,
        "reports": len(trial.reports),
        "step": last.step if last else 0,
        "epoch": last.epoch if last else 0.0,
        "seconds": trial.seconds,
        "attempts": trial.attempt,
        "worker": dict(trial.worker) if trial.worker else None,
        "outside": trial.outside or None,
    }


def trials_json(record: SweepRecord) -> list[dict[str, Any]]:
    """All trials in order; ``best`` marks the one with the best value of those that neither failed nor diverged."""
    best = Tally(record.metric, record.goal, record.trials).best
    return [{**trial_json(record, one), "best": best is not None and best[0].id == one.id} for one in record.trials]


def best_json(record: SweepRecord, best: Best) -> dict[str, Any]:
    """The best trial; ``checkpoint`` is relative to the sweep's folder.

    ``confirmed``: whether its configuration won over fresh seeds, as `sweeps confirm` trains them; ``confirmation`` is
    the latest, with the table, null without one; ``test`` is the latest look at the test split by this checkpoint.
    """
    look = look_of(record, best)
    return {
        "sweep": record.name,
        "trial": best.trial,
        "params": dict(best.params),
        "parent": {"trial": best.parent.trial, "report": best.parent.report} if best.parent else None,
        "metric": best.metric,
        "goal": best.goal,
        "value": best.value,
        "report": best.report,
        "checkpoint": best.checkpoint,
        "state": str(best.state),
        "stopped_early": best.stopped_early,
        "note": best.note,
        "confirmed": best.confirmed,
        "confirmation": confirmation_json(record.confirmation) if record.confirmation else None,
        "test": look_json(look) if look else None,
        "looks": len(record.looks),
        "outside": best.outside or None,
    }


def status_json(
    record: SweepRecord, standing: Standing | None = None, asked: Sequence[Command | Broken] = ()
) -> dict[str, Any]:
    """How the sweep stands. ``trials`` counts them by state, ``failures`` by reason; ``best`` is null without one;
    ``tests`` has every look at the test split.

    By its events also ``left`` {seconds, basis, at_most} while it runs, ``slots``, the share of their time that trials
    had (``busy``, 0 to 1) and a worker's ``report_seconds``; each null where it is not known. ``waiting`` is what was
    asked of it and not done yet.
    """
    standing = standing or Standing.read(record)
    tally = standing.tally
    left = standing.left if record.state == "running" else None
    best = settled_best(record, "", usable_only=False)
    return {
        "name": record.name,
        "state": record.state,
        "metric": record.metric,
        "goal": record.goal,
        "planned": record.planned,
        "trials": {str(state): count for state, count in tally.states.items()},
        "done": tally.done,
        "failures": dict(tally.reasons),
        "best": best_json(record, best) if best else None,
        "seconds": record.seconds,
        "worker_seconds": record.cost.worker_seconds,
        "trainings": record.cost.trainings,
        "attempts": record.attempts,
        "tests": [look_json(look) for look in record.looks],
        "extensions": record.generation - 1,
        "left": asdict(left) if left else None,
        "slots": standing.slots,
        "busy": standing.busy,
        "report_seconds": standing.report_seconds,
        "waiting": [one.text for one in asked],
    }


def trials_table(record: SweepRecord) -> RenderableType:
    """All trials in order, the best one marked."""
    return TrialsTable(record)


def best_panel(record: SweepRecord, best: Best) -> RenderableType:
    """The best trial, with its parameters one a line."""
    lines = Table.grid(padding=(0, 2))
    lines.add_row(Text(best.metric), Text(f"{best.value:.6g}", style="bold"))
    lines.add_row("report", Text(f"{best.report}"))
    if best.checkpoint:
        lines.add_row("checkpoint", Text(best.checkpoint))
    for name, text in standing_of_best(record, best):
        lines.add_row(name, Text(text))
    for name, value in best.params.items():
        lines.add_row(Text(name, style="dim"), Text(_exact(value)))
    parts: list[RenderableType] = [lines]
    if best.note:
        parts.append(Text(best.note, style="yellow"))
    return Panel.fit(Group(*parts), title=Text(f"{best.trial} of {record.name}"), title_align="left")


def status_view(
    record: SweepRecord, standing: Standing | None = None, asked: Sequence[Command | Broken] = ()
) -> RenderableType:
    """How the sweep stands, in a few lines; ``standing`` is what its events tell besides, ``asked`` what waits."""
    standing = standing or Standing.read(record)
    left = standing.left if record.state == "running" else None
    head = f"{record.name}: {record.state}, {duration(record.seconds)}"
    seen = overview(head, standing, standing.tally.running, left=left.text if left else "")
    if asked:
        seen = Group(seen, *(Text(f"waiting  {one.text}", style="yellow") for one in asked))
    best = settled_best(record, "", usable_only=False)
    if best is None or record.confirmation is None:
        return seen
    lines = Table.grid(padding=(0, 2))
    lines.add_column(style="dim")
    for name, text in [("winner", best.trial), *standing_of_best(record, best)]:
        lines.add_row(name, Text(text))
    return Group(seen, lines)


def _exact(value: Any) -> str:
    return repr(value) if isinstance(value, float) else short_value(value)
