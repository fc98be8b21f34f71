"""What was measured of one problem, as a section of Markdown."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from statistics import mean, stdev

import yaml

from scripts.benchmarks.tasks.measure import Record
from scripts.benchmarks.tasks.problem import Problem
from trainer.report import MEASURED


def section(name: str, problem: Problem, found: Mapping[int | None, Record]) -> str:
    """A heading, the numbers beside the baseline's, and the settings that made them.

    The standard error is that of the mean over seeds; the margin is how many of them lie between mean and baseline,
    positive where the training is better.
    """
    baseline = found[None]
    trained = [found[seed] for seed in sorted(seed for seed in found if seed is not None)]
    values = [record["value"] for record in trained]
    rows = baseline["rows"]
    seeds = ", ".join(str(record["seed"]) for record in trained)
    lines = [
        f"### {name}: {problem.settings['task']}",
        "",
        f"{problem.title}: {rows['train']} rows in training, {rows['validation']} scored.",
        "",
        f"| {problem.metric} | baseline | standard error | margin | seconds a training |",
        "| --- | --- | --- | --- | --- |",
        f"| {_shown(values)} | {baseline['value']:.4f} | {_margin(values, baseline)} "
        f"| {mean(record['seconds'] for record in trained):.0f} |",
        "",
        f"The baseline: {problem.baseline}. Seeds {seeds}; other metrics of the first: "
        f"{_others(trained[0], problem.metric)}.",
        "",
        "```yaml",
        settings_of(problem),
        "```",
    ]
    return "\n".join(lines)


def _shown(values: list[float]) -> str:
    return f"**{mean(values):.4f}** ({', '.join(f'{value:.4f}' for value in values)})"


def _margin(values: list[float], baseline: Record) -> str:
    if len(values) < 2:
        return "| "
    error = stdev(values) / math.sqrt(len(values))
    ahead = mean(values) - baseline["value"]
    ahead = -ahead if baseline["goal"] == "minimize" else ahead
    return f"{error:.4f} | {ahead / error:+.1f}" if error else f"0 | {ahead:+.4f} flat"


def _others(record: Record, metric: str) -> str:
    side = {"train_loss", "learning_rate", "grad_norm", *MEASURED, metric, f"best_{metric}"}
    return ", ".join(f"{name} {value:.4g}" for name, value in record["metrics"].items() if name not in side) or "none"


def settings_of(problem: Problem) -> str:
    """The settings as a sweep file has them; of paths their names alone."""
    settings = {key: _plain(value) for key, value in problem.settings.items() if key != "data"}
    settings["data"] = {key: _plain(value) for key, value in problem.settings["data"].items()}
    return yaml.safe_dump(settings, sort_keys=False, default_flow_style=None, width=110, allow_unicode=True).strip()


def _plain(value: object) -> object:
    """A path by its last two names."""
    if isinstance(value, str) and value.startswith("/"):
        return str(Path(*Path(value).parts[-2:]))
    return list(value) if isinstance(value, tuple) else value
