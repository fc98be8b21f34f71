"""What a trial can be asked for by a name: facts, parameters, metrics, and what its sweep fixes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from search_spaces.errors import suggest
from sweeps.errors import InputError
from sweeps.records.opened import Opened
from sweeps.records.record import TrialRecord

FACTS = ("trial", "sweep", "state", "reason", "value", "seconds", "reports", "attempts")
# What a schedule made of a parameter at a report; under its own name the parameter is meant.
_NOT_ALONE = "learning_rate"


def named_values(sweep: Opened, trial: TrialRecord) -> dict[str, Any]:
    """All that ``trial`` has, by name; what it lacks is not there.

    ``value`` is its best of the sweep's metric; the other metrics are those of the same report, also as
    ``metrics.<name>``; parameters also as ``params.<name>``. Where two have the same name, a fact goes before a
    parameter, a parameter before a metric, and a metric before what the sweep fixes.
    """
    best = trial.best(sweep.record.metric, sweep.record.goal)
    metrics = dict(best.metrics) if best else {}
    facts = {
        "trial": trial.id,
        "sweep": sweep.label,
        "state": str(trial.state),
        "reason": trial.reason.code if trial.reason else None,
        "value": best.metrics[sweep.record.metric] if best else None,
        "seconds": trial.seconds,
        "reports": len(trial.reports),
        "attempts": trial.attempt,
    }
    return {
        **sweep.fixed(trial),
        **{name: value for name, value in metrics.items() if name != _NOT_ALONE},
        **{f"metrics.{name}": value for name, value in metrics.items()},
        **trial.params,
        **{f"params.{name}": value for name, value in trial.params.items()},
        **{name: value for name, value in facts.items() if value is not None},
    }


def known_names(sweeps: Iterable[Opened], values: Iterable[dict[str, Any]]) -> dict[str, None]:
    """Every name that any trial has or could have, in the order in which people think of them."""
    known = dict.fromkeys(FACTS)
    for sweep in sweeps:
        known |= dict.fromkeys(sweep.config.space.names if sweep.config else ())
        for trial in sweep.record.trials:
            known |= dict.fromkeys(trial.params)
            known |= dict.fromkeys(name for report in trial.reports for name in report.metrics)
    for one in values:
        known |= dict.fromkeys(one)
    return known


def refuse_unknown(name: str, known: Iterable[str], option: str, what: str = "name") -> None:
    """Refuse a name that no trial has.

    Raises:
        InputError: says which was probably meant.
    """
    # The long forms are for those who need them, and would only lengthen the list.
    names = [one for one in known if not one.startswith(("params.", "metrics."))]
    if name not in known:
        raise InputError(f"unknown {what} {name!r}", where=option, mend=suggest(name, names))
