"""Records as a Markdown table: the mean of each contender, and in brackets every seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from scripts.benchmarks.real.contenders import CONTENDERS
from scripts.benchmarks.real.problems import Problem


def section(problem: Problem, records: Sequence[Mapping[str, Any]]) -> str:
    """A heading and the table of one problem."""
    metric = problem.metric
    better = "lower" if metric.goal == "minimize" else "higher"
    shown = "log loss" if metric.name == "log_loss" else metric.name
    seeds = len({record["seed"] for record in records})
    head = [
        "",
        f"validation {shown}",
        f"test {shown}",
        "test accuracy",
        "trials begun",
        "trainings' worth",
        "seconds",
    ]
    lines = [head, ["---"] * len(head)]
    for name, (label, _) in CONTENDERS.items():
        mine = sorted((one for one in records if one["contender"] == name), key=lambda one: one["seed"])
        if mine:
            lines.append([label, *_cells(mine)])
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    counted = f"{seeds} seed{'s' if seeds > 1 else ''}"
    return f"### {problem.name}: {problem.title}\n\n{counted}; {better} is better for {shown}.\n\n{table}"


def _cells(records: Sequence[Mapping[str, Any]]) -> list[str]:
    columns = [
        ("validation", "{:.4f}"),
        ("test", "{:.4f}"),
        ("test_accuracy", "{:.4f}"),
        ("begun", "{:.0f}"),
        ("trainings", "{:.2f}"),
        ("seconds", "{:.0f}"),
    ]
    cells = []
    for key, form in columns:
        values = [record[key] for record in records]
        mean = sum(values) / len(values)
        average = "{:.1f}" if key == "begun" else form  # a mean of counts is no count
        cells.append(f"**{average.format(mean)}** ({', '.join(form.format(value) for value in values)})")
    return cells
