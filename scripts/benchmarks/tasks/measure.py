"""One training by `trainer` itself, one thread, and what the baseline makes of the same rows."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from scripts.benchmarks.tasks.problem import Problem

Record = dict[str, Any]


def measure(problem: Problem, seed: int | None, cache: Path) -> Record:
    """A training with this seed; with `None` the baseline, which knows no seed.

    Returns:
        `value` of the metric, `rows` by split, and of a training all `metrics` of its last report and its `seconds`.
    """
    import torch

    from trainer.config import TrainConfig
    from trainer.loop import train
    from trainer.tasks import get_task

    torch.set_num_threads(1)
    config = TrainConfig.build({**problem.settings, "metric": problem.metric}, {} if seed is None else {"seed": seed})
    task = get_task(config.task)
    task.check(config)
    prepared = task.prepare(config, cache)
    record: Record = {"seed": seed, "rows": {name: split.rows for name, split in prepared.splits.items()}}
    if seed is None:
        return {**record, "value": problem.baseline_value(config, prepared), "goal": task.goals[problem.metric]}
    since = time.monotonic()
    last = list(train(config, prepared=prepared, task=task, folder=None, device="cpu"))[-1]
    seconds = time.monotonic() - since
    return {**record, "value": last.metrics[problem.metric], "metrics": last.metrics, "seconds": seconds}
