"""A scheduler within a budget: when it closes, what is held back, and what is overrun."""

from __future__ import annotations

import math

import pytest

from scripts.benchmarks.search.simulator import simulate
from sweeps.schedule import Decision, make_scheduler
from sweeps.schedule.budget import Budget, Spent
from sweeps.schedule.course import Course
from sweeps.search import Outcome, make_searcher
from tests.conformance.problems import NETWORK, SmallNetwork

CONTINUE, PAUSE, STOP = Decision.CONTINUE, Decision.PAUSE, Decision.STOP


def course(scheduler: str = "none", **budget: float) -> Course:
    return Course(make_scheduler(scheduler), Budget(**budget))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("spent", "held", "longest", "share"),
    [
        (Spent(3.0, 0, 0), 1.0, 1.0, (0.8, "trainings")),
        (Spent(4.0, 7200, 0), 2.0, 1.0, (1.2, "trainings")),
        (Spent(2.0, 7200, 3600, 3600), 0.5, 0.5, (0.625, "worker hours")),  # a training takes an hour
        (Spent(0.0, 7200, 9000), 1.0, 1.0, (0.625, "hours")),  # nobody knows yet how long one takes
        (Spent(1.0, 3600, 9000, 3600), 1.0, 1.0, (0.875, "hours")),
    ],
)
def test_the_share_of_a_budget_holds_back_what_is_still_to_come(
    spent: Spent, held: float, longest: float, share: tuple[float, str]
) -> None:
    budget = Budget(trainings=5, worker_hours=4, hours=4)
    assert spent.share(budget, held=held, longest=longest) == (pytest.approx(share[0]), share[1])


def test_a_budget_without_counts_is_never_spent() -> None:
    assert Spent(100, 1e9, 1e9).share(Budget(trials=3)) == (0.0, "")


def test_at_the_end_all_pause_and_then_the_best_goes_on() -> None:
    sweep = course(trainings=3, finish=1)
    for trial in "abc":
        sweep.start(trial)
    sweep.pay(Spent(1.9))
    sweep.advance("a", 0.4)
    assert sweep.report("a", 4, 0.5) is CONTINUE  # 1.9 spent and 0.6 to come
    sweep.pay(Spent(2.4))
    sweep.advance("b", 0.4)
    assert sweep.report("b", 4, 0.4) is PAUSE  # a needs the rest
    assert (sweep.more, sweep.closed) == (False, "the budget of trainings is spent")
    assert sweep.candidate() is None  # c may be better
    sweep.advance("c", 0.4)
    assert sweep.report("c", 4, 0.9) is PAUSE  # a still runs
    sweep.advance("a", 0.5)
    assert sweep.report("a", 5, 0.6) is PAUSE
    assert sweep.candidate() == "c"
    sweep.start("c")
    assert [sweep.report("c", report, 0.1) for report in range(5, 10)] == [CONTINUE] * 5
    sweep.end("c", finished=True)
    assert sweep.candidate() is None
    assert sweep.reason("b") == ("budget", "the budget of trainings is spent")


def test_where_one_of_the_best_fails_the_next_takes_its_place() -> None:
    sweep = course(trials=2, finish=1, trainings=9)
    for trial, score in (("a", 0.5), ("b", 0.4)):
        sweep.start(trial)
        assert sweep.report(trial, 1, score) is CONTINUE
    sweep.close("for this test")
    sweep._last_lap = True
    assert sweep.report("a", 2, 0.5) is PAUSE
    assert sweep.report("b", 2, 0.4) is PAUSE
    assert sweep.candidate() == "a"
    sweep.start("a")
    sweep.end("a")
    assert sweep.candidate() == "b"


def test_a_target_stops_everything() -> None:
    sweep = course(target=0.9)
    for trial in "ab":
        sweep.start(trial)
    assert sweep.report("a", 1, 0.95) is STOP
    assert sweep.report("b", 1, 0.2) is STOP
    assert sweep.candidate() is None
    assert sweep.reason("b") == ("budget", "the target was reached by a")


def test_scores_that_are_not_finite_are_never_the_best() -> None:
    sweep = course(target=0.9)
    sweep.start("a")
    sweep.report("a", 1, math.nan)
    assert sweep.more


@pytest.mark.parametrize("workers", [1, 4, 8])
@pytest.mark.parametrize("scheduler", ["none", "asha", "median", "pasha"])
def test_a_simulated_sweep_keeps_its_budget_and_finishes_its_best(scheduler: str, workers: int) -> None:
    problem = SmallNetwork(seed=1)
    sweep = Told(make_scheduler(scheduler), Budget(trainings=6, finish=2), problem.reports)
    searcher = make_searcher("random", NETWORK, seed=3, rungs=sweep.rungs)
    run = simulate(searcher, sweep, problem, workers=workers, trials=10_000)
    trainings = run.reports / problem.reports
    assert 5 < trainings <= 7  # of two to finish one may be overtaken at the last moment by a younger one
    able = [
        trial for trial in run.trials if trial.outcome is not Outcome.FAILED and trial.outcome is not Outcome.STOPPED
    ]
    best = sorted(able, key=lambda trial: -max(trial.scores))[:2]
    assert [trial.outcome for trial in best] == [Outcome.FINISHED] * 2


class Told(Course):
    """Told by the simulator, which knows of no budgets: counts reports, and ends trials as the study would."""

    def __init__(self, scheduler: object, budget: Budget, reports: int) -> None:
        super().__init__(scheduler, budget)  # type: ignore[arg-type]
        self.count, self.reports = 0, reports

    def report(self, trial: str, report: int, score: float) -> Decision:
        self.count += 1
        self.pay(Spent(self.count / self.reports))
        self.advance(trial, report / self.reports)
        return super().report(trial, report, score)

    def end(self, trial: str, *, finished: bool = False) -> None:
        super().end(trial, finished=self._trials[trial].progress >= 1)
