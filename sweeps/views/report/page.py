"""The whole page: one HTML file that asks nobody for anything."""

from __future__ import annotations

import base64
import hashlib
from importlib.util import find_spec
from pathlib import Path

from sweeps.errors import SweepError
from sweeps.views.report import endings, sections
from sweeps.views.report.data import ReportData
from sweeps.views.report.markup import Html, data_block, join, tag
from sweeps.views.report.payload import payload
from sweeps.views.text import duration

_ASSETS = Path(__file__).parent / "assets"
_SCRIPTS = ("core.js", "figures.js", "contour.js", "table.js", "parallel.js", "page.js")


GENERATOR = "sweeps report"


def page(data: ReportData, *, again: int | None = None) -> str:
    """The report as HTML.

    Args:
        data: of the sweep.
        again: seconds after which the page loads itself again, while somebody rewrites it.
    """
    parts = [part for part in _sections(data) if part]
    scripts = [_plotly(), _script()]
    title = f"{data.sources.record.name}: report"
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="generator", content=GENERATOR),
        tag("meta", http_equiv="Content-Security-Policy", content=_policy(scripts)),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", http_equiv="refresh", content=str(again)) if again else None,
        tag("title", title),
        tag("style", Html((_ASSETS / "style.css").read_text("utf-8"))),
    )
    inner = tag(
        "body",
        tag("a", "To the report", href="#main", class_="skip"),
        tag(
            "div",
            _header(data),
            _contents(parts),
            tag("main", parts, id="main", tabindex=-1),
            _footer(),
            class_="layout",
        ),
        data_block("payload", payload(data)),
        [tag("script", Html(script)) for script in scripts],
    )
    return f"<!doctype html>\n{tag('html', head, inner, lang='en', data_watched='1' if again else None)}\n"


def headline(data: ReportData) -> str:
    """The sweep in a line: how it stands, how many trials ended how, how long it took."""
    record = data.sources.record
    states = list(dict.fromkeys(row.state for row in data.rows))
    counts = ", ".join(f"{sum(row.state == state for row in data.rows)} {state}" for state in states)
    planned = f" of {record.planned}" if record.planned and record.planned > len(data.rows) else ""
    trials = f"{len(data.rows)}{planned} trials{f' ({counts})' if counts else ''}"
    return f"{record.state}; {trials}; {duration(record.seconds)}; {record.goal} {record.metric}"


def _sections(data: ReportData) -> list[Html | None]:
    """In the order in which people ask."""
    return [
        sections.answer(data),
        sections.course(data),
        sections.curves(data),
        sections.parallel(data),
        sections.importance(data),
        sections.slices(data),
        sections.contours(data),
        sections.cost(data),
        sections.fronts(data),
        endings.trials(data),
        endings.confirmation(data),
        endings.data_report(data),
        endings.environment(data),
    ]


def _header(data: ReportData) -> Html:
    button = tag("button", "Theme: auto", type="button", id="theme", class_="theme no-print", hidden=True)
    nothing = tag("noscript", tag("p", "The figures are drawn by scripts, which are off; the tables are whole."))
    return tag("header", tag("h1", data.sources.record.name), tag("p", headline(data)), button, nothing, class_="top")


def _contents(parts: list[Html]) -> Html:
    found = [(part.partition('id="')[2].partition('"')[0], part.partition("<h2")[2]) for part in parts]
    items = [
        tag("li", tag("a", Html(title.partition(">")[2].partition("</h2>")[0]), href=f"#{id}")) for id, title in found
    ]
    return tag("nav", tag("details", tag("summary", "Contents"), tag("ol", items), open=True), aria_label="Contents")


def _footer() -> Html:
    return tag("footer", "Made by ", tag("code", "sweeps report"), "; figures by plotly.js, which is in this file.")


def _policy(scripts: list[str]) -> str:
    """Nothing is loaded, and no script runs but these: whatever a name or a value in the sweep may say."""
    digests = (base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts)
    allowed = " ".join(f"'sha256-{digest}'" for digest in digests)
    return f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data: blob:"


def _script() -> str:
    """Ours, in one scope."""
    return "\n".join(['"use strict";(() => {', *((_ASSETS / name).read_text("utf-8") for name in _SCRIPTS), "})();"])


def _plotly() -> str:
    """The library of the installed package, which is not imported for it."""
    spec = find_spec("plotly")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        path = Path(folder) / "package_data" / "plotly.min.js"
        if path.is_file():
            return path.read_text("utf-8")
    raise SweepError("the package plotly is not installed, and the report draws with it: pip install plotly")


__all__ = ["headline", "join", "page"]
