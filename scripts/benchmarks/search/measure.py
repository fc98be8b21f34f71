"""One row on one task with one seed: what comes of it, as a record of plain numbers."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from scripts.benchmarks.search.conditions import CONDITIONS
from scripts.benchmarks.search.earlier import earlier_sweeps
from scripts.benchmarks.search.replay import replay
from scripts.benchmarks.search.reshaped import reshaped
from scripts.benchmarks.search.row import Setting
from scripts.benchmarks.search.rows import ROWS
from scripts.benchmarks.search.simulator import simulate
from scripts.benchmarks.search.tasks import TaskPlace, load_task
from sweeps.search.seeding import stable_seed

Record = dict[str, Any]


@dataclass(frozen=True)
class Unit:
    """What is measured in one go; ``key`` is what the cache knows it by."""

    row: str
    version: str
    condition: str
    task: TaskPlace
    seed: int

    @property
    def key(self) -> tuple[str, str, str, str, str, int]:
        """Without where the data lies."""
        return (self.row, self.version, self.condition, self.task.family, self.task.name, self.seed)


def measure(unit: Unit) -> Record:
    """Run a sweep in virtual time.

    Returns:
        The key's parts, and ``path``: at each new incumbent what was spent (in full trainings), its regret on
        validation and its regret on test; ``top``: what was spent when a configuration of the top 1% was found.
    """
    condition, task = CONDITIONS[unit.condition], load_task(unit.task)
    plain = replay(task, points=condition.points, timed=condition.timed)
    problem = reshaped(plain, unrelated=condition.unrelated, conditional=condition.conditional, small=condition.small)
    # Tasks may share their space: one and the same seed would give them the same suggestions, and one draw of luck.
    seed = stable_seed("benchmark", task.name, unit.seed)
    past = earlier_sweeps(unit.task, condition.earlier, condition.how, unit.seed)
    setting = Setting(problem.space, problem.reports, condition.workers, seed, condition.trials, past)
    since = time.perf_counter()
    pair = ROWS[unit.row].make(setting)
    try:
        run = simulate(
            pair.searcher,
            pair.scheduler,
            problem,
            workers=condition.workers,
            trials=condition.trials,
            budget=condition.budget * problem.training,
            resume_cost=condition.resume_cost,
        )
    finally:
        pair.close()
    path = []
    for one in run.incumbents:
        regrets = problem.regrets(run.trials[one.trial - 1].params, one.report)
        path.append([round(number, 6) for number in (one.spent / problem.training, *regrets)])
    top = next((one.spent / problem.training for one in run.incumbents if problem.is_top(one.score)), None)
    return {
        **dict(zip(("row", "version", "condition", "family", "task", "seed"), unit.key, strict=True)),
        "path": path,
        "top": None if top is None else round(top, 6),
        "trials": len(run.trials),
        "reports": run.reports,
        "resumed": run.resumed,
        "wall": round(time.perf_counter() - since, 3),
    }
