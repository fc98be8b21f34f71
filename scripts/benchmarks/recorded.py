"""Sweeps recorded in virtual time: the real study, scheduler and ledger, with workers that are formulas.

A sweep of a thousand trials is there in seconds, as its driver would have written it.
"""

from __future__ import annotations

import heapq
import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sweeps.config import SweepConfig, from_mapping
from sweeps.engine.sweep_folder import start_facts
from sweeps.records.ledger import Ledger
from sweeps.records.record import Reason, State, TrialRecord
from sweeps.records.sweep_file import write_config
from sweeps.schedule import Decision
from sweeps.study import Assignment, Study
from sweeps.views.sink import Sink, Sinks

SPACE = {
    "learning_rate": {"distribution": "log_uniform_values", "min": 1e-5, "max": 1e-1},
    "batch_size": {"values": [16, 32, 64, 128]},
    "weight_decay": {"min": 0.0, "max": 0.3},
    "dropout": {"min": 0.0, "max": 0.5},
    "optimizer": {"values": ["adamw", "sgd"]},
}


def sweep_config(name: str, folder: Path, **settings: Any) -> SweepConfig:
    """A sweep over ``SPACE`` whose trials make 27 reports when nobody stops them."""
    content = {
        "name": name,
        "trainer": {"function": "recorded:train"},
        "metric": {"name": "accuracy", "goal": "maximize"},
        "method": "random",
        "parameters": SPACE,
        "early_stopping": {"scheduler": "asha", "grace": 1, "reduction_factor": 3},
        "reports": 27,
        "trials": 1000,
        "archive": False,
        **settings,
    }
    return from_mapping(content, base=folder, outside=False)


@dataclass
class Trainings:
    """What trials come to and how long they take: ``spread`` is that of the logarithm of their speeds, ``begin`` the
    seconds until an attempt trains, and ``first`` those on a new worker."""

    seconds: float = 10.0  # of a report interval
    spread: float = 0.4
    begin: float = 1.0
    first: float = 15.0
    failing: float = 0.01
    seed: int = 0

    def speed(self, trial: str) -> float:
        """Seconds of a report interval of ``trial``."""
        return self.seconds * math.exp(random.Random(f"{self.seed} {trial}").gauss(0.0, self.spread))

    def fails_at(self, trial: str) -> int | None:
        """The report before which it fails, if it does."""
        draw = random.Random(f"{self.seed} {trial} fails")
        return draw.randint(1, 5) if draw.random() < self.failing else None

    def metrics(self, trial: str, params: dict[str, Any], report: int, best: float) -> dict[str, float]:
        """As those of a classification: better near some learning rate, and with more training."""
        draw = random.Random(f"{self.seed} {trial} {report}")
        rate = math.log10(params["learning_rate"])
        top = 0.98 - 0.05 * (rate + 2.5) ** 2 - 0.2 * (params["dropout"] - 0.2) ** 2 - 0.1 * params["weight_decay"]
        value = min(0.999, max(0.05, top * (1 - 0.6 * math.exp(-report / 6)) + draw.gauss(0.0, 0.01)))
        loss = -math.log(value) + abs(draw.gauss(0.0, 0.01))
        return {
            "loss": loss, "accuracy": value, "precision_macro": value - 0.01, "recall_macro": value - 0.02,
            "f1_macro": value - 0.015, "f1_micro": value, "f1_weighted": value - 0.005,
            "matthews_correlation": value - 0.05, "roc_auc": min(1.0, value + 0.01), "log_loss": loss,
            "best_accuracy": max(best, value), "train_loss": 0.8 * loss, "grad_norm": draw.lognormvariate(0, 0.3),
            "samples_per_second": 1000 + draw.gauss(0, 30), "tokens_per_second": 64000 + draw.gauss(0, 900),
            "host_memory_gb": 0.9, "learning_rate": params["learning_rate"] * (1 - report / 28),
        }  # fmt: skip


def record_sweep(
    config: SweepConfig, folder: Path, *, slots: int, trainings: Trainings | None = None, sinks: Sequence[Sink] = ()
) -> Path:
    """A finished sweep in the new folder ``folder``; its times begin at 1,700,000,000 s."""
    trainings = trainings or Trainings()
    folder.mkdir(parents=True)
    write_config(folder, config)
    now = [1.7e9]
    with Ledger.open(folder, create=True) as ledger:
        ledger._clock = lambda: now[0]
        seen = _Seen()
        everyone = Sinks([seen, *sinks])
        study = Study(config, folder, ledger, everyone, clock=lambda: now[0])
        study.replay(ledger.past)
        study.write("sweep", **start_facts(config, 1, planned=study.planned, slots=slots))
        _work(study, seen.trials, now, slots, trainings)
        study.close()
        study.write("sweep_end", state="finished", seconds=now[0] - 1.7e9)
        everyone.close()
    return folder


class _Seen:
    """The trials as they are, for the workers."""

    def __init__(self) -> None:
        self.trials: dict[str, TrialRecord] = {}

    def handle(self, _: Mapping[str, Any], trial: TrialRecord | None) -> None:
        if trial is not None:
            self.trials[trial.id] = trial

    def close(self) -> None:
        self.trials.clear()


def _work(study: Study, seen: Mapping[str, TrialRecord], now: list[float], slots: int, trainings: Trainings) -> None:
    reports = study.config.limits.reports or 27
    due: list[tuple[float, int, int, Assignment, int]] = []  # when, in which order, on which worker, what, which report
    free, warm, order = list(range(slots)), set(), 0
    while True:
        while free and (given := study.start()) is not None:
            worker = free.pop(0)
            wait = trainings.begin if worker in warm else trainings.first
            warm.add(worker)
            number = seen[given.trial].reached + 1
            heapq.heappush(due, (now[0] + wait + trainings.speed(given.trial), order, worker, given, number))
            order += 1
        if not due:
            return
        now[0], _, worker, given, number = heapq.heappop(due)
        if number == trainings.fails_at(given.trial):
            study.ended(given.trial, State.FAILED, Reason("error", "ValueError: as it was drawn"))
            free.append(worker)
            continue
        known = seen[given.trial].reports
        best = max((report.metrics["accuracy"] for report in known), default=0.0)
        message = {
            "number": number,
            "step": 100 * number,
            "epoch": number / 9,
            "metrics": trainings.metrics(given.trial, dict(given.settings), number, best),
            "checkpoint": str(study.folder / "trials" / given.trial / "checkpoints" / f"r{number:04}"),
            "pid": 1000 + worker,
            **({"done": True, "reason": "completed"} if number == reports else {}),
        }
        if study.report(given.trial, message) is Decision.CONTINUE:
            heapq.heappush(due, (now[0] + trainings.speed(given.trial), order, worker, given, number + 1))
            order += 1
        else:
            free.append(worker)
