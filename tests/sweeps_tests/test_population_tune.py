"""What PBT and PB2 decide behind the adapter is what Tune's own decide on Tune's own trials."""

from __future__ import annotations

import math
import random
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from ray.tune.experiment import Trial
from ray.tune.schedulers import PopulationBasedTraining
from ray.tune.schedulers.pb2 import PB2

from sweeps.schedule import Decision
from sweeps.search.seeding import stable_seed
from tests.sweeps_tests.population_kit import LR, Race, make


class Tunes:
    """The reference: Tune's scheduler on Tune's own `Trial` objects."""

    search_alg = None

    def __init__(self, scheduler: PopulationBasedTraining) -> None:
        self.scheduler = scheduler
        self.trials: dict[str, Trial] = {}
        self.checkpoint: Any = None

    def get_trials(self) -> list[Trial]:
        return list(self.trials.values())

    def _schedule_trial_save(self, trial: Trial, result: Any = None) -> Any:
        return SimpleNamespace(trial=trial, report=result["training_iteration"])

    def pause_trial(self, trial: Trial, should_checkpoint: bool = True) -> None:
        trial.status = Trial.PAUSED

    def add(self, name: str, config: dict[str, Any]) -> None:
        trial = Trial("none", config=config, trial_id=name, stub=True)
        trial.status = Trial.RUNNING
        self.trials[name] = trial
        self.scheduler.on_trial_add(self, trial)

    def report(self, name: str, number: int, score: float, seed: int) -> tuple[int, Any, dict[str, Any]] | None:
        """The report and the trial that were copied, with the new configuration, if the trial was exploited."""
        trial = self.trials[name]
        random.seed(seed)
        np.random.seed(seed)
        self.scheduler.on_trial_result(self, trial, {"training_iteration": number, "score": score})
        if trial.status != Trial.PAUSED:
            return None
        trial.status = Trial.RUNNING
        checkpoint = trial.run_metadata.checkpoint_manager._latest_checkpoint_result.checkpoint
        return checkpoint.report, checkpoint.trial, trial.config


def test_pbt_decides_what_tunes_own_decides_on_its_own_trials() -> None:
    common = {"time_attr": "training_iteration", "metric": "score", "mode": "max", "perturbation_interval": 2}
    reference = Tunes(
        PopulationBasedTraining(
            hyperparam_mutations={
                "lr": lambda: LR.from_unit(random.random()),
                "decay": random.random,
                "k": [1, 2, 4, 8],
            },
            log_config=False,
            custom_explore_fn=lambda found: {
                **found,
                "lr": min(max(found["lr"], 1e-4), 1.0),
                "decay": min(found["decay"], 1.0),
            },
            **common,
        )
    )
    race = Race(make("pbt"), 8)
    lines = {trial: trial for trial in race.alive}  # from ours to the line that it continues, Tune's trial
    for trial in race.alive:
        reference.add(trial, dict(race.params[trial]))
    exploits = 0
    for _ in range(60):
        for trial in list(race.alive):
            number = max(race.scores[trial]) + 1
            decision = race.report(trial, number)
            seed = stable_seed(5, "pbt", trial, number)
            found = reference.report(lines[trial], number, race.scores[trial][number], seed)
            assert (decision is Decision.REPLACE) is (found is not None)
            if found is not None:
                copy = race.replace(trial)
                lines[race.alive[-1]] = lines.pop(trial)
                assert (copy.report, reference.trials[lines[copy.parent]]) == found[:2]
                assert dict(copy.params) == pytest.approx(found[2])
                exploits += 1
    assert exploits > 20


@pytest.mark.slow
def test_pb2_suggests_what_tunes_own_suggests() -> None:
    names = ("param:lr", "param:decay")
    reference = Tunes(
        PB2(
            time_attr="training_iteration",
            metric="score",
            mode="max",
            perturbation_interval=2,
            hyperparam_bounds={"param:lr": [math.log(1e-4), 0.0], "param:decay": [0.0, 1.0]},
            log_config=False,
        )
    )
    race = Race(make("pb2", population=4), 4)
    for trial in race.alive:
        reference.add(trial, {names[0]: math.log(race.params[trial]["lr"]), names[1]: race.params[trial]["decay"]})
    first = None
    while first is None:
        for trial in list(race.alive):
            number = max(race.scores[trial]) + 1
            decision = race.report(trial, number)
            seed = stable_seed(5, "pb2", trial, number)
            found = reference.report(trial, number, race.scores[trial][number], seed)
            assert (decision is Decision.REPLACE) is (found is not None)
            if found is not None:
                first = race.scheduler.heir(trial), found
                break
    copy, (report, winner, config) = first
    assert copy is not None
    assert (copy.parent, copy.report) == (winner.trial_id, report)
    if config[names[1]] != race.params[copy.parent]["decay"]:  # else too little was known, and ours is drawn
        assert math.log(copy.params["lr"]) == pytest.approx(config[names[0]], abs=1e-6)
        assert copy.params["decay"] == pytest.approx(config[names[1]], abs=1e-6)
