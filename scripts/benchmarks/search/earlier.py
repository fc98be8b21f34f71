"""Earlier sweeps for the benchmark: simulated ones of our own on the other tasks, never their tables."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from scripts.benchmarks.search.replay import replay
from scripts.benchmarks.search.row import ROOT, Setting
from scripts.benchmarks.search.simulator import SimulatedTrial, simulate
from scripts.benchmarks.search.tasks import TaskPlace, find_tasks, load_task
from sweeps.config.past import PastSweep, PastTrial, past_sweep
from sweeps.schedule import make_scheduler
from sweeps.search import Outcome, make_searcher
from sweeps.search.rung_scores import RungScores
from sweeps.search.seeding import stable_seed

TRAININGS = 20.0  # that an earlier sweep had
VARIETY = 3  # earlier sweeps of each task, with different seeds
# What these sweeps come to depends on; a page that was measured with others says so by its date alone.
_SOURCES = ("sweeps/search", "sweeps/schedule", "scripts/benchmarks/search/simulator.py")


def make_archives(tasks: Sequence[TaskPlace], seeds: int, jobs: int) -> None:
    """Run the earlier sweeps that ``seeds`` need and that are not there yet."""
    wanted = [(place, 1 + seed) for place in tasks for seed in range(min(seeds, VARIETY))]
    missing = [pair for pair in wanted if not _path(*pair).exists()]
    print(f"{len(wanted)} earlier sweeps, {len(wanted) - len(missing)} of them known", flush=True)
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        list(pool.map(_earlier, *zip(*missing, strict=True)) if missing else ())


def earlier_sweeps(place: TaskPlace, count: int, how: str, seed: int) -> tuple[PastSweep, ...]:
    """Sweeps on ``count`` other tasks, or all there are; which ones turns with ``seed``.

    ``how`` is as in `Condition`.
    """
    if not count:
        return ()
    same = how != "other"
    others = [one for one in _tasks(place) if (one.family == place.family) is same and one.name != place.name]
    turned = [others[(seed + turn) % len(others)] for turn in range(min(count, len(others)))]
    sweeps = (_earlier(one, 1 + seed % VARIETY) for one in turned)
    return tuple(_negated(sweep) if how == "negated" else sweep for sweep in sweeps)


def _tasks(place: TaskPlace) -> Iterator[TaskPlace]:
    yield from find_tasks(place.data, store=_store(place))


def _negated(sweep: PastSweep) -> PastSweep:
    return dataclasses.replace(sweep, goal="minimize" if sweep.goal == "maximize" else "maximize")


def _earlier(place: TaskPlace, seed: int) -> PastSweep:
    """One sweep by ``auto``, 8 workers, made once."""
    path = _path(place, seed)
    if not path.exists():
        sweep = _run(place, seed)
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_suffix(f".{os.getpid()}")
        beside.write_text(json.dumps(sweep.to_mapping()))
        beside.replace(path)
    return past_sweep(json.loads(path.read_text()))


def _run(place: TaskPlace, seed: int) -> PastSweep:
    task = load_task(place)
    problem = replay(task)
    setting = Setting(task.space, problem.reports, 8, stable_seed("earlier", task.name, seed))
    scheduler = make_scheduler("asha", reports=problem.reports)
    searcher = make_searcher("auto", setting.space, seed=setting.seed, rungs=scheduler.rungs)
    run = simulate(searcher, scheduler, problem, workers=8, budget=TRAININGS * problem.training)
    trials = _as_past(run.trials, scheduler.rungs)
    return PastSweep(f"{place.family}-{seed}", task.name, "score", "maximize", trials)


def _as_past(trials: Sequence[SimulatedTrial], rungs: Sequence[int]) -> tuple[PastTrial, ...]:
    """As `sweeps.engine.carrying.past_of` makes it of a real sweep's record."""
    scores = RungScores(rungs)
    for trial in trials:
        scores.begin(trial.number)
        for report, score in enumerate(trial.scores, start=1):
            scores.report(trial.number, report, score)
        if trial.outcome in {Outcome.FINISHED, Outcome.FAILED}:
            scores.end(trial.number, trial.outcome)
    made = (PastTrial(trial.params, dict(scores.trials[trial.number].values)) for trial in trials)
    return tuple(one for one in made if one.scores)


def _path(place: TaskPlace, seed: int) -> Path:
    digest = hashlib.blake2b(digest_size=6)
    for source in _SOURCES:
        path = ROOT / source
        for file in sorted(path.glob("**/*.py")) if path.is_dir() else [path]:
            digest.update(file.read_bytes())
    return _store(place) / "earlier" / f"{digest.hexdigest()}-{place.family}-{place.name}-{seed}.json"


def _store(place: TaskPlace) -> Path:
    return place.store or ROOT / "bench"
