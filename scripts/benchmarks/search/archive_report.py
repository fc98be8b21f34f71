"""What earlier sweeps bring, as a table."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import mean, median

from scripts.benchmarks.search.conditions import CONDITIONS, GROUPS, Condition
from scripts.benchmarks.search.measure import Record
from scripts.benchmarks.search.tables import FAMILIES, by_task

_ROWS = {"auto": "auto", "random-promotion": "the portfolio, then random + ASHA with promotion"}


def archive_section(records: Sequence[Record]) -> dict[str, str]:
    """One table: for each condition and set the median and the mean (of `Condition.budget` where it was not reached)
    budget to the top 1%, and regrets."""
    at = CONDITIONS["g-cold"].at
    heads = [
        f"{family}: {what}" for family in FAMILIES for what in ("to top 1%", "mean", *(f"at {one:g}" for one in at))
    ]
    lines = [f"| | {' | '.join(heads)} |", "|---" * (len(heads) + 1) + "|"]
    for name in GROUPS["g"]:
        for row, label in _ROWS.items():
            mine = [one for one in records if one["condition"] == name and one["row"] == row]
            if mine and (row == "auto" or name == "g-3"):
                cells = [cell for family in FAMILIES for cell in _cells(mine, family, CONDITIONS[name])]
                lines.append(f"| {CONDITIONS[name].title}: {label} | {' | '.join(cells)} |")
    seeds = len({one["seed"] for one in records})
    text = f"{len({one['task'] for one in records})} tasks, {seeds} seeds; lcbench has two other tasks, not three.\n\n"
    return {"archive": text + "\n".join(lines)}


def _cells(records: Sequence[Record], family: str, condition: Condition) -> list[str]:
    mine = [one for one in records if one["family"] == family]
    if not mine:
        return [""] * (2 + len(condition.at))
    tops = [math.inf if one["top"] is None else one["top"] for one in mine]
    middle = median(tops)
    cells = [f"> {condition.budget:g}" if math.isinf(middle) else f"{middle:.2f}"]
    cells.append(f"{mean(min(top, condition.budget) for top in tops):.2f}")
    return [*cells, *(f"{by_task(mine, at).mean():.3f}" for at in condition.at)]
