"""What a checkpoint of a run scores on a split of its data: by the same evaluation as the run's own reports."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from trainer import rng
from trainer.adapt.adapted import adapt
from trainer.checkpoint import load_weights
from trainer.data import report
from trainer.evaluation import evaluate
from trainer.precision import Compute

if TYPE_CHECKING:
    from trainer.config import TrainConfig
    from trainer.per_class import ClassScore
    from trainer.tasks.base import Prepared, Task


@dataclass(frozen=True)
class Scores:
    """One split.

    Attributes:
        rows: of the split, as they were given: not the windows or blocks that a task makes of them.
        metrics: all that the task has and that are finite.
        classes: how well each class is told; empty where the task has none.
        undefined: metrics that are not finite here.
    """

    rows: int
    metrics: Mapping[str, float]
    classes: Mapping[str, ClassScore] = field(default_factory=dict)
    undefined: tuple[str, ...] = ()


def score(
    config: TrainConfig,
    checkpoint: Path,
    *,
    task: Task,
    prepared: Prepared,
    splits: Collection[str],
    device: torch.device | str | None = None,
) -> dict[str, Scores]:
    """Scores of the model that a checkpoint holds, for each of ``splits`` that the data have.

    The model is as it was evaluated in training: adapters beside the weights, averaged weights where the run kept an
    average. Precision is the run's, but for formats that need a GPU where there is none: fp16 gives way to fp32,
    quantised weights to whole ones.

    Args:
        config: the run's settings.
        checkpoint: its folder; verify it first.
        task: of ``config``.
        prepared: the run's data.
        splits: ``validation``, ``test`` and so on.
        device: the GPU where there is one if left out.

    Raises:
        ConfigError: the model cannot be built or adapted as the settings say.
        ResumeError: the checkpoint is of another model.
        torch.OutOfMemoryError: a single row does not fit.
    """
    compute = _compute(config, device)
    model = _model(config, checkpoint, task, prepared, compute)
    measured = task.in_full(config)
    found: dict[str, Scores] = {}
    for name in splits:
        if name not in prepared.splits:
            continue
        evaluation = evaluate(
            model,
            task=task,
            split=prepared.splits[name],
            config=measured,
            prepared=prepared,
            compute=compute,
            per_class=True,
        )
        finite = {metric: value for metric, value in evaluation.metrics.items() if math.isfinite(value)}
        undefined = tuple(metric for metric in evaluation.metrics if metric not in finite)
        found[name] = Scores(_rows(prepared, name), finite, evaluation.classes, undefined)
    return found


def _model(config: TrainConfig, checkpoint: Path, task: Task, prepared: Prepared, compute: Compute) -> torch.nn.Module:
    before = rng.capture(compute.device)
    try:
        rng.seed_everything(config.seed)  # as the run did: what is drawn and not stored is the same again
        on_gpu = compute.device.type == "cuda"
        adapted = adapt(task.build_model(config, prepared), config, compute if on_gpu else None)
    finally:
        rng.restore(before, compute.device)
    load_weights(checkpoint, adapted.model, adapted.frozen)
    return adapted.model.to(compute.device)


def _compute(config: TrainConfig, device: torch.device | str | None) -> Compute:
    chosen = Compute.choose("fp32", device).device
    precision = "fp32" if config.precision == "fp16" and chosen.type == "cpu" else config.precision
    return Compute.choose(precision, chosen)


def _rows(prepared: Prepared, split: str) -> int:
    whole = report.read(prepared.folder)
    return whole.splits[split].rows if whole is not None else prepared.splits[split].rows
