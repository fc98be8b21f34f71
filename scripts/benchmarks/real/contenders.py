"""Runs one sweep of one contender in a process of its own, and reads what came of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from scripts.benchmarks.real.problems import REPORTS, Problem
from sweeps.records.builder import RecordBuilder
from sweeps.records.ledger import read_events
from sweeps.records.record import State
from sweeps.take_home.best import best_of

SLOTS = 2
PLAIN = "ray"

# By name: what it is called in tables, and what its sweep file says of search.
CONTENDERS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "auto": ("`method: auto`, `asha`", {"method": "auto", "early_stopping": {"scheduler": "asha"}}),
    "foundation": (
        "TPE by rung, `asha` stopping",
        {"method": "bayesian", "early_stopping": {"scheduler": "asha", "mode": "stopping"}},
    ),
    PLAIN: ("Ray Tune: OptunaSearch, ASHAScheduler", {}),
}


@dataclass(frozen=True)
class Outcome:
    """What one sweep came to.

    Attributes:
        validation: the best value of the metric.
        params: of the trial that has it.
        checkpoint: where its model lies.
        begun: trials that were begun.
        trainings: full trainings' worth that was really spent.
        seconds: by the clock, from the command to its end.
        trials: each trial's state, parameters and values, to look into later.
        resume_cost: of ours, in report intervals, where it was measured.
    """

    validation: float
    params: Mapping[str, Any]
    checkpoint: Path
    begun: int
    trainings: float
    seconds: float
    trials: Sequence[Mapping[str, Any]]
    resume_cost: float | None = None


def run(contender: str, problem: Problem, seed: int, trainings: float, folder: Path) -> Outcome:
    """One sweep, in the new folder ``folder``.

    Raises:
        RuntimeError: it ended badly; with what it said.
    """
    folder.mkdir(parents=True)
    file = folder / "sweep.yaml"
    file.write_text(yaml.safe_dump(_sweep_file(contender, problem, seed, trainings)))
    return _plain(file, folder, trainings) if contender == PLAIN else _ours(file, folder, problem)


def _sweep_file(contender: str, problem: Problem, seed: int, trainings: float) -> dict[str, Any]:
    """The same for all but for how they search; plain Ray Tune takes settings and parameters from it."""
    return {
        "name": "sweep",
        "trainer": problem.blind,
        "metric": {"name": problem.metric.name, "goal": problem.metric.goal},
        "parameters": dict(problem.parameters),
        **CONTENDERS[contender][1],
        "budget": {"trainings": trainings},
        "resources": {"cpus_per_trial": 1, "max_parallel": SLOTS},
        "seed": seed,
    }


def _ours(file: Path, folder: Path, problem: Problem) -> Outcome:
    seconds = _timed("-m", "sweeps.cli", "run", str(file), "--storage", str(folder / "runs"), "--quiet")
    sweep = folder / "runs" / "sweep"
    record, best = best_of(sweep)
    assert record.cost is not None
    assert best.checkpoint is not None
    begun = [trial for trial in record.trials if trial.reports or trial.state is not State.PENDING]
    trials = [
        {
            "id": trial.id,
            "state": trial.state.value,
            "attempts": trial.attempt,
            "params": dict(trial.params),
            "values": [report.metrics[problem.metric.name] for report in trial.reports],
        }
        for trial in begun
    ]
    resume_cost = RecordBuilder(read_events(sweep)[0]).meter.resume_cost
    checkpoint = sweep / best.checkpoint
    spent = record.cost.trainings
    return Outcome(best.value, best.params, checkpoint, len(begun), spent, seconds, trials, resume_cost)


def _plain(file: Path, folder: Path, trainings: float) -> Outcome:
    out = folder / "plain.json"
    seconds = _timed("-m", "scripts.benchmarks.real.plain_ray", str(file), str(folder), str(trainings), str(out))
    result = json.loads(out.read_text())
    sign = 1 if result["goal"] == "minimize" else -1
    reports = [(sign * value, trial, at) for trial in result["trials"] for at, value in enumerate(trial["values"])]
    value, trial, at = min(reports, key=lambda entry: entry[0])
    spent = len(reports) / REPORTS
    checkpoint = Path(trial["checkpoints"][at])
    begun = len(result["trials"])
    return Outcome(sign * value, trial["params"], checkpoint, begun, spent, seconds, result["trials"])


def _timed(*arguments: str) -> float:
    since = time.monotonic()
    done = subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1", "RAY_USAGE_STATS_ENABLED": "0"},
    )
    if done.returncode:
        said = (done.stdout + done.stderr)[-3000:]
        raise RuntimeError(f"{' '.join(arguments)} ended with {done.returncode}:\n{said}")
    return time.monotonic() - since
