"""All trials as CSV: one row each, with every parameter and every metric at its best and at its last report."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

from sweeps.records.record import SweepRecord
from sweeps.views.report.trials import names_of, rows_of


def spreadsheet(record: SweepRecord) -> str:
    """Columns: ``trial``, ``state``, ``reason`` (a code), ``text``, ``reports``, ``best_report``, ``seconds``,
    ``trainable``, ``parent``, ``outside``, ``params.<name>``, ``best.<metric>``, ``last.<metric>``.

    What there is not is empty; values that are no scalars are JSON.
    """
    rows, names = rows_of(record), names_of(record)
    metrics = list(dict.fromkeys(name for row in rows for name in (*row.best_metrics, *row.last_metrics)))
    metrics.sort(key=lambda name: name != record.metric)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    heads = ["trial", "state", "reason", "text", "reports", "best_report", "seconds", "trainable", "parent", "outside"]
    ends = [f"{which}.{name}" for which in ("best", "last") for name in metrics]
    writer.writerow([*heads, *(f"params.{name}" for name in names), *ends])
    for row in rows:
        writer.writerow([
            row.trial, row.state, row.code, row.reason, row.reports, _cell(row.best_report), repr(row.seconds),
            _cell(row.trainable), row.parent, row.outside,
            *(_cell(row.params[name]) if name in row.params else "" for name in names),
            *(_cell(row.best_metrics.get(name)) for name in metrics),
            *(_cell(row.last_metrics.get(name)) for name in metrics),
        ])  # fmt: skip
    return out.getvalue()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return json.dumps(value, ensure_ascii=False)
    return repr(value) if isinstance(value, float) else str(value)
