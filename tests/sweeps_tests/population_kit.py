"""Populations that race over made-up scores, by Tune's schedulers behind the adapter."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from typing import Any

from search_spaces import SearchSpace
from search_spaces.parameters import Categorical, Float
from sweeps.engine.make_population import make_population
from sweeps.engine.population import TunePopulation
from sweeps.schedule import Decision
from sweeps.schedule.base import Copy

LR = Float("lr", 1e-4, 1.0, log=True)
SPACE = SearchSpace((LR, Float("decay", 0.0, 1.0), Categorical("k", [1, 2, 4, 8])))
SETTINGS: dict[str, Any] = {"grace": 1, "perturbation_interval": 2, "quantile_fraction": 0.25}
PBT = {**SETTINGS, "resample_probability": 0.25, "perturbation_factors": (1.2, 0.8)}


def make(name: str, population: int = 8, space: SearchSpace = SPACE, **settings: Any) -> TunePopulation:
    base = PBT if name == "pbt" else SETTINGS
    mutate = tuple(one.name for one in space if name == "pbt" or not isinstance(one, Categorical))
    return make_population(name, space, population=population, seed=5, **{"mutate": mutate, **base, **settings})


class Race:
    """A population that trains in turn, each trial a report at a time; copies take over their parent's score."""

    def __init__(self, scheduler: TunePopulation, size: int, space: SearchSpace = SPACE) -> None:
        self.scheduler = scheduler
        self.params: dict[str, Mapping[str, Any]] = {}
        self.scores: dict[str, dict[int, float]] = {}
        self.alive: list[str] = []
        self.copies: list[Copy] = []
        for number in range(1, size + 1):
            self.begin(f"t{number:04d}", space.sample(random.Random(number)))

    def begin(self, trial: str, params: Mapping[str, Any], copy: Copy | None = None) -> None:
        self.params[trial] = params
        self.scores[trial] = {copy.report: self.scores[copy.parent][copy.report]} if copy else {0: 0.0}
        self.scheduler.made(trial, params, copy)
        self.scheduler.start(trial)
        self.alive.append(trial)

    def gain(self, trial: str, report: int) -> float:
        rng = random.Random(f"{trial} {report}")
        return 1 - abs(math.log10(self.params[trial]["lr"]) + 2) / 4 + rng.gauss(0, 4)

    def report(self, trial: str, number: int) -> Decision:
        score = self.scores[trial][number] = self.scores[trial][number - 1] + self.gain(trial, number)
        self.scheduler.saved(trial, number)
        return self.scheduler.report(trial, number, score)

    def replace(self, trial: str) -> Copy:
        copy = self.scheduler.heir(trial)
        assert copy is not None
        assert copy.replaces == trial
        assert (copy.parent, copy.report) in self.scheduler.sources
        self.copies.append(copy)
        self.alive.remove(trial)
        self.begin(f"t{len(self.params) + 1:04d}", copy.params, copy)
        self.scheduler.end(trial)
        return copy

    def run(self, rounds: int) -> None:
        for _ in range(rounds):
            for trial in list(self.alive):
                if self.report(trial, max(self.scores[trial]) + 1) is Decision.REPLACE:
                    self.replace(trial)
