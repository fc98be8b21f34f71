"""Which row is the best over all conditions, and whether that is more than luck."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scripts.benchmarks.search.conditions import ALL_POINTS, CONDITIONS
from scripts.benchmarks.search.measure import Record
from scripts.benchmarks.search.row import Row
from scripts.benchmarks.search.statistics import TEST, VALIDATION, mean_ranks, regret_at, wilcoxon

Case = tuple[str, str, str, int]  # condition, family, task, seed


def cases(records: Sequence[Record]) -> dict[str, dict[Case, float]]:
    """The mean regret at the condition's budgets, by row and case.

    Condition (a) counts twice: as it is, and by the test metric, which is condition (e).
    """
    found: dict[str, dict[Case, float]] = {}
    for record in records:
        condition = CONDITIONS[record["condition"]]
        columns = {condition.name: VALIDATION} | ({"e": TEST} if condition is ALL_POINTS else {})
        for name, column in columns.items():
            case = (name, record["family"], record["task"], record["seed"])
            regrets = [regret_at(record["path"], at, column) for at in condition.at]
            found.setdefault(record["row"], {})[case] = float(np.mean(regrets))
    return found


def ranking(records: Sequence[Record], rows: Sequence[Row]) -> str:
    """A table of mean ranks over what all rows were measured on, and the paired test of the best two.

    A row that was not measured under every condition is left out, and named.
    """
    found = cases(records)
    conditions = {case[0] for mine in found.values() for case in mine}
    complete = {row: mine for row, mine in found.items() if {case[0] for case in mine} == conditions}
    if len(complete) < 2:
        return "Too few rows were measured under all conditions to rank them."
    common = sorted(set.intersection(*(set(mine) for mine in complete.values())))
    if not common:
        return "The rows have no task and seed in common."
    regrets = {row: [mine[case] for case in common] for row, mine in complete.items()}
    ranked = sorted(mean_ranks(regrets).items(), key=lambda pair: pair[1])
    labels = {row.name: row.label for row in rows}
    seeds = len({case[3] for case in common})
    lines = ["| | mean rank | mean regret |", "|---|---|---|"]
    lines += [f"| {labels[row]} | {rank:.2f} | {np.mean(regrets[row]):.3f} |" for row, rank in ranked]
    (best, _), (second, _) = ranked[:2]
    p = wilcoxon(regrets[best], regrets[second])
    text = (
        f"Over {len(common)} cases (conditions {', '.join(sorted(conditions))}; every task; seeds in common: {seeds}). "
        f"Paired Wilcoxon test of the first against the second: p = {p:.2g}."
    )
    left = [labels[row] for row in found if row not in complete]
    if left:
        text += f" Not measured under every condition, so not ranked: {'; '.join(left)}."
    return "\n".join([*lines, "", text])
