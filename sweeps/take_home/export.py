"""Writes a trial's model as a folder that others can use: ordinary Hugging Face, or weights and a description."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sweeps.config import FunctionTrainer, SweepConfig
from sweeps.config.training_file import Training, write_training
from sweeps.engine.preparation import make_importable
from sweeps.errors import InputError, NoUsableTrial
from sweeps.records.best import Best
from sweeps.records.sweep_file import read_config
from sweeps.take_home.best import best_of
from sweeps.take_home.card import model_card
from sweeps.take_home.card_sections import Facts
from sweeps.take_home.own_files import copy_model
from trainer.config import TrainConfig
from trainer.errors import ConfigError, ResumeError


def export_trial(folder: Path, out: Path, trial: str | None = None) -> Best:
    """Export the best checkpoint of a sweep, or that of one ``trial``, into the new folder ``out``.

    The folder appears whole or not at all.

    Raises:
        InputError: ``out`` is there already, or there is no such sweep or trial.
        NoUsableTrial: there is no checkpoint to export.
    """
    check_new(out)
    record, best = best_of(folder, trial)
    config = read_config(folder, generation=best.generation)
    if best.checkpoint is None:
        raise NoUsableTrial(
            f"{folder}: no trial saved a checkpoint, so there is nothing to export; "
            f"pass one to sweeps.report(metrics, checkpoint=folder)"
        )
    write_model(
        config,
        best.params,
        folder / best.checkpoint,
        folder / "cache",
        out,
        came_to=Came(best.metric, best.value, best.report, best.trial),
        card=lambda facts: model_card(config, record, best, facts),
    )
    return best


@dataclass(frozen=True)
class Came:
    """What a training came to, at one of its reports; ``trial`` is empty for one by itself."""

    metric: str
    value: float
    report: int
    trial: str = ""


def check_new(out: Path) -> None:
    """Refuse to write over something.

    Raises:
        InputError: ``out`` is there already.
    """
    if out.exists():
        raise InputError("is there already", where=str(out), mend="name a folder that is not there yet")


def write_model(
    config: SweepConfig,
    params: Mapping[str, Any],
    checkpoint: Path,
    cache: Path,
    out: Path,
    *,
    came_to: Came,
    card: Callable[[Facts], str],
) -> None:
    """Write the model of one checkpoint into the new folder ``out``, with what ``card`` gives as its README.md.

    Beside it ``sweepwright-training.json`` says what it was trained with and came to.

    Raises:
        InputError: it cannot be written, or the checkpoint does not fit the configuration.
    """
    make_importable(config.base)
    partial = out.with_name(f".{out.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        partial.mkdir(parents=True)
        if isinstance(config.trainer, FunctionTrainer):
            facts = Facts(own=copy_model(checkpoint, partial))
        else:
            facts = _export(TrainConfig.build(config.trial_settings(params)), checkpoint, cache, partial)
        # A checkpoint of one's own may bring a card; ours says what the sweep knows.
        (partial / "README.md").write_text(card(facts), encoding="utf-8")
        write_training(partial, _training(config, params, came_to))
        _open_to_readers(partial)
        partial.replace(out)
    except (ConfigError, ResumeError) as error:
        raise InputError(f"cannot be exported: {error}", where=str(checkpoint)) from error
    except OSError as error:
        raise InputError(f"cannot be written: {error.strerror or error}", where=str(out)) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _training(config: SweepConfig, params: Mapping[str, Any], came_to: Came) -> Training:
    settings = config.trial_settings(params)
    return Training(config.name, params, settings, came_to.metric, came_to.value, came_to.report, came_to.trial)


def _open_to_readers(folder: Path) -> None:
    """Safetensors writes files that nobody else may read; a model folder is for others, as far as the umask lets it."""
    os.umask(mask := os.umask(0))
    for path in folder.rglob("*"):
        if path.is_file():
            path.chmod(path.stat().st_mode | (0o444 & ~mask))


def _export(settings: TrainConfig, checkpoint: Path, cache: Path, out: Path) -> Facts:
    from trainer.adapt.exporting import finish
    from trainer.data import report
    from trainer.tasks import get_task

    task = get_task(settings.task)
    prepared = task.prepare(settings, cache)
    finished = finish(task.build_model(settings, prepared), settings, checkpoint, out)
    task.export(finished.model, settings, prepared, out)
    whole = report.read(prepared.folder) if prepared.meta.get("windows") else None
    rows = {name: split.rows for name, split in (whole or prepared).splits.items()}
    length = settings.max_length or prepared.meta.get("max_length")
    shape = tuple(prepared.meta.get("shape", ()))
    return Facts(
        prepared.label_names, rows, length, shape, adapted=finished.story, several=bool(prepared.meta.get("several"))
    )
