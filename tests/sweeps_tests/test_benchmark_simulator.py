"""The simulator's accounts: what is paid, by whom, and when a sweep ends. Small cases, to the last digit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from scripts.benchmarks.search.simulator import Simulation, simulate
from search_spaces import Int, SearchSpace
from sweeps.schedule import Decision, Scheduler, make_scheduler
from sweeps.search import Outcome, Params, Searcher, make_searcher

GRID = SearchSpace([Int("a", 1, 9)])


@dataclass(frozen=True)
class Ramp:
    """Scores ``a + report / 10``; a report takes one second."""

    reports: int = 4

    def score(self, params: Params, report: int) -> float:
        return float(params["a"] + report / 10)

    def seconds(self, params: Params, report: int) -> float:
        return 1.0


@dataclass
class Scripted(Scheduler):
    """Pauses at the reports that it is given, and lets the trials go on that it is given, in turn."""

    pauses: Sequence[tuple[str, int]] = ()
    candidates: list[str] = field(default_factory=list)
    waits_for: int = 0  # so many trials must have begun before the first candidate
    told: list[str] = field(default_factory=list)

    def start(self, trial: str) -> None:
        if f"start {trial}" in self.told and trial in self.candidates:
            self.candidates.remove(trial)
        self.told.append(f"start {trial}")

    def report(self, trial: str, report: int, score: float) -> Decision:
        return Decision.PAUSE if (trial, report) in self.pauses else Decision.CONTINUE

    def candidate(self, *, last: bool = False) -> str | None:
        begun = sum(line.startswith("start") for line in self.told)
        return self.candidates[0] if self.candidates and begun >= self.waits_for else None

    def costs(self, resume: float) -> None:
        self.told.append(f"costs {resume}")

    def end(self, trial: str, **_: object) -> None:
        self.told.append(f"end {trial}")


@dataclass
class Hooks(Searcher):
    told: list[str] = field(default_factory=list)

    def ask(self, number: int) -> Params | None:
        return {"a": number}

    def pause(self, number: int) -> None:
        self.told.append(f"pause {number}")

    def resume(self, number: int) -> None:
        self.told.append(f"resume {number}")


def spent(run: Simulation) -> list[tuple[float, int, int]]:
    return [(one.spent, one.trial, one.report) for one in run.incumbents]


def test_a_paused_trial_that_a_worker_takes_up_pays_for_it() -> None:
    scheduler = Scripted(pauses=[("t0001", 1), ("t0002", 1)], candidates=["t0001"], waits_for=2)
    searcher = Hooks()
    run = simulate(searcher, scheduler, Ramp(), workers=1, budget=4.5, resume_cost=0.5)
    # t1 to report 1, t2 to report 1, then t1 again: half an interval more, and on without cost.
    assert (run.spent, run.seconds, run.reports, run.resumed) == (4.5, 4.5, 4, 1)
    assert [len(trial.scores) for trial in run.trials] == [3, 1]
    assert searcher.told == ["pause 1", "pause 2", "resume 1"]
    assert scheduler.told == ["start t0001", "start t0002", "costs 0.5", "start t0001"]


def test_going_straight_on_costs_nothing() -> None:
    scheduler = Scripted(pauses=[("t0001", 2)], candidates=["t0001"], waits_for=1)
    run = simulate(Hooks(), scheduler, Ramp(), workers=1, trials=1, resume_cost=7.0)
    assert (run.spent, run.reports, run.resumed) == (4.0, 4, 1)
    assert run.trials[0].outcome is Outcome.FINISHED


@pytest.mark.parametrize(("budget", "reports"), [(2.99, 2), (3.0, 3), (0.1 * 30, 3), (0.0, 0)])
def test_a_report_that_meets_the_budget_counts_and_one_that_passes_it_does_not(budget: float, reports: int) -> None:
    run = simulate(Hooks(), make_scheduler("none"), Ramp(), workers=1, budget=budget)
    assert (run.reports, run.spent) == (reports, float(reports))
    assert [trial.outcome for trial in run.trials] == [None]


def test_three_workers_spend_three_times_as_fast() -> None:
    run = simulate(Hooks(), make_scheduler("none"), Ramp(), workers=3, budget=5)
    assert (run.seconds, run.spent, run.reports) == (2.0, 5.0, 5)
    assert spent(run) == [(1.0, 1, 1), (2.0, 2, 1), (3.0, 3, 1)]  # t3's second report would be the sixth


def test_paused_trials_stay_paused_when_the_budget_is_spent() -> None:
    scheduler = Scripted(pauses=[("t0001", 1), ("t0002", 1)])
    run = simulate(Hooks(), scheduler, Ramp(), workers=1, budget=3)
    assert [(trial.outcome, trial.paused) for trial in run.trials] == [(None, True), (None, True), (None, False)]


def test_promotion_by_our_scheduler_when_no_more_trials_are_to_come() -> None:
    scheduler = make_scheduler("asha", mode="promotion", reduction_factor=3)
    run = simulate(make_searcher("grid", GRID, seed=0), scheduler, Ramp(9), workers=2, trials=9, resume_cost=1.0)
    # The first rung has nine, the second their best three, the last the best of these; nobody is lost on the way.
    assert sorted((len(trial.scores) for trial in run.trials), reverse=True)[:1] == [9]
    assert run.trials[8].outcome is Outcome.FINISHED
    resumed = run.spent - run.reports
    assert 0 <= resumed <= run.resumed
    assert not scheduler.candidate()


def test_a_candidate_that_is_not_paused_is_refused() -> None:
    with pytest.raises(ValueError, match="t0001 cannot go on"):
        simulate(Hooks(), Scripted(candidates=["t0001", "t0001"], waits_for=1), Ramp(), workers=2, budget=9)
