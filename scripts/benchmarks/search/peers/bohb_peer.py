"""BOHB (Falkner et al. 2018) from hpbandster.

Its master wants a name server and real time. So its own parts are driven here: its config generator (the model), its
brackets (`get_next_iteration`, `SuccessiveHalving`), and the loop of `Master.run`: the first bracket that has a run
gives it, and where none has, a new bracket begins.
"""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
from hpbandster.optimizers.bohb import BOHB
from hpbandster.optimizers.config_generators.bohb import BOHB as Generator


class Peer:
    def __init__(self, space: object, most: int, eta: int) -> None:
        rungs = -int(np.log(1 / most) / np.log(eta)) + 1
        self.generator = Generator(space)
        self.master = SimpleNamespace(
            eta=eta,
            max_SH_iter=rungs,
            budgets=most * np.power(eta, -np.linspace(rungs - 1, 0, rungs)),
            config_generator=self.generator,
            logger=self.generator.logger,
            result_logger=None,
        )
        self.iterations: list = []
        self.jobs: list[tuple] = []

    def ask(self) -> dict:
        active = (iteration for iteration in self.iterations if not iteration.is_finished)
        run = next((run for iteration in active if (run := iteration.get_next_run()) is not None), None)
        if run is None:
            self.iterations.append(BOHB.get_next_iteration(self.master, len(self.iterations), {}))
            run = self.iterations[-1].get_next_run()
        self.jobs.append(run)
        _, config, budget = run
        return {"job": len(self.jobs) - 1, "config": dict(config), "budget": float(budget)}

    def tell(self, job: int, loss: float) -> None:
        key, config, budget = self.jobs[job]
        told = SimpleNamespace(
            id=key,
            kwargs={"config": config, "budget": budget},
            timestamps={},
            result={"loss": loss},
            exception=None,
        )
        self.iterations[key[0]].register_result(told)
        self.generator.new_result(told)

    def placed(self, job: int, config: dict) -> None:
        key, _, budget = self.jobs[job]
        self.iterations[key[0]].data[key].config = config
        self.jobs[job] = (key, config, budget)


def make(space: object, *, seed: int, most: int, eta: int, folder: str) -> Peer:  # noqa: ARG001
    np.random.seed(seed)  # the generator draws from numpy's own
    return Peer(space, most, eta)
