"""A real sweep in this process, without Ray: the same study, the same attempts, one after another."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from sweeps.config import FunctionTrainer, SweepConfig
from sweeps.engine.attempt import attempt
from sweeps.engine.preparation import prepare
from sweeps.engine.sweep_folder import new_folder, start_facts
from sweeps.records.ledger import Ledger
from sweeps.records.record import Reason, State
from sweeps.records.sweep_file import read_config, write_config
from sweeps.schedule import Decision
from sweeps.study import Study
from sweeps.study.extension import Extension, plan_extension, write_down
from sweeps.views.sink import Sink
from trainer.config import TrainConfig
from trainer.tasks import get_task

DIGITS = {"trials": 3, "method": "random", "trainer.epochs": 6, "trainer.report_every": 2, "keep_checkpoints": 2}


def run_here(config: SweepConfig, storage: Path, *, cache: Path | None = None, most: int | None = None) -> Path:
    """The folder of the sweep, at its end; or interrupted, after so many reports."""
    folder = new_folder(storage, config.name)
    prepare(config, cache or folder / "cache")
    write_config(folder, config)
    return _drive(config, folder, cache or folder / "cache", most, create=True)


def go_on_here(folder: Path, *, cache: Path | None = None, most: int | None = None) -> Path:
    """The same sweep, further."""
    return _drive(read_config(folder), folder, cache or folder / "cache", most, create=False)


def extend_here(folder: Path, *changes: str, sink: Sink | None = None) -> Extension:
    """What was made of the sweep in ``folder``, which is at its end again."""
    with Ledger.open(folder, create=False) as ledger:
        extension = plan_extension(folder, ledger.past, changes)
        config = extension.config
        prepare(config, folder / "cache")
        write_down(extension, folder, ledger, start_facts(config, extension.generation, planned=extension.planned))
        study = Study(config, folder, ledger, sink)
        study.replay(ledger.past)
        _work(study, folder / "cache", None)
    return extension


def _drive(config: SweepConfig, folder: Path, cache: Path, most: int | None, *, create: bool) -> Path:
    with Ledger.open(folder, create=create) as ledger:
        study = Study(config, folder, ledger)
        study.replay(ledger.past)
        study.write("sweep", **start_facts(config, 1 + sum(event["event"] == "sweep" for event in ledger.past)))
        _work(study, cache, most)
    return folder


def _work(study: Study, cache: Path, most: int | None) -> None:
    config, folder, reports = study.config, study.folder, 0
    own = config.trainer.function if isinstance(config.trainer, FunctionTrainer) else None
    study.tidy()
    while (given := study.start()) is not None:
        task = {
            "settings": dict(given.settings),
            "folder": str(folder / "trials" / given.trial),
            "function": own,
            "base": str(config.base),
            "cache": str(cache),
            "metric": config.metric.name,
            "goal": config.metric.goal,
            "threads": 1,
        }
        for message in attempt(task):
            if "report" in message:
                reports += 1
                decision = study.report(given.trial, message["report"])
                if reports == most:
                    study.interrupt(Reason("interrupted"))
                    study.write("sweep_end", state="interrupted", seconds=1.0)
                    return
                if decision is not Decision.CONTINUE:
                    break
            else:
                end = message["end"]
                study.ended(given.trial, State(end["state"]), Reason(end["code"], end["text"]))
    study.close()
    study.write("sweep_end", state="finished", seconds=1.0)


def validation_rows(folder: Path, params: dict, generation: int | None = None) -> tuple[np.ndarray, list[int]]:
    """The rows of digits that the sweep in ``folder`` validated on, as they were before they were scaled."""
    config = TrainConfig.build(read_config(folder, generation=generation).trial_settings(params))
    prepared = get_task(config.task).prepare(config, folder / "cache")
    arrays, numbers = prepared.splits["validation"].arrays, prepared.meta["scaling"]
    raw = arrays["features"] * np.asarray(numbers["scale"]) + np.asarray(numbers["offset"])
    return np.rint(raw), arrays["labels"].tolist()


def flip_a_byte(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(bytes(data))
