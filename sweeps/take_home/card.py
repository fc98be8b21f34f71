"""The model card of an export: what it is, how it was found, how it is used, and with what it was made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from sweeps.config import FunctionTrainer, SweepConfig
from sweeps.config.init_from import SETTING
from sweeps.records.best import Best
from sweeps.records.provenance import versions
from sweeps.records.record import SweepRecord, TrialRecord
from sweeps.take_home.base_model import base_model
from sweeps.take_home.card_confirmation import after_the_sweep, caution
from sweeps.take_home.card_sections import Facts, data_rows, purpose, setting_rows, table
from sweeps.take_home.card_uses import use
from trainer.requirement import RETAIN
from trainer.tasks import get_task

_TASKS_OF_THE_HUB = {
    "text-classification": "text-classification",
    "seq2seq": "",
    "causal-lm": "text-generation",
    "image-classification": "image-classification",
    "token-classification": "token-classification",
    "question-answering": "question-answering",
}
"""Tasks whose exports transformers loads, with the hub's names for their pipelines."""
_ROWS = 20


def model_card(config: SweepConfig, record: SweepRecord, best: Best, facts: Facts) -> str:
    """The card of a sweep's trial: Markdown with the YAML heading that the Hugging Face hub reads."""
    trial = next(one for one in record.trials if one.id == best.trial)
    metrics = next(one for one in trial.reports if one.number == best.report).metrics
    origin = (
        f"Validation {best.metric} {best.value:.6g} at report {best.report}, chosen among {len(record.trials)} trials "
        f"of the sweep `{record.name}` ({config.method} search, early stopping: {config.early_stopping.scheduler})."
    )
    note = f"{best.note[0].upper()}{best.note[1:]}." if best.note else ""
    later = after_the_sweep(record, best, continues=config.continues)
    results = [origin, note, caution(record, best), _metrics_table(config, metrics), *later]
    sweep = f"## The sweep\n\n{_sweep_table(record)}"
    return _card(f"{record.name}, trial {best.trial}", config, best.params, facts, results, [sweep])


def single_card(
    config: SweepConfig, params: Mapping[str, Any], report: int, metrics: Mapping[str, float], facts: Facts
) -> str:
    """The card of one configuration that was trained by itself."""
    results = [f"One configuration, at its best report, {report}. Validation:", _metrics_table(config, metrics)]
    return _card(config.name, config, params, facts, results, [])


def _card(
    title: str, config: SweepConfig, params: Mapping[str, Any], facts: Facts, results: list[str], tables: list[str]
) -> str:
    settings = dict(config.trial_settings(params))
    plain = isinstance(config.trainer, FunctionTrainer) or ":" in settings["model"]
    of_the_hub = settings.get("task") in _TASKS_OF_THE_HUB and not plain
    base = base_model(settings["model"]) if of_the_hub and settings["init"] == "pretrained" else None
    if isinstance(folder := settings.get(SETTING if isinstance(config.trainer, FunctionTrainer) else "weights"), str):
        base = base_model(folder)
    heading: dict[str, Any] = {"library_name": "transformers" if of_the_hub else facts.own.library}
    if of_the_hub and (pipeline := _TASKS_OF_THE_HUB[settings["task"]]):
        heading["pipeline_tag"] = pipeline
    if base is not None and (linked := base.hub_name or (base.made_from if base.exported else "")):
        heading["base_model"] = linked  # a folder of this machine is no name that the hub could link
    heading["tags"] = ["sweepwright"]
    parts = [
        f"---\n{yaml.safe_dump(heading, sort_keys=False)}---",
        f"# {title}",
        purpose(settings, facts.label_names, several=facts.several),
        base.sentence if base else "",
        facts.adapted,
        f"## Use\n\n{use(settings, facts)}",
        "## Results",
        *results,
        "## Data\n\n" + table(["setting", "value"], data_rows(config, settings, facts.rows)),
        "## Hyperparameters\n\n" + table(["name", "value", "searched"], setting_rows(config, settings, params)),
        *tables,
        f"## Licence\n\n{_licence(base.licence)}" if base else "",
        "## Versions\n\n" + table(["package", "version"], [list(item) for item in versions().items()]),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _licence(stated: str) -> str:
    says = f"The base model's card states `{stated}`. " if stated else ""
    return f"{says}Whoever passes this model on has to heed the licences of the base model and of the data."


def _metrics_table(config: SweepConfig, metrics: Mapping[str, float]) -> str:
    known = list(metrics)
    if not isinstance(config.trainer, FunctionTrainer):
        goals = get_task(config.trainer.task).goals
        known = [name for name in goals if name in metrics]
        if config.trainer.metrics is not None and config.metric.name in metrics:
            known = list(dict.fromkeys([*known, config.metric.name]))
    known = [name for name in known if not name.startswith(RETAIN)]
    if not any(name.startswith(RETAIN) for name in metrics):
        return table(["metric", "validation"], [[name, metrics[name]] for name in known])
    rows = [[name, metrics[name], metrics.get(f"{RETAIN}{name}", "")] for name in known]
    return table(["metric", "validation", "retain"], rows)


def _sweep_table(record: SweepRecord) -> str:
    def rank(trial: TrialRecord) -> float:
        best = trial.best(record.metric, record.goal)
        sign = 1.0 if record.goal == "minimize" else -1.0
        return float("inf") if best is None else sign * best.metrics[record.metric]

    names = list(dict.fromkeys(name for trial in record.trials for name in trial.params))
    rows = []
    for trial in sorted(record.trials, key=rank)[:_ROWS]:
        best = trial.best(record.metric, record.goal)
        value = "" if best is None else best.metrics[record.metric]
        rows.append([trial.id, trial.state.value, value, *(trial.params.get(name, "") for name in names)])
    left = len(record.trials) - len(rows)
    return table(["trial", "state", f"best {record.metric}", *names], rows) + (
        f"\n\nand {left} more" if left > 0 else ""
    )
