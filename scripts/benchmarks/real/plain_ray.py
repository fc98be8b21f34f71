"""The peer: a sweep file's settings and parameters in a plain Ray Tune script, as Ray's documentation teaches it.

OptunaSearch and ASHAScheduler with their defaults, and a training function, which goes through our trainer's loop: so
only the search differs. Reports and checkpoints are the loop's own, and Tune is told where they lie.

    python -m scripts.benchmarks.real.plain_ray SWEEP.yaml FOLDER TRAININGS OUT.json
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import ray
from ray import tune
from ray.tune.schedulers import ASHAScheduler
from ray.tune.search.optuna import OptunaSearch

from scripts.benchmarks.real.contenders import SLOTS
from scripts.benchmarks.real.problems import REPORTS
from search_spaces.parameters import Categorical, Float, Int, Parameter
from sweeps.config import load_sweep
from trainer.config import TrainConfig
from trainer.loop import train
from trainer.tasks import get_task


class BudgetStopper(tune.Stopper):  # type: ignore[misc]  # ray is untyped here
    """Ends the run once so many reports have come from all trials together; a repeated one counts once."""

    def __init__(self, reports: int) -> None:
        self._reports = reports
        self._come: dict[str, int] = {}

    def __call__(self, trial_id: str, result: Mapping[str, Any]) -> bool:
        self._come[trial_id] = max(self._come.get(trial_id, 0), result["training_iteration"])
        return False

    def stop_all(self) -> bool:
        return sum(self._come.values()) >= self._reports


class Reports(tune.Callback):  # type: ignore[misc]  # ray is untyped here
    """Keeps what each trial reported."""

    def __init__(self, metric: str) -> None:
        self._metric = metric
        self.trials: dict[str, dict[str, Any]] = {}

    def on_trial_start(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        started = {"id": trial.trial_id, "params": dict(trial.config), "values": [], "checkpoints": []}
        self.trials.setdefault(trial.trial_id, started)

    def on_trial_result(
        self, iteration: int, trials: list[Any], trial: Any, result: Mapping[str, Any], **info: Any
    ) -> None:
        kept = self.trials[trial.trial_id]
        if result["training_iteration"] > len(kept["values"]):
            kept["values"].append(result[self._metric])
            kept["checkpoints"].append(result["checkpoint_folder"])


def domain(parameter: Parameter) -> Any:
    """Tune's domain for a parameter; its upper bound of whole numbers is exclusive."""
    match parameter:
        case Float(low=low, high=high, log=log):
            return tune.loguniform(low, high) if log else tune.uniform(low, high)
        case Int(low=low, high=high, log=log):
            return tune.lograndint(low, high + 1) if log else tune.randint(low, high + 1)
        case Categorical(choices=choices):
            return tune.choice(list(choices))
    raise ValueError(f"{parameter.name}: no domain of Tune's for {type(parameter).__name__}")


def training_function(settings: Mapping[str, Any], metric: str, folder: Path) -> Any:
    """A function for Tune that trains one configuration with our trainer."""

    def objective(params: dict[str, Any]) -> None:
        import torch

        torch.set_num_threads(1)
        config = TrainConfig.build(settings, params)
        task = get_task(config.task)
        own = folder / "trials" / tune.get_context().get_trial_id()
        for report in train(config, prepared=task.prepare(config, folder / "cache"), task=task, folder=own):
            tune.report({metric: report.metrics[metric], "checkpoint_folder": str(report.checkpoint)})

    return objective


def main(file: Path, folder: Path, trainings: float, out: Path) -> None:
    sweep = load_sweep(str(file))
    metric, goal = sweep.metric.name, sweep.metric.goal
    settings = sweep.trial_settings(sweep.space.middle())
    config = TrainConfig.build(settings)
    get_task(config.task).prepare(config, folder / "cache")  # once, before two trials want it
    ray.init(address="local", num_cpus=SLOTS, include_dashboard=False)
    reports = Reports(metric)
    tuner = tune.Tuner(
        tune.with_resources(training_function(settings, metric, folder), {"cpu": 1}),
        param_space={parameter.name: domain(parameter) for parameter in sweep.space},
        tune_config=tune.TuneConfig(
            metric=metric,
            mode="min" if goal == "minimize" else "max",
            search_alg=OptunaSearch(seed=sweep.seed),
            scheduler=ASHAScheduler(max_t=REPORTS, grace_period=1),
            num_samples=-1,
            max_concurrent_trials=SLOTS,
        ),
        run_config=tune.RunConfig(
            storage_path=str((folder / "ray").resolve()),
            stop=BudgetStopper(round(trainings * REPORTS)),
            callbacks=[reports],
        ),
    )
    tuner.fit()
    out.write_text(json.dumps({"goal": goal, "trials": list(reports.trials.values())}))
    ray.shutdown()


if __name__ == "__main__":
    os.environ["PYTHONPATH"] = os.pathsep.join([str(Path.cwd()), os.environ.get("PYTHONPATH", "")])  # of the workers
    main(Path(sys.argv[1]), Path(sys.argv[2]).resolve(), float(sys.argv[3]), Path(sys.argv[4]))
