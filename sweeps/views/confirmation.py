"""A confirmation and a look at the test split: tables for people, plain data for ``--json``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from sweeps.records.best import Best
from sweeps.records.confirmation import Comparison, Confirmation, Look
from sweeps.records.record import SweepRecord
from sweeps.views.scores import scores_view
from sweeps.views.text import counted, metric_text
from sweeps.views.verdict import brief, doubts, ends_text, error_text, nth_look, p_text, remarks, verdict


def confirmation_json(confirmation: Confirmation) -> dict[str, Any]:
    """All of it; ``winner`` is the best mean's trial, ``told_apart`` whether it is told apart from the runner-up, or
    null where no test could be made, ``verdict`` the same in words."""
    fields = {**confirmation.fields(), "time": confirmation.time}
    winner = confirmation.winner
    said = {"winner": winner and winner.trial, "told_apart": confirmation.told_apart, "verdict": verdict(confirmation)}
    return {**fields, **said}


def look_json(look: Look) -> dict[str, Any]:
    """One look at the test split; ``number`` counts them."""
    return asdict(look)


def confirmation_view(record: SweepRecord, confirmation: Confirmation) -> RenderableType:
    """The table, the verdict and what to know besides."""
    metric, winner = record.metric, confirmation.winner
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    table.add_column("trial")
    for name in ("in the sweep", f"mean {metric}", "std error", "seeds", "difference", "interval", "p"):
        table.add_column(name, justify="right", no_wrap=True)
    against = {one.trial: one for one in confirmation.comparisons}
    for one in confirmation.candidates:
        cells = [one.trial, metric_text(one.value), metric_text(one.mean), error_text(one)]
        cells.append(f"{len(one.values)}/{len(one.repeats)}")
        cells += _against(against[one.trial]) if one.trial in against else ["", "", ""]
        table.add_row(*map(Text, cells), style="bold" if winner is not None and one.trial == winner.trial else "")
    candidates = counted(len(confirmation.candidates), "configuration")
    head = f"{record.name}: {candidates}, {counted(len(confirmation.seeds), 'fresh seed')} each"
    parts: list[RenderableType] = [Text(head, style="bold"), table, Text(""), Text(verdict(confirmation))]
    unfinished = [] if record.state == "finished" else [f"the sweep is {record.state}: its best trials may change"]
    return Group(*parts, *(Text(line, style="yellow") for line in (*unfinished, *remarks(confirmation))))


def look_view(look: Look, *, again: bool = False) -> RenderableType:
    """What the winner scored on the test rows."""
    earlier = ", seen before" if again else ""
    head = Text(f"{look.trial} on the test split, {look.rows:,} rows ({nth_look(look)}{earlier})", style="bold")
    return Group(head, scores_view(look.metrics, look.classes), *(Text(one, style="yellow") for one in doubts(look)))


def look_of(record: SweepRecord, best: Best) -> Look | None:
    """The latest look by the checkpoint of ``best``."""
    same = [one for one in record.looks if (one.trial, one.report) == (best.trial, best.report)]
    return same[-1] if same else None


def standing(record: SweepRecord, best: Best) -> Iterator[tuple[str, str]]:
    """Whether the best trial is confirmed, and what it scored on the test split: names and texts."""
    confirmation = record.confirmation
    if confirmation is None or not best.confirmed:
        yield "confirmed", "no: chosen by one value of one seed (sweeps confirm trains it with others)"
    else:
        yield "confirmed", brief(confirmation)
    if look := look_of(record, best):
        value = look.metrics.get(best.metric)
        shown = f"{best.metric}={value:.6g}" if value is not None else f"no {best.metric}"
        yield "test", f"{shown} on {look.rows:,} rows ({nth_look(look)})"
    elif record.looks:
        yield "test", f"not this one: {', '.join(dict.fromkeys(one.trial for one in record.looks))} was looked at"


def _against(one: Comparison) -> list[str]:
    if one.low is None or one.high is None:
        return [metric_text(one.difference), "-", "-"]
    return [metric_text(one.difference), ends_text(one.low, one.high), p_text(one.corrected)]


def confirmed_json(record: SweepRecord, confirmation: Confirmation, look: Look | None, unseen: str) -> dict[str, Any]:
    """What ``sweeps confirm --json`` prints: the confirmation, and ``test``, the look at the test split: null where
    nobody looked, and then ``unseen`` says why."""
    head = {"sweep": record.name, "metric": record.metric, "goal": record.goal}
    test = look_json(look) if look else None
    return {**head, **confirmation_json(confirmation), "test": test, "unseen": unseen or None}


def confirmed_view(
    record: SweepRecord, confirmation: Confirmation, look: Look | None, unseen: str, *, again: bool = False
) -> RenderableType:
    """The same for people."""
    below = look_view(look, again=again) if look else Text(unseen)
    return Group(confirmation_view(record, confirmation), Text(""), below)
