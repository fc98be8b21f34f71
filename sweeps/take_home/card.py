"""The model card of an export: what it is, how it was found, and with what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from sweeps.config import FunctionTrainer, SweepConfig
from sweeps.records.best import Best
from sweeps.records.provenance import versions
from sweeps.records.record import SweepRecord, TrialRecord

_TASKS_OF_THE_HUB = {"text-classification"}
_ROWS = 20


def model_card(config: SweepConfig, record: SweepRecord, best: Best) -> str:
    """The card of a sweep's trial: Markdown with the YAML heading that the Hugging Face hub reads."""
    origin = (
        f"Validation {best.metric} {best.value:.6g} at report {best.report}, chosen among {len(record.trials)} trials "
        f"of the sweep `{record.name}` ({config.method} search, early stopping: {config.early_stopping.scheduler})."
    )
    flattery = "The value chose the trial, so it flatters it: evaluate on rows that the sweep has not seen."
    note = f"{best.note[0].upper()}{best.note[1:]}." if best.note else ""
    table = f"## The sweep\n\n{_sweep_table(record)}"
    return _card(f"{record.name}, trial {best.trial}", config, best.params, [origin, note, flattery], [table])


def single_card(config: SweepConfig, params: Mapping[str, Any], report: int, metrics: Mapping[str, float]) -> str:
    """The card of one configuration that was trained by itself."""
    shown = ", ".join(f"{name} {value:.6g}" for name, value in metrics.items())
    return _card(config.name, config, params, [f"One configuration. At its best report, {report}: {shown}."], [])


def _card(title: str, config: SweepConfig, params: Mapping[str, Any], origin: list[str], tables: list[str]) -> str:
    settings = dict(config.trial_settings(params))
    heading: dict[str, Any] = {"library_name": "transformers" if settings.get("task") in _TASKS_OF_THE_HUB else "torch"}
    if settings.get("task") in _TASKS_OF_THE_HUB:
        heading |= {"pipeline_tag": settings["task"], "base_model": settings["model"]}
    heading["tags"] = ["sweepwright"]
    parts = [
        f"---\n{yaml.safe_dump(heading, sort_keys=False)}---",
        f"# {title}",
        *origin,
        "## Data\n\n" + _table(["setting", "value"], _data_rows(config, settings)),
        "## Hyperparameters\n\n" + _table(["name", "value", "searched"], _setting_rows(config, settings)),
        *tables,
        "## Versions\n\n" + _table(["package", "version"], [list(item) for item in versions().items()]),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _data_rows(config: SweepConfig, settings: dict[str, Any]) -> list[list[Any]]:
    if isinstance(config.trainer, FunctionTrainer):
        return [["loaded by", config.trainer.function]]
    return [[name, value] for name, value in settings["data"].items() if value is not None]


def _setting_rows(config: SweepConfig, settings: dict[str, Any]) -> list[list[Any]]:
    searched = {parameter.name for parameter in config.space.searched}
    flat: dict[str, Any] = {}
    for name, value in settings.items():
        if name == "data" and not isinstance(config.trainer, FunctionTrainer):
            continue
        if isinstance(value, dict):
            flat |= {f"{name}.{inner}": item for inner, item in value.items()}
        elif value is not None:
            flat[name] = value
    return [[name, value, "yes" if name in searched else ""] for name, value in flat.items()]


def _sweep_table(record: SweepRecord) -> str:
    def rank(trial: TrialRecord) -> float:
        best = trial.best(record.metric, record.goal)
        sign = 1.0 if record.goal == "minimize" else -1.0
        return float("inf") if best is None else sign * best.metrics[record.metric]

    names = list(record.trials[0].params) if record.trials else []
    rows = []
    for trial in sorted(record.trials, key=rank)[:_ROWS]:
        best = trial.best(record.metric, record.goal)
        value = "" if best is None else best.metrics[record.metric]
        rows.append([trial.id, trial.state.value, value, *(trial.params.get(name, "") for name in names)])
    table = _table(["trial", "state", f"best {record.metric}", *names], rows)
    left = len(record.trials) - len(rows)
    return table + (f"\n\nand {left} more" if left > 0 else "")


def _table(names: list[str], rows: list[list[Any]]) -> str:
    lines = [names, ["---"] * len(names), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in row) + " |" for row in lines)


def _cell(value: Any) -> str:
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return text.replace("|", "\\|").replace("\n", " ")
