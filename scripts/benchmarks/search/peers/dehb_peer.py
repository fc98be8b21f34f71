"""DEHB (Awad et al. 2021), its own ask and tell."""

from __future__ import annotations

from dehb import DEHB


class Peer:
    def __init__(self, dehb: DEHB) -> None:
        self.dehb = dehb
        self.jobs: list[dict] = []

    def ask(self) -> dict:
        job = self.dehb.ask()
        self.jobs.append(job)
        return {"job": len(self.jobs) - 1, "config": dict(job["config"]), "budget": float(job["fidelity"])}

    def tell(self, job: int, loss: float) -> None:
        self.dehb.tell(self.jobs[job], {"fitness": loss, "cost": float(self.jobs[job]["fidelity"])})


def make(space: object, *, seed: int, most: int, eta: int, folder: str) -> Peer:
    return Peer(
        DEHB(
            f=lambda *_, **__: None,  # never called: we train
            cs=space,
            dimensions=len(space),
            min_fidelity=1,
            max_fidelity=most,
            eta=eta,
            n_workers=1,  # it would start processes of its own
            seed=seed,
            output_path=folder,
            save_freq="end",
            log_level="ERROR",
        )
    )
