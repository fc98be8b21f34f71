"""A large sweep, recorded by the real study and ledger, whose workers are formulas."""

from __future__ import annotations

import math
import random
from pathlib import Path

from sweeps.config import from_mapping
from sweeps.engine.schedulers import scheduler_of
from sweeps.engine.sweep_folder import start_facts
from sweeps.records.ledger import Ledger
from sweeps.records.sweep_file import write_config
from sweeps.schedule import Decision
from sweeps.study import Study

PARAMETERS = {
    "learning_rate": {"distribution": "log_uniform_values", "min": 1e-5, "max": 1e-1},
    "batch_size": {"values": [16, 32, 64, 128]},
    "weight_decay": {"distribution": "log_uniform_values", "min": 1e-6, "max": 1e-1},
    "dropout": {"min": 0.0, "max": 0.5},
    "optimizer": {"values": ["adamw", "sgd", "lion"]},
    "momentum": {"min": 0.5, "max": 0.99, "when": {"optimizer": "sgd"}},
    "layers": {"min": 1, "max": 8},
}
METRICS = ("loss", "precision", "recall", "f1_macro", "f1_micro", "roc_auc", "log_loss", "train_loss", "grad_norm",
           "samples_per_second", "learning_rate_now", "memory")  # fmt: skip


class Clock:
    """Seconds that pass only when they are told to."""

    now = 1_760_000_000.0

    def __call__(self) -> float:
        return self.now


def record(folder: Path, trials: int, reports: int, slots: int = 4) -> Path:
    """The folder of a finished sweep under ASHA; 14 metrics in each report, no checkpoints.

    Args:
        folder: a new one is made in it.
        trials: how many.
        reports: of a whole training.
        slots: how many trials at once.
    """
    stopping = {"scheduler": "asha", "grace": 8, "reduction_factor": 2}
    content = {
        "name": "large", "trainer": {"function": "large:train"}, "metric": {"name": "accuracy", "goal": "maximize"},
        "method": "random", "parameters": PARAMETERS, "early_stopping": stopping, "trials": trials,
    }  # fmt: skip
    config = from_mapping(content, base=folder, outside=False)
    place = folder / config.name
    place.mkdir(parents=True)
    write_config(place, config)
    clock, rng = Clock(), random.Random(0)
    with Ledger.open(place, create=True) as ledger:
        ledger._clock = clock
        study = Study(config, place, ledger, clock=clock, scheduler=scheduler_of(config))
        study.write("sweep", **start_facts(config, 1, planned=study.planned))
        running: list[tuple[str, dict[str, float]]] = []
        while True:
            while len(running) < slots and (given := study.start()) is not None:
                running.append((given.trial, dict(given.settings)))
            if not running:
                break
            trial, params = running.pop(0)
            clock.now += 3.0
            number = study.told.records.trial(trial).reached + 1
            if study.report(trial, _message(params, number, reports, rng)) is Decision.CONTINUE:
                running.append((trial, params))
        study.close()
        study.write("sweep_end", state="finished")
    return place


def _message(params: dict[str, float], number: int, reports: int, rng: random.Random) -> dict[str, object]:
    rate = math.log10(params["learning_rate"])
    worth = 0.97 - 0.02 * (rate + 3) ** 2 - 0.1 * params["dropout"] - 0.02 * (params["optimizer"] == "sgd")
    accuracy = worth * (1 - 0.5 ** (number + 1)) + rng.gauss(0, 0.003)
    metrics = {"accuracy": accuracy, **{name: rng.random() for name in METRICS}, "best_accuracy": accuracy}
    return {
        "number": number,
        "step": 50 * number,
        "epoch": float(number),
        "progress": number / reports,
        "metrics": metrics,
        "train_seconds": 11.0 * number,
        "trainable": 100_000 * int(params["layers"]),
        "pid": 4711,
        "done": number == reports,
    }
