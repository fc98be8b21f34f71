"""What was measured as sections of Markdown, and a page that keeps them between its own words."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from scripts.benchmarks.search.conditions import ALL_POINTS, Condition
from scripts.benchmarks.search.measure import Record
from scripts.benchmarks.search.plots import plot
from scripts.benchmarks.search.ranking import ranking
from scripts.benchmarks.search.row import Row
from scripts.benchmarks.search.statistics import TEST, VALIDATION
from scripts.benchmarks.search.tables import table

BLOCK = "<!-- measured: {name} -->\n{text}\n<!-- end -->"


def sections(
    records: Sequence[Record], rows: Sequence[Row], conditions: Sequence[Condition], plots: Path | None = None
) -> dict[str, str]:
    """By name: a table for each condition (and its plot, in the folder ``plots``), (e), and the ranks."""
    found = {}
    for condition in conditions:
        mine = [record for record in records if record["condition"] == condition.name]
        if not mine:
            continue
        found[condition.name] = _section(condition.name, condition.title, mine, rows, condition, plots)
        if condition is ALL_POINTS:
            title = "as (a), by the test metric of the configuration chosen on validation"
            found["e"] = _section("e", title, mine, rows, condition, plots, TEST)
    if len({record["row"] for record in records}) > 1:
        found["ranks"] = f"### Over all conditions\n\n{ranking(records, rows)}"
    return found


def _section(
    name: str,
    title: str,
    records: Sequence[Record],
    rows: Sequence[Row],
    condition: Condition,
    plots: Path | None,
    column: int = VALIDATION,
) -> str:
    seeds = {row.name: len({one["seed"] for one in records if one["row"] == row.name}) for row in rows}
    most = max(seeds.values())
    fewer = [f"{row.name} {seeds[row.name]}" for row in rows if 0 < seeds[row.name] < most]
    but = f" ({', '.join(fewer)})" if fewer else ""
    tasks = len({record["task"] for record in records})
    text = (
        f"### ({name}) {title}\n\n{tasks} tasks, {most} seeds{but}; in brackets 95% intervals over tasks and seeds.\n\n"
    )
    text += table(records, rows, condition, column)
    if plots is not None:
        plot(plots / f"search-{name}.svg", records, rows, condition, column)
        text += f"\n\n![Regret over budget](plots/search-{name}.svg)"
    return text


def write_page(page: Path, found: Mapping[str, str]) -> None:
    """Put each section where ``page`` has its place, between the marks of its name, or else at the page's end."""
    text = page.read_text() if page.exists() else ""
    for name, section in found.items():
        block = BLOCK.format(name=name, text=section)
        place = re.compile(rf"<!-- measured: {re.escape(name)} -->\n.*?<!-- end -->", re.DOTALL)
        if place.search(text):
            text = place.sub(lambda _, block=block: block, text)  # type: ignore[misc]  # a default, not an argument
        else:
            text += f"\n{block}\n"
    page.write_text(text)
