"""Sweeps without Ray: workers that score by a formula and save real checkpoints, and a driver that can die anywhere."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sweeps.config import SweepConfig, from_mapping
from sweeps.engine.schedulers import scheduler_of
from sweeps.own_checkpoints import OwnCheckpoints
from sweeps.records.ledger import Ledger
from sweeps.records.record import Reason, State
from sweeps.records.sweep_file import digest
from sweeps.schedule import Decision
from sweeps.study import Assignment, Study
from sweeps.views.sink import Sink
from trainer.manifest import latest_valid, numbered, write_manifest
from trainer.progress import PROGRESS, Progress

REPORTS = 4


def sweep_config(folder: Path, **settings: Any) -> SweepConfig:
    content = {
        "name": "toy",
        "trainer": {"function": "toy:train"},
        "metric": {"name": "score", "goal": "maximize"},
        "method": "random",
        "parameters": {"x": {"min": 0.0, "max": 1.0}, "k": [1, 2, 3]},
        "early_stopping": "none",
        "trials": 6,
        "keep_checkpoints": 2,
        **settings,
    }
    return from_mapping(content, base=folder, outside=False)


def score(params: dict[str, Any], report: int) -> float:
    return float(params["x"]) * (1 - 0.5**report) + 0.01 * int(params["k"])


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Died(BaseException):
    """The driver was killed."""


class MortalLedger(Ledger):
    """Takes so many lines and no more."""

    lines: int | None = None

    def append(self, event: str, **fields: Any) -> dict[str, Any]:
        if self.lines == 0:
            raise Died
        if self.lines is not None:
            self.lines -= 1
        return super().append(event, **fields)


@dataclass
class Worker:
    """One attempt as a worker would run it: from the newest checkpoint on, a report at each step."""

    study: Study
    assignment: Assignment
    number: int = field(init=False)

    def __post_init__(self) -> None:
        self.checkpoints = self.study.folder / "trials" / self.assignment.trial / "checkpoints"
        self.number = self.newest()

    def newest(self) -> int:
        raise NotImplementedError

    def save(self, message: dict[str, Any]) -> Path:
        raise NotImplementedError

    def prune(self) -> None:
        raise NotImplementedError

    def message(self) -> dict[str, Any]:
        value = score(dict(self.assignment.settings), self.number)
        return {"number": self.number, "step": self.number, "metrics": {"score": value}}

    def step(self) -> Decision:
        self.number += 1
        message = self.message()
        checkpoint = self.save(message)
        decision = self.study.report(self.assignment.trial, {**message, "checkpoint": str(checkpoint)})
        if decision is Decision.CONTINUE:
            self.prune()
        return decision


class FunctionWorker(Worker):
    """A function of one's own: its end comes by itself, after the last report."""

    def newest(self) -> int:
        self.own = OwnCheckpoints(self.checkpoints, metric="score", goal="maximize")
        found, _ = self.own.newest()
        return int(found.name[1:]) if found else 0

    def save(self, message: dict[str, Any]) -> Path:
        source = self.study.folder / "source"
        source.mkdir(exist_ok=True)
        (source / "step.txt").write_text(str(message["number"]))
        return self.own.keep(source, message)

    def prune(self) -> None:
        self.own.prune()

    def step(self) -> Decision:
        if self.number == REPORTS:
            self.study.ended(self.assignment.trial, State.FINISHED, Reason("completed"))
            return Decision.STOP
        return super().step()


