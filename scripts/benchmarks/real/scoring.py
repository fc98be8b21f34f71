"""The test metrics of a chosen checkpoint, by the trainer's own evaluation."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scripts.benchmarks.real.problems import Problem


def test_metrics(problem: Problem, params: Mapping[str, Any], checkpoint: Path, cache: Path) -> dict[str, float]:
    """All metrics on the test rows, none of which any trial has seen."""
    from trainer.checkpoint import load_weights
    from trainer.config import TrainConfig
    from trainer.evaluation import evaluate
    from trainer.precision import Compute
    from trainer.tasks import get_task

    config = TrainConfig.build(problem.trainer, {"metric": problem.metric.name, **params})
    task = get_task(config.task)
    prepared = task.prepare(config, cache)
    compute = Compute.choose(config.precision, None)
    model = task.build_model(config, prepared).to(compute.device)
    load_weights(checkpoint, model)
    split = prepared.splits["test"]
    return evaluate(model, task=task, split=split, config=config, prepared=prepared, compute=compute).metrics
