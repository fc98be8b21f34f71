"""The parts of the page after the figures: all trials, the confirmation, the data, the environment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sweeps.views.report.data import ReportData
from sweeps.views.report.figures import folded, note, said, section
from sweeps.views.report.markup import Html, table, tag
from sweeps.views.report.trials import Row, names_of
from sweeps.views.text import metric_text, short_names, short_value
from sweeps.views.verdict import ends_text, error_text, nth_look, p_text, remarks, verdict

_FACTS = ("empty", "duplicates", "contradicting", "shared")


def trials(data: ReportData) -> Html:
    """The table of all trials, which filters all drawings of them."""
    record = data.sources.record
    states = list(dict.fromkeys(row.state for row in data.rows))
    boxes = [
        tag(
            "label",
            tag("input", type="checkbox", value=state, checked=True, name="state"),
            tag("span", state, class_=f"state {state}"),
        )
        for state in states
    ]
    controls = tag(
        "form",
        tag("label", "Filter", for_="filter"),
        tag("input", type="search", id="filter", placeholder="t0007 t0012, adamw, lr<0.01", autocomplete="off"),
        tag("fieldset", tag("legend", "States"), boxes),
        tag("button", "Show all", type="reset"),
        tag("output", id="count", for_="filter", aria_live="polite"),
        id="filters",
        class_="controls no-print",
        role="search",
        aria_label="Filter the trials",
    )
    return section(
        "trials",
        "All trials",
        said("The filter holds for the curves and the parallel coordinates too; a heading sorts"),
        controls,
        _table(data, f"All {len(data.rows)} trials of {record.name}"),
    )


def _table(data: ReportData, caption: str) -> Html:
    record, rows = data.sources.record, data.rows
    names = names_of(record)
    shorts = short_names(names)
    parents, outside = any(row.parent for row in rows), any(row.outside for row in rows)
    sizes = any(row.trainable for row in rows)
    heads = [("trial", ""), ("state", ""), (record.metric, "number"), ("at", "number"), ("last", "number")]
    heads += [("reports", "number"), ("seconds", "number")]
    heads += [("parameters", "number")] if sizes else []
    heads += [("from", "")] if parents else []
    heads += [("space", "")] if outside else []
    heads += [(shorts[name], "number" if _numeric(name, data) else "") for name in names]
    heads += [("reason", "")]
    titles = {shorts[name]: name for name in names}
    head = [
        tag(
            "th",
            tag("button", text, type="button", title=titles.get(text)),
            scope="col",
            class_=kind or None,
            aria_sort="none",
        )
        for text, kind in heads
    ]
    # Which columns are numbers is said once, not in a thousand rows.
    right = ", ".join(f"#all-trials td:nth-child({place})" for place, (_, kind) in enumerate(heads, 1) if kind)
    winner = data.answer.best.trial if data.answer else ""
    body = [
        tag("tr", _line(row, names, sizes, parents, outside), class_="winner" if row.trial == winner else None)
        for row in rows
    ]
    inner = tag("table", tag("caption", caption), tag("thead", tag("tr", head)), tag("tbody", body), id="all-trials")
    style = tag("style", Html(f"{right} {{ text-align: right }}"))
    return tag("div", style, inner, class_="scroll high", tabindex=0, role="region", aria_label=caption)


def _line(row: Row, names: Sequence[str], sizes: bool, parents: bool, outside: bool) -> Iterator[Html]:
    """The cells of a trial."""
    name = tag("button", row.trial, type="button", aria_pressed="false")
    yield tag("th", name, scope="row", id=f"trial-{row.trial}")
    yield tag("td", tag("span", row.state, class_=f"state {row.state}"))
    best = "-" if row.best_report is None else str(row.best_report)
    cells = [metric_text(row.value), best, metric_text(row.last), str(row.reached), f"{row.seconds:.1f}"]
    cells += [f"{row.trainable:,}" if row.trainable else "-"] if sizes else []
    cells += [row.parent] if parents else []
    yield from (tag("td", text) for text in cells)
    if outside:
        yield tag("td", "earlier" if row.outside else "", title=row.outside or None)
    for param in names:
        known = param in row.params
        yield tag("td", short_value(row.params[param]) if known else "inactive", class_=None if known else "absent")
    yield tag("td", row.reason or row.code, class_="reason")


def _numeric(name: str, data: ReportData) -> bool:
    values = [row.params[name] for row in data.rows if name in row.params]
    return all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)


def confirmation(data: ReportData) -> Html | None:
    """The repeats with fresh seeds, and looks at the test split."""
    record = data.sources.record
    found = record.confirmation
    if found is None and not record.looks:
        return None
    parts: list[Html] = []
    if found is not None:
        against = {one.trial: one for one in found.comparisons}
        rows = []
        for one in found.candidates:
            other = against.get(one.trial)
            ends = "" if other is None or other.low is None or other.high is None else ends_text(other.low, other.high)
            more = [metric_text(other.difference), ends or "-", p_text(other.corrected)] if other else ["", "", ""]
            seeds = f"{len(one.values)}/{len(one.repeats)}"
            rows.append([one.trial, metric_text(one.value), metric_text(one.mean), error_text(one), seeds, *more])
        heads = ["trial", "in the sweep", f"mean {record.metric}", "std error", "seeds", "difference", "interval", "p"]
        parts += [said(verdict(found)), table(heads, rows, "The best trials with fresh seeds", numbers=range(1, 8))]
        parts += [note(line) for line in remarks(found)]
    for look in record.looks:
        scores = [(name, f"{value:.6g}") for name, value in look.metrics.items()]
        title = f"{look.trial} on the test split, {look.rows:,} rows ({nth_look(look)})"
        parts.append(folded(title, table(["metric", "value"], scores, title, numbers=[1])))
    return section("confirmation", "Confirmation", parts)


def data_report(data: ReportData) -> Html:
    """What the data look like."""
    variants = data.sources.data
    if not variants:
        why = (
            "the training function reads its own"
            if data.sources.own_function
            else "there is no data.json in its folder"
        )
        return section("data", "Data", said(f"No report of the data: {why}"))
    return section("data", "Data", [_variant(one) for one in variants])


def _variant(found: Mapping[str, Any]) -> Html:
    splits = found.get("splits") or {}
    params = ", ".join(f"{name}={short_value(value)}" for name, value in (found.get("params") or {}).items())
    rows = [
        (
            name,
            f"{facts.get('rows', 0):,}",
            str(facts.get("source", "")),
            *(f"{facts.get(what, 0):,}" for what in _FACTS),
        )
        for name, facts in splits.items()
    ]
    heads = ["split", "rows", "from", "empty", "duplicates", "contradicting", "also in train"]
    title = f"Splits where {params}" if params else "Splits"
    parts = [table(heads, rows, title, numbers=[1, 3, 4, 5, 6])]
    classes = list(dict.fromkeys(label for facts in splits.values() for label in facts.get("classes") or {}))
    if classes:
        counts = [
            (label, *(f"{(facts.get('classes') or {}).get(label, 0):,}" for facts in splits.values()))
            for label in classes
        ]
        parts.append(
            folded(f"Rows of each of the {len(classes)} classes",
                   table(["class", *splits], counts, "Rows of each class", numbers=range(1, 1 + len(splits))))
        )  # fmt: skip
    tokens = [
        (name, *(f"{count:,}" for count in facts["tokens"].values()))
        for name, facts in splits.items()
        if facts.get("tokens")
    ]
    if tokens:
        kinds = list(next(facts["tokens"] for facts in splits.values() if facts.get("tokens")))
        parts.append(table(["split", *kinds], tokens, "Tokens of a row", numbers=range(1, 1 + len(kinds))))
    cleaned = [
        (str(done.get("step")), _counts(done.get("changed")), _counts(done.get("dropped")))
        for done in found.get("cleaning") or []
    ]
    if cleaned:
        parts.append(table(["step", "changed", "left out"], cleaned, "Cleaning"))
    return tag("div", parts)


def _counts(found: Mapping[str, int] | None) -> str:
    return ", ".join(f"{count:,} {split}" for split, count in (found or {}).items() if count) or "none"


def environment(data: ReportData) -> Html:
    """Versions, the state of the code, seeds, the notes of the drivers, and the resolved file."""
    starts = data.sources.chronicle.starts
    last = starts[-1] if starts else None
    facts = [("folder", str(data.sources.folder)), ("sweep", data.sources.record.id)]
    if last is not None:
        facts += [("begun", _time(starts[0].time)), ("host", last.host), ("git", last.git or "not known")]
        facts += [(name, version) for name, version in last.versions.items()]
    if len(starts) > 1:
        facts.append(("drivers", f"{len(starts)}, the last one since {_time(last.time if last else 0)}"))
    facts.append(("report made", _time(data.sources.made)))
    notes = [tag("li", text) for text in data.sources.chronicle.notes]
    return section(
        "environment",
        "Environment",
        table(["what", "value"], facts, "What it was run with"),
        [tag("h3", "What the sweep said"), tag("ul", notes)] if notes else None,
        folded(
            "The resolved sweep.yaml",
            tag("pre", tag("code", data.sources.sweep_yaml), tabindex=0, role="region", aria_label="sweep.yaml"),
        ),
    )


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds).astimezone().strftime("%Y-%m-%d %H:%M:%S %Z")