class LoopWorker(Worker):
    """The shared trainer: its last report says that it is done, and each checkpoint remembers all reports."""

    def newest(self) -> int:
        found, _ = latest_valid(self.checkpoints)
        self.history = Progress.read(found).history if found else ()
        return len(self.history)

    def message(self) -> dict[str, Any]:
        done = self.number == REPORTS
        return {**super().message(), "done": done, "reason": "completed" if done else None}

    def save(self, message: dict[str, Any]) -> Path:
        folder = self.checkpoints / f"r{message['number']:04d}"
        self.history = (*self.history, {**message, "checkpoint": f"checkpoints/{folder.name}"})
        folder.mkdir(parents=True, exist_ok=True)
        Progress(number=message["number"], history=self.history).write(folder)
        assert (folder / PROGRESS).is_file()
        write_manifest(folder, {"number": message["number"]})
        return folder

    def prune(self) -> None:
        OwnCheckpoints.prune(self.keeper())

    def keeper(self) -> OwnCheckpoints:
        keeper = OwnCheckpoints(self.checkpoints, metric="score", goal="maximize")
        for entry in self.history:
            keeper._score(entry["number"], entry)
        return keeper

    def step(self) -> Decision:
        if self.number == REPORTS:  # its driver died before the end was written
            self.study.ended(self.assignment.trial, State.FINISHED, Reason("completed"))
            return Decision.STOP
        return super().step()


@dataclass
class Play:
    """What a driver saw: the most checkpoints on disk at once, the most paused trials, and all workers' steps."""

    most_checkpoints: int = 0
    most_paused: int = 0
    steps: int = 0


def play(
    study: Study,
    *,
    slots: int = 1,
    kind: type[Worker] = FunctionWorker,
    steps: int | None = None,
    workers: list[Worker] | None = None,
) -> Play:
    """Let workers run in turn until nothing is left, or for so many steps; ``workers`` are busy already."""
    seen, workers = Play(), [] if workers is None else workers
    while steps is None or seen.steps < steps:
        while len(workers) < slots and (assignment := study.start()) is not None:
            workers.append(kind(study, assignment))
        if not workers:
            break
        worker = workers.pop(0)
        if worker.step() is Decision.CONTINUE:
            workers.append(worker)
        seen.steps += 1
        seen.most_paused = max(seen.most_paused, study.paused)
        seen.most_checkpoints = max(seen.most_checkpoints, len(on_disk(study.folder)))
    return seen


def on_disk(folder: Path) -> list[Path]:
    return [path for trial in sorted(folder.glob("trials/*")) for path in numbered(trial / "checkpoints").values()]


def facts_of(config: SweepConfig, ledger: Ledger, planned: int | None) -> dict[str, Any]:
    """A start's line, without what takes long to find out."""
    return {
        "name": "toy",
        "metric": "score",
        "goal": config.metric.goal,
        "planned": planned,
        "limits": config.limits.counts,
        "digest": digest(config),
        "attempt": 1 + sum(event["event"] == "sweep" for event in ledger.past),
    }


def begin(
    config: SweepConfig, folder: Path, lines: int | None = None, sink: Sink | None = None
) -> tuple[Study, Ledger]:
    """A driver on a new folder, or on what another one left there, as the engine starts it."""
    folder.mkdir(exist_ok=True)
    ledger = MortalLedger.open(folder, create=not (folder / "records.jsonl").exists())
    ledger.lines = lines
    ledger._clock = Clock()  # what a resume costs is read off it, and a busy machine is no part of a sweep's result
    study = Study(config, folder, ledger, sink, clock=Clock(), scheduler=scheduler_of(config))
    study.replay(ledger.past)
    try:
        study.write("sweep", **facts_of(config, ledger, study.planned))
        study.tidy()
    except Died:
        ledger.close()
        raise
    return study, ledger


def run(config: SweepConfig, folder: Path, lines: int | None = None, sink: Sink | None = None, **how: Any) -> Study:
    """A driver from its start to its end. Raises ``Died`` after so many lines of the ledger."""
    study, ledger = begin(config, folder, lines, sink)
    with ledger:
        play(study, **how)
        study.close()
        study.write("sweep_end", state="finished")
    return study


def shape(study: Study) -> list[tuple[Any, ...]]:
    """What a sweep came to, without times: parameters, ends and values of every trial."""
    return [
        (trial.id, json.dumps(dict(trial.params)), str(trial.state), [r.metrics["score"] for r in trial.reports])
        for trial in study.record.trials
    ]
