"""What happened, a line each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sweeps.records.record import State, TrialRecord
from sweeps.views.overview import spent
from sweeps.views.standing import Standing
from sweeps.views.tally import FAILURES
from sweeps.views.text import counted, metric_text, short_params


def head_line(standing: Standing, before: int = 0) -> str:
    """What is going on; ``before``: trials that earlier drivers brought to their end."""
    on = f", going on after {before}" if before else ""
    planned = standing.planned
    amount = "trials until the budget is spent" if planned is None else counted(planned, "trial")
    return f"{standing.name}: {amount}, {standing.goal} {standing.metric}{on}"


def report_line(standing: Standing, event: Mapping[str, Any], trial: TrialRecord, better: bool) -> str:
    """``t0002 report 3 accuracy=0.5 best=0.95 (t0001)``."""
    value = metric_text(event["metrics"].get(standing.metric))
    best = "new best" if better else ""
    if not better and standing.tally.best is not None:
        holder, report = standing.tally.best
        best = f"best={metric_text(report.metrics[standing.metric])} ({holder.id})"
    return f"{trial.id} report {event['report']} {standing.metric}={value} {best}"


def start_line(trial: TrialRecord) -> str:
    """``t0002 running lr=3.1e-4``; empty unless it runs."""
    if trial.state is not State.RUNNING:
        return ""
    again = f" again, attempt {trial.attempt}" if trial.attempt > 1 else ""
    parent = f" from {trial.parent.text}" if trial.parent and not again else ""
    return f"{trial.id} running{again}{parent} {' '.join(short_params(trial.params))}"


def end_line(standing: Standing, trial: TrialRecord) -> str:
    """``t0002 stopped (asha) after 2 reports, at best accuracy=0.5; 2 of 4 done, about 60 s (...)``."""
    reason = f" ({trial.reason.code})" if trial.reason and trial.reason.code != trial.state else ""
    if not trial.state.final:
        return f"{trial.id} {trial.state}{reason}"
    if trial.state in FAILURES:
        what = f": {trial.reason.text}" if trial.reason and trial.reason.text else ""
    else:
        best = trial.best(standing.metric, standing.goal)
        what = f", at best {standing.metric}={metric_text(best.metrics[standing.metric])}" if best else ""
    left = standing.left
    of = f" of {standing.planned}" if standing.planned is not None else ""
    used = spent(standing.cost, standing.limits)
    parts = (f"{standing.tally.done}{of} done", used and f"spent {used}", left.text if left else "")
    done = ", ".join(filter(None, parts))
    return f"{trial.id} {trial.state}{reason} after {counted(len(trial.reports), 'report')}{what}; {done}"
