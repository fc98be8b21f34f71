"""SMAC3's multi-fidelity facade (Lindauer et al. 2022), its own ask and tell."""

from __future__ import annotations

from smac import MultiFidelityFacade, Scenario
from smac.runhistory.dataclasses import TrialInfo, TrialValue


class Peer:
    def __init__(self, smac: MultiFidelityFacade) -> None:
        self.smac = smac
        self.jobs: list[TrialInfo] = []

    def ask(self) -> dict:
        job = self.smac.ask()
        self.jobs.append(job)
        return {"job": len(self.jobs) - 1, "config": dict(job.config), "budget": float(job.budget)}

    def tell(self, job: int, loss: float) -> None:
        info = self.jobs[job]
        self.smac.tell(info, TrialValue(cost=loss, time=info.budget), save=False)


def _train(config: object, seed: int, budget: float) -> float:
    raise NotImplementedError("we train")


def make(space: object, *, seed: int, most: int, eta: int, folder: str) -> Peer:
    scenario = Scenario(
        space,
        output_directory=folder,
        deterministic=True,
        min_budget=1,
        max_budget=most,
        n_trials=10_000,  # we end it by what it spends
        seed=seed,
    )
    intensifier = MultiFidelityFacade.get_intensifier(scenario, eta=eta)
    return Peer(MultiFidelityFacade(scenario, _train, intensifier=intensifier, logging_level=False, overwrite=True))
