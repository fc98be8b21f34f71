"""The report as Markdown: the same order, in tables, without pictures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from sweeps.views.report.answer import value_text
from sweeps.views.report.data import ReportData
from sweeps.views.report.page import headline
from sweeps.views.report.trials import names_of
from sweeps.views.text import metric_text, short_value
from sweeps.views.verdict import error_text, remarks, verdict

_MARKS = str.maketrans({**{mark: f"\\{mark}" for mark in "\\`*_[]|#~"}, "<": "&lt;", ">": "&gt;", "&": "&amp;"})


def markdown(data: ReportData) -> str:
    """The whole report."""
    return "\n".join(_lines(data)) + "\n"


def _lines(data: ReportData) -> Iterator[str]:
    record = data.sources.record
    yield from (f"# {_text(record.name)}", "", _text(headline(data)), "")
    yield from _answer(data)
    yield from _head(f"Best {record.metric} over budget", data.course.sentence(record.metric))
    rows = [
        [one.trial, one.report, metric_text(one.value), one.spent.trials, f"{one.spent.trainings:.2f}",
         f"{one.spent.device_seconds:.1f}", f"{one.spent.hours:.3f}"]
        for one in data.course.steps
    ]  # fmt: skip
    yield from _table(["trial", "report", record.metric, "trials", "full trainings", "device seconds", "hours"], rows)
    yield from _head("Learning curves", f"the {record.metric} of each trial until these reports")
    levels = [f"until report {level.report}" for level in data.levels]
    curves = [
        [row.trial, *(metric_text(level.values[place]) for level in data.levels)] for place, row in enumerate(data.rows)
    ]
    yield from _table(["trial", *levels], curves)
    yield from _head("Importance of each parameter", data.importance.sentence)
    shares = [
        [one.name, f"{one.share:.1%}", "yes" if one.told else "no", f"{one.chance:.2g}"]
        for one in data.importance.shares
    ]
    yield from _table(["parameter", "share", "told from chance", "p"], shares)
    for text in data.importance.cautions:
        yield from (f"Caution: {_text(text)}", "")
    yield from _head("Slices", "where the best trials have each parameter")
    yield from _table(["parameter", "best"], [[one.name, one.sentence] for one in data.slices])
    yield from _head("Cost", data.cost.sentence)
    groups = [[one.name, one.trials, f"{one.seconds:.1f}"] for one in data.cost.groups]
    yield from _table(["trials that", "trials", "device seconds"], groups)
    for front in data.fronts:
        what = "device seconds" if front.price == "seconds" else "parameters that train"
        yield from _head(f"Pareto front: {record.metric} against {what}", front.sentence(record.metric))
        points = [[one.trial, metric_text(one.value), f"{one.cost:.6g}"] for one in front.front]
        yield from _table(["trial", record.metric, what], points)
    yield from _trials(data)
    yield from _endings(data)


def _answer(data: ReportData) -> Iterator[str]:
    found = data.answer
    if found is None:
        yield from _head("The answer", data.sources.why_not)
        return
    best = found.best
    yield from _head("The answer", f"{best.metric} {found.value}: {found.sentence}")
    facts = [*found.standing, *([("note", best.note)] if best.note else [])]
    facts += [("checkpoint", str(data.sources.folder / best.checkpoint))] if best.checkpoint else []
    yield from _table(["what", "value"], facts)
    yield from _table(["parameter", "value"], [(name, value_text(value)) for name, value in best.params.items()])
    for command, text in ((found.command, found.reproduces), (found.export, "the model that scored this")):
        if text and (command or text == found.reproduces):
            yield from ([*_code(command), ""] if command else [])
            yield from (f"{_text(text[:1].upper() + text[1:])}.", "")


def _trials(data: ReportData) -> Iterator[str]:
    record = data.sources.record
    names = names_of(record)
    yield from _head("All trials", f"{len(data.rows)} trials")
    heads = ["trial", "state", record.metric, "at", "last", "reports", "seconds", *names, "reason"]
    rows = [
        [row.trial, row.state, metric_text(row.value), row.best_report or "-", metric_text(row.last), row.reached,
         f"{row.seconds:.1f}", *(short_value(row.params[name]) if name in row.params else "" for name in names),
         row.reason or row.code]
        for row in data.rows
    ]  # fmt: skip
    yield from _table(heads, rows)


def _endings(data: ReportData) -> Iterator[str]:
    record = data.sources.record
    if (found := record.confirmation) is not None:
        yield from _head("Confirmation", verdict(found))
        rows = [
            [
                one.trial,
                metric_text(one.value),
                metric_text(one.mean),
                error_text(one),
                f"{len(one.values)}/{len(one.repeats)}",
            ]
            for one in found.candidates
        ]
        yield from _table(["trial", "in the sweep", f"mean {record.metric}", "std error", "seeds"], rows)
        yield from (line for text in remarks(found) for line in (_text(text), ""))
    for variant in data.sources.data:
        where = ", ".join(f"{name}={value}" for name, value in (variant.get("params") or {}).items())
        yield from _head("Data", where or "as the trials saw them")
        splits = variant.get("splits") or {}
        rows = [
            [name, facts.get("rows", 0), facts.get("duplicates", 0), facts.get("shared", 0)]
            for name, facts in splits.items()
        ]
        yield from _table(["split", "rows", "duplicates", "also in train"], rows)
    yield from _head("Environment", str(data.sources.folder))
    for start in data.sources.chronicle.starts[-1:]:
        yield from _table(["what", "version"], [*start.versions.items(), ("git", start.git or "not known")])
    yield from ("```yaml", data.sources.sweep_yaml.rstrip(), "```")


def _head(title: str, sentence: str) -> tuple[str, ...]:
    said = _text(sentence[:1].upper() + sentence[1:])
    return f"## {_text(title)}", "", said if said.endswith(".") else f"{said}.", ""


def _table(heads: Sequence[object], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    rows = list(rows)
    if rows:
        yield _row(heads)
        yield _row(["---"] * len(heads), plain=True)
        yield from (_row(row) for row in rows)
        yield ""


def _row(cells: Sequence[object], *, plain: bool = False) -> str:
    return f"| {' | '.join(str(cell) if plain else _text(cell) for cell in cells)} |"


def _code(text: str) -> tuple[str, ...]:
    return "```", text, "```"


def _text(value: object) -> str:
    """On one line, with nothing that Markdown or HTML would read as a mark."""
    return " ".join(str(value).split()).translate(_MARKS)
