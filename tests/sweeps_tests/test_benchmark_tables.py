"""Published tables of learning curves as problems, on tiny made-up files; and the facts of the real ones."""

from __future__ import annotations

import gzip
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scripts.benchmarks.search.curve import Reference
from scripts.benchmarks.search.problem import placed
from scripts.benchmarks.search.replay import TableReplay, replay
from scripts.benchmarks.search.reshaped import ReshapedTable, reshaped
from scripts.benchmarks.search.simulator import simulate
from scripts.benchmarks.search.tasks import find_tasks, load_task
from scripts.benchmarks.search.taskset import TasksetTask
from sweeps.schedule import make_scheduler
from sweeps.search import Outcome, Params, Searcher, make_searcher
from tests.sweeps_tests.benchmark_kit import SHARED, real


def record(rate: float, losses: list[float], test: list[float] | None = None) -> dict[str, Any]:
    hp = {"learning_rate": rate, "beta1": 0.9, "beta2": 0.99, "epsilon": 1e-5, "l1": 1e-4, "l2": 1e-4}
    hp |= {"linear_decay": 1e-5, "exponential_decay": 1e-4}
    curves = {"train": losses, "valid": losses, "test": test or losses}
    return {"hp": hp, **{split: {"loss": curve} for split, curve in curves.items()}}


def table(folder: Path, records: list[dict[str, Any]], name: str = "tiny") -> Path:
    path = folder / "taskset" / f"{name}.json.gz"
    path.parent.mkdir(exist_ok=True)
    with gzip.open(path, "wt") as file:
        json.dump(records, file)
    return path


@pytest.fixture
def tiny(tmp_path: Path) -> TasksetTask:
    records = [
        record(1e-3, [0.7, 0.6, 0.5, 0.4], [0.7, 0.65, 0.55, 0.45]),
        record(1e-2, [0.7, 0.3, 0.2, 0.6], [0.7, 0.5, 0.1, 0.05]),
        record(1e-1, [0.7, math.nan, 5e14, math.nan]),
        record(1.0, [0.7, 0.7, 0.7, 0.6]),
    ]
    return TasksetTask(table(tmp_path, records))


def test_a_table_drops_the_loss_before_training_and_caps_what_diverged(tiny: TasksetTask) -> None:
    assert tiny.reports == 3
    assert tiny.curve(tiny.rows[0]).validation.tolist() == [0.6, 0.5, 0.4]
    assert tiny.curve(tiny.rows[2]).validation.tolist() == [2.0, 2.0, 2.0]
    assert tiny.references.validation == Reference(0.2, 0.5, 0.2)  # bests 0.2, 0.4, 0.6, 2.0
    assert tiny.references.test.zero == pytest.approx(0.1)  # where validation is best, not test
    assert tiny.references.validation.regret(0.2) == 0.0
    assert tiny.references.validation.regret(0.5) == 1.0
    assert tiny.rows[0]["one_minus_beta1"] == pytest.approx(0.1)


def test_the_cap_of_a_task_with_more_classes_leaves_its_curves_apart(tmp_path: Path) -> None:
    losses = [[4.6, 4.0, 3.0 + rate] for rate in (0.1, 0.2, 0.3)]
    task = TasksetTask(table(tmp_path, [record(10.0**-i, curve) for i, curve in enumerate(losses)]))
    assert [task.curve(row).validation[-1] for row in task.rows] == pytest.approx([3.1, 3.2, 3.3])


def test_suggestions_move_to_the_nearest_row_that_is_not_used(tiny: TasksetTask) -> None:
    problem = replay(tiny)
    assert isinstance(problem, TableReplay)
    near = {**tiny.rows[1], "learning_rate": 0.02}
    placed_rates = [problem.place(near) for _ in range(5)]
    assert [row["learning_rate"] if row else None for row in placed_rates] == [1e-2, 1e-1, 1e-3, 1.0, None]
    assert replay(tiny).place(near) == tiny.rows[1]  # type: ignore[attr-defined]  # a fresh sweep begins anew
    assert problem.score(tiny.rows[1], 2) == -0.2
    assert problem.regrets(tiny.rows[1], 2) == (0.0, 0.0)
    assert problem.is_top(-0.2)
    assert not problem.is_top(-0.21 - 0.01)


