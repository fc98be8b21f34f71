"""Records as Markdown tables."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median

import numpy as np

from scripts.benchmarks.search.conditions import Condition
from scripts.benchmarks.search.measure import Record
from scripts.benchmarks.search.row import Row
from scripts.benchmarks.search.statistics import VALIDATION, Numbers, bootstrap, regret_at

FAMILIES = ("taskset", "lcbench")


def table(records: Sequence[Record], rows: Sequence[Row], condition: Condition, column: int = VALIDATION) -> str:
    """Mean regret at each budget with its 95% interval, and the median budget to the top 1%, by family of tasks."""
    families = [one for one in FAMILIES if any(record["family"] == one for record in records)]
    heads = [
        text
        for family in families
        for text in [*(f"{family}: regret at {at:g}" for at in condition.at), *(_top_head(column))]
    ]
    lines = [f"| | {' | '.join(heads)} |", "|---" * (len(heads) + 1) + "|"]
    for row in rows:
        mine = [record for record in records if record["row"] == row.name]
        if mine:
            cells = [
                cell
                for family in families
                for cell in _cells([r for r in mine if r["family"] == family], condition, column)
            ]
            lines.append(f"| {row.label} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _top_head(column: int) -> list[str]:
    return ["to top 1%"] if column == VALIDATION else []


def _cells(records: Sequence[Record], condition: Condition, column: int) -> list[str]:
    if not records:
        return [""] * (len(condition.at) + len(_top_head(column)))
    cells = []
    for at in condition.at:
        values = by_task(records, at, column)
        low, high = bootstrap(values)
        cells.append(f"{np.nanmean(values):.3f} ({low:.2f} to {high:.2f})")
    if column == VALIDATION:
        top = median(math.inf if record["top"] is None else record["top"] for record in records)
        cells.append(f"> {condition.budget:g}" if math.isinf(top) else f"{top:.1f}")
    return cells


def by_task(records: Sequence[Record], at: float, column: int = VALIDATION) -> Numbers:
    """Regret at a budget: ``(tasks, seeds)``, NaN where a seed is missing."""
    tasks = sorted({record["task"] for record in records})
    seeds = sorted({record["seed"] for record in records})
    values = np.full((len(tasks), len(seeds)), np.nan)
    for record in records:
        place = tasks.index(record["task"]), seeds.index(record["seed"])
        values[place] = regret_at(record["path"], at, column)
    return values
