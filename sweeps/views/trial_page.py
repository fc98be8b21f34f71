"""One trial whole, for people and as plain data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from sweeps.records.record import ReportRecord, State, TrialRecord
from sweeps.views.curves import Chart, Curve
from sweeps.views.fitted_table import Column, FittedTable
from sweeps.views.metrics import is_validation
from sweeps.views.one_trial import OneTrial, Rank
from sweeps.views.overview import COLOURS
from sweeps.views.tables import trial_json
from sweeps.views.text import duration, metric_text, short_value

_MOST_REPORTS = 16


def one_trial_json(found: OneTrial) -> dict[str, Any]:
    """As ``sweeps list --json`` has it, with its ``sweep``, ``folder``, place, ``fixed`` settings, ``checkpoint``
    (relative to the folder), ``log``, commands, and every report as ``history``.
    """
    return {
        "sweep": found.sweep.record.name,
        "folder": str(found.sweep.folder),
        **trial_json(found.sweep.record, found.trial),
        "rank": _rank_json(found.rank),
        "rank_at_last_report": _rank_json(found.last_rank),
        "best_trial": found.leader.id if found.leader else found.trial.id,
        "fixed": dict(found.fixed),
        "checkpoint": found.checkpoint.checkpoint if found.checkpoint else None,
        "log": list(found.log) if found.log is not None else None,
        "train": found.train,
        "export": found.export,
        "history": [
            {
                "report": report.number,
                "epoch": report.epoch,
                "step": report.step,
                "progress": report.progress,
                "attempt": report.attempt,
                "time": report.time,
                "train_seconds": report.train_seconds,
                "metrics": dict(report.metrics),
                "fits": report.fits,
                "checkpoint": report.checkpoint,
            }
            for report in found.trial.reports
        ],
    }


def one_trial_view(found: OneTrial) -> RenderableType:
    """What it was, how it went, and what to do with it."""
    parts: list[RenderableType] = [_head(found), _facts(found)]
    parts += [_settings("parameters", found.trial.params), _settings("fixed by the sweep", found.fixed)]
    for chart in _charts(found):
        parts += [Text(""), chart]
    if found.trial.reports:
        parts += [Text(""), *_reports(found)]
    parts += [Text(""), *_log(found), Text("")]
    parts += [_labelled([("train it again", found.train), ("take it home", found.export)])]
    return Group(*parts)


def _head(found: OneTrial) -> Text:
    trial = found.trial
    text = Text(f"{trial.id} of {found.sweep.record.name}: ", style="bold")
    return text.append(str(trial.state), style=COLOURS.get(trial.state, ""))


def _facts(found: OneTrial) -> RenderableType:
    trial, metric = found.trial, found.sweep.record.metric
    facts: list[tuple[str, str]] = []
    if trial.reason and (trial.reason.text or trial.reason.code not in (str(trial.state), "completed")):
        facts.append(("because", ": ".join(filter(None, (trial.reason.code, " ".join(trial.reason.text.split()))))))
    if found.best:
        facts.append((metric, f"{found.best.metrics[metric]:.6g} at report {found.best.number}{_place(found.rank)}"))
    if trial.state is State.STOPPED and found.last_rank:
        at = f"after report {trial.reached}, where it was{_place(found.last_rank, ' that came as far')}"
        facts.append(("stopped", at.replace("was, ", "was ")))
    if found.leader and (best := found.leader.best(metric, found.sweep.record.goal)):
        facts.append(("the best", f"{found.leader.id} with {best.metrics[metric]:.6g} at report {best.number}"))
    if trial.parent:
        facts.append(("began from", f"report {trial.parent.report} of {trial.parent.trial}"))
    if trial.outside:
        facts.append(("outside", f"of the space since the sweep was extended: {trial.outside}"))
    facts.append(("took", f"{_seconds(trial.seconds)} in {_count(trial.attempt, 'attempt')}"))
    if trial.worker:
        facts.append(("worker", ", ".join(f"{name} {value}" for name, value in trial.worker.items() if value)))
    if found.checkpoint:
        of_best = found.best is not None and found.checkpoint.number == found.best.number
        what = "" if of_best else f" (of report {found.checkpoint.number}; that of the best one is not there any more)"
        facts.append(("checkpoint", f"{found.sweep.folder / str(found.checkpoint.checkpoint)}{what}"))
    return _labelled(facts)


def _settings(title: str, settings: Mapping[str, Any]) -> RenderableType:
    if not settings:
        return Group()
    exact = [(name, _exact(value)) for name, value in settings.items()]
    return Group(Text(""), Text(title, style="bold"), _labelled(exact))


def _exact(value: Any) -> str:
    """To the last digit, and 16 epochs as 16."""
    return repr(value).removesuffix(".0") if isinstance(value, float) else short_value(value)


def _charts(found: OneTrial) -> Iterator[RenderableType]:
    metric = found.sweep.record.metric
    x, label = _axis([found.trial, *([found.leader] if found.leader else [])])
    others = [Curve(f"the best, {found.leader.id}", _points(found.leader, metric, x))] if found.leader else []
    train = Curve("train", _points(found.trial, f"train_{metric}", x))
    # A training loss under the metric's own axis would flatten both.
    yield Chart(metric, label, [Curve(found.trial.id, _points(found.trial, metric, x)), train, *others])
    if metric != "loss":
        validation = Curve("validation", _points(found.trial, "loss", x))
        yield Chart("loss", label, [validation, Curve("train", _points(found.trial, "train_loss", x))])


def _axis(trials: Sequence[TrialRecord]) -> tuple[str, str]:
    """Epochs where all reports have them, else the reports' numbers."""
    epochs = all(report.epoch > 0 for trial in trials for report in trial.reports)
    return ("epoch", "epochs") if epochs else ("number", "reports")