def test_a_row_keeps_what_has_nothing_to_do_with_it(tiny: TasksetTask) -> None:
    wide = reshaped(replay(tiny), unrelated=1)
    assert isinstance(wide, ReshapedTable)
    row = wide.place({**tiny.rows[1], "unrelated_1": 0.25})
    assert row == {**tiny.rows[1], "unrelated_1": 0.25}
    assert wide.space.contains(row)
    with pytest.raises(ValueError, match="no rows without"):
        reshaped(replay(tiny), conditional=True)


class Ledger(Searcher):
    """Passes everything on, and keeps what a ledger of rows would: each trial with its row, never the suggestion."""

    def __init__(self, searcher: Searcher) -> None:
        self.searcher = searcher
        self.events: list[tuple[Any, ...]] = []

    def ask(self, number: int) -> Params | None:
        return self.searcher.ask(number)

    def replay(self, number: int, params: Params) -> None:
        self.events.append(("replay", number, params))
        self.searcher.replay(number, params)

    def report(self, number: int, report: int, score: float) -> None:
        self.events.append(("report", number, report, score))
        self.searcher.report(number, report, score)

    def end(self, number: int, outcome: Outcome) -> None:
        if outcome is not Outcome.FAILED:  # no curve here fails: these are suggestions that were moved
            self.events.append(("end", number, outcome))
        self.searcher.end(number, outcome)


@pytest.mark.parametrize("method", ["random", "bayesian"])
def test_a_searcher_that_is_told_its_row_is_as_if_it_had_suggested_it(method: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    records = [record(10 ** rng.uniform(-8, 1), list(rng.uniform(0.1, 0.7, 10))) for _ in range(60)]
    task = TasksetTask(table(tmp_path, records))

    def fresh() -> Searcher:
        return make_searcher(method, task.space, seed=3, rungs=(1, 3))

    told = Ledger(fresh())
    simulate(told, make_scheduler("asha"), replay(task), workers=4, trials=40)
    again = fresh()
    for kind, *arguments in told.events:
        getattr(again, kind)(*arguments)
    assert again.ask(41) == told.searcher.ask(41)


def test_a_used_up_table_ends_the_search(tiny: TasksetTask) -> None:
    problem, searcher = replay(tiny), make_searcher("random", tiny.space, seed=0)
    assert [placed(searcher, number, problem) is None for number in range(1, 6)] == [False] * 4 + [True]


def test_a_folder_offers_every_table_and_the_ids_asked_for(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="--data"):
        find_tasks(tmp_path)
    table(tmp_path, [record(1e-3, [0.7, 0.6])], "b")
    table(tmp_path, [record(1e-3, [0.7, 0.6])], "a")
    assert [place.name for place in find_tasks(tmp_path)] == ["a", "b"]
    (tmp_path / "lcbench").mkdir()
    (tmp_path / "lcbench" / "model.onnx").touch()
    assert [place.name for place in find_tasks(tmp_path, ["1", "2"])] == ["a", "b", "1", "2"]


@real
@pytest.mark.data
def test_published_tables_are_as_their_readme_says() -> None:
    places = [place for place in find_tasks(SHARED) if place.family == "taskset"]
    assert len(places) == 4
    for place in places:
        task = load_task(place)
        assert isinstance(task, TasksetTask)
        assert len(task.rows) == 1000
        assert task.reports == 50  # 51 losses, the first from before training
        assert all(task.space.contains(row) for row in task.rows)
        best = np.sort([curve.validation.min() for curve in task.curves])
        reference = task.references.validation
        assert (reference.regret(best[0]), reference.regret(float(np.median(best)))) == (0.0, 1.0)
        assert reference.top == best[9]
        assert max(curve.validation.max() for curve in task.curves) <= 2.0
