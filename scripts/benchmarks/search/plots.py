"""Regret over budget as small SVG files."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from scripts.benchmarks.search.conditions import Condition
from scripts.benchmarks.search.measure import Record
from scripts.benchmarks.search.row import Row
from scripts.benchmarks.search.statistics import VALIDATION, bootstrap
from scripts.benchmarks.search.tables import FAMILIES, by_task

POINTS = 40  # on the way from the first budget to the last; keeps a file under 60 KB
FIRST = 1.0  # full trainings
HEIGHT, LINE, COLUMNS = 3.6, 0.17, 3  # inches of the plot and of a line of its legend
LINEAR = 0.02  # below this regret the axis is linear, so that 0 has a place


def plot(
    path: Path, records: Sequence[Record], rows: Sequence[Row], condition: Condition, column: int = VALIDATION
) -> None:
    """Mean regret of each row by family of tasks; rows in bold type have their 95% interval behind them."""
    import matplotlib as mpl

    mpl.use("svg")
    # Text stays text, and the same figures give the same file.
    mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "search", "font.size": 8})
    from matplotlib import pyplot

    families = [family for family in FAMILIES if any(record["family"] == family for record in records)]
    rows = [row for row in rows if any(record["row"] == row.name for record in records)]
    legend = LINE * -(-len(rows) // COLUMNS)
    size = (5 * len(families), HEIGHT + legend)
    figure, axes = pyplot.subplots(1, len(families), figsize=size, squeeze=False, sharey=True)
    budgets = np.geomspace(FIRST, condition.budget, POINTS)
    for family, axis in zip(families, axes[0], strict=True):
        for color, row in enumerate(rows):
            mine = [one for one in records if one["row"] == row.name and one["family"] == family]
            if not mine:
                continue
            values = [by_task(mine, budget, column) for budget in budgets]
            style = {"color": f"C{color % 10}", "linestyle": ("-", "--", ":")[color // 10 % 3]}
            axis.plot(budgets, [np.nanmean(one) for one in values], label=row.label.strip("*"), lw=1.2, **style)
            if row.label.startswith("**"):
                low, high = zip(*(bootstrap(one, draws=300) for one in values), strict=True)
                axis.fill_between(budgets, low, high, alpha=0.12, lw=0, color=style["color"])
        axis.set(title=family, xscale="log", xlabel="budget in full trainings", xlim=(FIRST, condition.budget))
        axis.set_yscale("symlog", linthresh=LINEAR)
        axis.set_ylim(0, 1.1)
        ticks = [at for at in (1, 2, 5, 10, 20) if at <= condition.budget]
        axis.set_xticks(ticks, [str(at) for at in ticks])
        axis.minorticks_off()
    axes[0][0].set_ylabel("mean regret" if column == VALIDATION else "mean regret on test")
    handles = max((axis.get_legend_handles_labels() for axis in axes[0]), key=lambda pair: len(pair[0]))
    figure.legend(*handles, loc="lower center", ncols=COLUMNS, fontsize=7, frameon=False)
    figure.tight_layout(rect=(0, legend / size[1], 1, 1))
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None, "Creator": None})
    pyplot.close(figure)
    # A tenth of a point is finer than a screen shows.
    path.write_text(re.sub(r"(\d+\.\d)\d+", r"\1", path.read_text()))