def _points(trial: TrialRecord, metric: str, x: str) -> list[tuple[float, float]]:
    return [(float(getattr(one, x)), one.metrics[metric]) for one in trial.reports if metric in one.metrics]


def _reports(found: OneTrial) -> Iterator[RenderableType]:
    metric, reports = found.sweep.record.metric, found.trial.reports
    shown = thinned(reports, found.best)
    names = dict.fromkeys(name for report in shown for name in report.metrics)
    ordered = [metric, *sorted((n for n in names if n not in (metric, f"best_{metric}")), key=_interest)]
    columns = [Column("report", [f"*{r.number}" if r is found.best else str(r.number) for r in shown])]
    if any(report.epoch for report in shown):
        columns.append(Column("epoch", [f"{report.epoch:g}" for report in shown]))
    for place, name in enumerate(ordered):
        cells = [metric_text(report.metrics.get(name)) for report in shown]
        columns.append(Column(name, cells, spare=0 if name == metric else 1 + len(ordered) - place))
    yield FittedTable(columns, ["bold" if report is found.best else "" for report in shown])
    if len(shown) < len(reports):
        yield Text(f"{len(shown)} of {len(reports)} reports; all of them: --json", style="dim")


def _interest(name: str) -> int:
    """Losses first, then what is measured on validation rows, then the rest; equals stay in order."""
    return 0 if name in ("loss", "train_loss") else 1 if is_validation(name) else 2


def thinned(reports: Sequence[ReportRecord], best: ReportRecord | None) -> list[ReportRecord]:
    """At most so many that they can be read: the first, the last, the best, and others evenly between."""
    if len(reports) <= _MOST_REPORTS:
        return list(reports)
    places = {round(n * (len(reports) - 1) / (_MOST_REPORTS - 1)) for n in range(_MOST_REPORTS)}
    return [report for place, report in enumerate(reports) if place in places or report is best]


def _log(found: OneTrial) -> Iterator[RenderableType]:
    file = found.sweep.folder / "trials" / found.trial.id / "log.txt"
    if found.log is None:
        yield Text("no log: it has not begun on a worker", style="dim")
    elif not found.log:
        yield Text("its log is empty: nothing was printed, and the shared trainer prints nothing itself", style="dim")
    else:
        yield Text(f"the end of {file}", style="bold")
        yield from (Text(f"  {line}") for line in found.log)


def _labelled(lines: Sequence[tuple[str, str]]) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, text in lines:
        table.add_row(Text(name), Text(text))
    return table


def _place(rank: Rank | None, which: str = " with a value") -> str:
    return f", number {rank.place} of {rank.of}{which}" if rank else ""


def _rank_json(rank: Rank | None) -> dict[str, int] | None:
    return {"place": rank.place, "of": rank.of} if rank else None


def _seconds(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 60 else duration(seconds)


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
