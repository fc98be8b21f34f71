"""How a sweep stands as a piece of HTML, for a notebook: no script, no style of the page touched, light or dark."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from sweeps.records.best import Best, leaders
from sweeps.records.record import Goal, SweepRecord, TrialRecord
from sweeps.views.best_line import best_line
from sweeps.views.overview import facts
from sweeps.views.standing import Standing
from sweeps.views.text import metric_text, short_names, short_value

SHOWN = 10

# Colours come from the page: text of its own colour, lines of half of it.
TEXT = "font: 13px/1.45 system-ui, sans-serif; color: inherit;"
_BOX = f"{TEXT} max-width: 60em; overflow-x: auto;"
_LINE = "border-bottom: 1px solid color-mix(in srgb, currentColor 25%, transparent);"
_TABLE = "border-collapse: collapse; font: inherit; color: inherit;"
_CELL = "padding: 2px 10px 2px 0; text-align: {side}; vertical-align: top; background: none; white-space: nowrap;"


def live_html(standing: Standing) -> str:
    """While it runs: what the live table of a terminal has."""
    left = standing.left
    head = f"{standing.name}: {standing.goal} {standing.metric}"
    rows = facts(standing, left=left.text if left else "")
    running = trials_html(standing.metric, [(one, False) for one in standing.tally.running], standing.goal)
    return _box(head, rows, best_line(standing.course, standing.meter.seconds), running)


def record_html(record: SweepRecord, standing: Standing) -> str:
    """At any time: the same of a sweep that is read, and its best trials."""
    head = f"{record.name}: {record.state}, {record.goal} {record.metric}"
    by_id = {one.id: one for one in record.trials}
    first = [by_id[id] for id in leaders(record, SHOWN)]
    first += [one for one in record.trials if one not in first][: SHOWN - len(first)]
    best = standing.tally.best[0].id if standing.tally.best else ""
    table = trials_html(record.metric, [(one, one.id == best) for one in first], record.goal)
    more = len(record.trials) - len(first)
    rest = f"<p>and {more} more: <code>.to_pandas()</code> has all</p>" if more > 0 else ""
    return _box(head, facts(standing), best_line(standing.course, standing.meter.seconds), table + rest)


def trials_html(metric: str, trials: Sequence[tuple[TrialRecord, bool]], goal: Goal) -> str:
    """A row for each: its state, its best value, reports and parameters; ``True`` is the best one."""
    if not trials:
        return ""
    names = short_names(dict.fromkeys(name for one, _ in trials for name in one.params))
    heads = ["trial", "state", metric, "reports", "seconds", *names.values()]
    rows = []
    for one, best in trials:
        report = one.best(metric, goal)
        value = metric_text(report.metrics[metric] if report else None)
        cells = [one.id, str(one.state), value, str(one.reached), f"{one.seconds:.1f}"]
        cells += [short_value(one.params[name]) if name in one.params else "" for name in names]
        rows.append(_row("td", cells, "font-weight: bold;" if best else ""))
    return f'<table style="{_TABLE} margin-top: 6px;">{_row("th", heads)}{"".join(rows)}</table>'


def best_html(best: Best) -> str:
    """The best trial, with its parameters one a line."""
    pairs = [("report", str(best.report)), ("checkpoint", best.checkpoint or "none")]
    pairs += [("confirmed", "yes" if best.confirmed else "no"), *([("note", best.note)] if best.note else [])]
    pairs += [
        (name, repr(value) if isinstance(value, float) else short_value(value)) for name, value in best.params.items()
    ]
    return _box(f"{best.trial}: {best.metric}={best.value:.6g}", pairs, "", "")


def _box(head: str, pairs: Iterable[tuple[str, str]], drawing: str, table: str) -> str:
    lines = "".join(
        f'<tr style="background: none;"><td style="{_CELL.format(side="left")} opacity: .65;">{escape(name)}</td>'
        f'<td style="padding: 2px 0; text-align: left; background: none;">{escape(text)}</td></tr>'
        for name, text in pairs
    )
    grid = f'<table style="{_TABLE}">{lines}</table>' if lines else ""
    return f'<div style="{_BOX}"><div style="font-weight: bold;">{escape(head)}</div>{grid}{drawing}{table}</div>'


def _row(tag: str, cells: Sequence[str], style: str = "") -> str:
    sides = ["left" if place < 2 else "right" for place in range(len(cells))]
    inside = "".join(
        f'<{tag} style="{_CELL.format(side=side)} {_LINE if tag == "th" else ""}{style}">{escape(cell)}</{tag}>'
        for cell, side in zip(cells, sides, strict=True)
    )
    return f'<tr style="background: none;">{inside}</tr>'
