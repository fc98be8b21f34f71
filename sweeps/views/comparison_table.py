"""A comparison as a table for people, as plain data for ``--json``, and as CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from sweeps.views.comparison import Comparison, Row
from sweeps.views.fitted_table import Column, FittedTable
from sweeps.views.tables import trial_json
from sweeps.views.tally import FAILURES
from sweeps.views.text import metric_text, short_names, short_value
from sweeps.views.trials_table import state_column

_ALIKE = 8  # parameters that are the same in all, named


def comparison_json(found: Comparison) -> dict[str, Any]:
    """``trials`` are as ``sweeps list --json`` has them, with ``sweep`` and its ``folder``, and the ``settings`` which
    the sweep fixes where they differ; ``matched`` counts those that fulfil the filter, before ``top``.
    """
    return {
        "sweeps": [
            {
                "sweep": one.label,
                "folder": str(one.folder),
                "metric": one.record.metric,
                "goal": one.record.goal,
                "state": one.record.state,
                "trials": len(one.record.trials),
            }
            for one in found.sweeps
        ],
        "matched": found.matched,
        "parameters": list(found.parameters),
        "alike": dict(found.alike),
        "notes": list(found.notes),
        "trials": [_trial_json(found, row) for row in found.rows],
    }


def comparison_csv(found: Comparison) -> str:
    """As RFC 4180 has it: a head, commas, lines that end in CR and LF, quotes where they are needed.

    Values are whole, not shortened; what a trial lacks is empty.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    facts = ("sweep", "trial", "state", "reason", "metric", "value", "best_report", "reports", "seconds")
    metrics = [f"metrics.{name}" for name in found.metrics]
    writer.writerow([*facts, *metrics, *(f"params.{name}" for name in found.parameters)])
    for row in found.rows:
        said = {**trial_json(row.sweep.record, row.trial), "reason": row.values.get("reason"), "sweep": row.sweep.label}
        cells = [said[name] for name in facts]
        cells += [row.values.get(name) for name in metrics]
        cells += [_setting(row, name) for name in found.parameters]
        writer.writerow([_cell(cell) for cell in cells])
    return out.getvalue()


def comparison_view(found: Comparison) -> RenderableType:
    """A row for each trial, the best one of its sweep's metric marked."""
    best = _best(found)
    rows = ["bold" if id(row) in best else "" for row in found.rows]
    mend = "use --csv or --json"
    return Group(FittedTable(_columns(found, best), rows, mend), *(Text(line, style="dim") for line in _lines(found)))


def _columns(found: Comparison, best: set[int]) -> list[Column]:
    rows = found.rows
    values = [metric_text(row.values.get("value")) for row in rows]
    starred = [f"*{value}" if id(row) in best else value for row, value in zip(rows, values, strict=True)]
    own = {row.record.metric for row in found.sweeps}
    columns = [
        Column("trial", [row.trial.id for row in rows], left=True),
        state_column(tuple(row.trial for row in rows)),
        Column("value" if found.mixed else next(iter(own)), starred),
    ]
    if found.mixed:
        columns.insert(2, Column("metric", [row.sweep.record.metric for row in rows], left=True))
    if len(found.sweeps) > 1:
        columns.insert(0, Column("sweep", [row.sweep.label for row in rows], left=True))
    for name in found.metrics:
        if found.mixed or name not in own:
            columns.append(Column(name, [metric_text(row.values.get(f"metrics.{name}")) for row in rows]))
    columns.append(Column("reports", [str(row.trial.reached) for row in rows], spare=2))
    columns.append(Column("seconds", [f"{row.trial.seconds:.1f}" for row in rows], spare=1))
    for place, (name, head) in enumerate(short_names(found.parameters).items()):
        cells = ["" if (value := _setting(row, name)) is None else short_value(value) for row in rows]
        columns.append(Column(head, cells, spare=3 + len(found.parameters) - place))
    return columns


def _lines(found: Comparison) -> Iterator[str]:
    total = sum(len(one.record.trials) for one in found.sweeps)
    if _best(found):
        what = "of each metric" if found.mixed else found.sweeps[0].record.metric
        yield f"* the best {what}{' of these' if len(found.rows) < total else ''}"
    if found.matched < total or len(found.rows) < found.matched:
        asked = f", {len(found.rows)} of them shown" if len(found.rows) < found.matched else ""
        yield f"{found.matched} of {total} trials{asked}"
    hidden = [name for name in found.alike if name not in found.parameters]
    if hidden:
        said = ", ".join(f"{name}={short_value(found.alike[name])}" for name in hidden[:_ALIKE])
        more = f" and {len(hidden) - _ALIKE} more" if len(hidden) > _ALIKE else ""
        yield f"the same in all: {said}{more}"
    yield from found.notes


def _best(found: Comparison) -> set[int]:
    """The rows with the best value of each metric, of trials that neither failed nor diverged."""
    best: dict[tuple[str, str], Row] = {}
    for row in found.rows:
        value, key = row.values.get("value"), (row.sweep.record.metric, row.sweep.record.goal)
        if value is None or row.trial.state in FAILURES:
            continue
        sign = -1.0 if key[1] == "maximize" else 1.0
        if key not in best or sign * value < sign * best[key].values["value"]:
            best[key] = row
    return {id(row) for row in best.values()}


def _trial_json(found: Comparison, row: Row) -> dict[str, Any]:
    fixed = row.sweep.fixed(row.trial)
    settings = {name: fixed[name] for name in found.parameters if name not in row.trial.params and name in fixed}
    said = trial_json(row.sweep.record, row.trial)
    return {"sweep": row.sweep.label, "folder": str(row.sweep.folder), **said, "settings": settings}


def _setting(row: Row, name: str) -> Any:
    return row.trial.params[name] if name in row.trial.params else row.sweep.fixed(row.trial).get(name)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return json.dumps(value, default=str)
