"""The one Tuner of a driver: its trials are leases on workers, which get attempts from the study."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

from sweeps.config import FunctionTrainer
from sweeps.engine.desk import Desk
from sweeps.engine.signals import Signals
from sweeps.engine.slots import Slots
from sweeps.study import Assignment, Study


def tune_study(study: Study, desk: Desk, slots: Slots, folder: Path, signals: Signals, cache: Path) -> None:
    """Train what there is to train, until the study is settled or a signal ends it.

    Args:
        study: hands out attempts, and takes what they report.
        desk: looked at between results.
        slots: how many at once, and what each gets.
        folder: the sweep's; Tune's own files in it are scratch.
        signals: checked between results.
        cache: where prepared data lie.

    Raises:
        Interrupted: a signal came.
    """
    os.environ["TUNE_MAX_PENDING_TRIALS_PG"] = str(slots.count)
    from ray import tune

    from sweeps.engine.adapters import Leases, LeaseSearcher, StartHook, StopFlag, StudyScheduler
    from sweeps.engine.silence import silence
    from sweeps.engine.trainable import SweepTrainable

    config = study.config
    own = config.trainer if isinstance(config.trainer, FunctionTrainer) else None

    def task_of(assignment: Assignment) -> dict[str, Any]:
        return {
            "settings": dict(assignment.settings),
            "folder": str(folder / "trials" / assignment.trial),
            "function": own.function if own else None,
            "base": str(config.base),
            "cache": str(cache),
            "threads": slots.cpus,
            "processes": config.processes,
            "gpus": slots.gpus,
            # Of a function's own reports each goes at once: its checkpoint remembers one report, not several.
            "judged": None if own else study.judged,
            # For a function's own checkpoints, of which the best is kept.
            "metric": config.metric.name,
            "goal": config.metric.goal,
        }

    leases = Leases(study, slots.count, task_of, signals.give_up)
    bundle = {"CPU": slots.cpus, "GPU": slots.gpus} if slots.gpus else {"CPU": slots.cpus}
    scratch = folder / "ray"
    shutil.rmtree(scratch, ignore_errors=True)
    tuner = tune.Tuner(
        tune.with_resources(SweepTrainable, tune.PlacementGroupFactory([bundle])),
        tune_config=tune.TuneConfig(
            search_alg=LeaseSearcher(leases), scheduler=StudyScheduler(leases), num_samples=-1, reuse_actors=True
        ),
        run_config=tune.RunConfig(
            name="tune",
            storage_path=str(scratch),
            stop=StopFlag(desk.glance, signals.check),
            callbacks=[StartHook(leases)],
            # Checkpoints are the trial's own business; Tune would ask each class Trainable for one at its end.
            checkpoint_config=tune.CheckpointConfig(checkpoint_at_end=False, checkpoint_frequency=0),
            verbose=0,
            progress_reporter=silence(),
        ),
    )
    tuner.fit()
