"""Whole sweeps in virtual time: does searching with models, and stopping early, pay?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import mean

import pytest

from scripts.benchmarks.search.simulator import Simulation, simulate
from search_spaces import Int, SearchSpace
from sweeps.schedule import Mode, make_scheduler
from sweeps.search import Outcome, Params, make_searcher
from tests.conformance.problems import FINE_TUNING, NETWORK, Collapsing, SmallNetwork
from tests.conformance.spaces import TINY

SEEDS = range(4)
BUDGET = 300.0  # virtual seconds for 8 workers: some 50 full trainings


def sweep(
    method: str,
    scheduler: str,
    seed: int,
    space: SearchSpace = NETWORK,
    *,
    mode: Mode = "stopping",
    seconds: float = BUDGET,
) -> Simulation:
    policy = make_scheduler(scheduler, mode=mode)
    searcher = make_searcher(method, space, seed=seed, rungs=policy.rungs)
    return simulate(searcher, policy, SmallNetwork(seed=seed), workers=8, seconds=seconds)


def regret(simulation: Simulation) -> float:
    """How far from perfect the best configuration is that the sweep would take home, without noise."""
    best = max((max(trial.scores, default=-math.inf), trial.number) for trial in simulation.trials)[1]
    return 1.0 - SmallNetwork().quality(simulation.trials[best - 1].params)


def mean_regret(method: str, scheduler: str, mode: Mode = "stopping") -> float:
    return mean(regret(sweep(method, scheduler, seed, mode=mode)) for seed in SEEDS)


@pytest.mark.slow
def test_models_per_rung_with_asha_beat_random_search_with_asha_and_models_without() -> None:
    both = mean_regret("bayesian", "asha")
    assert both < 0.5 * mean_regret("random", "asha")
    assert both < 0.5 * mean_regret("bayesian", "none")


@pytest.mark.slow
def test_what_auto_chooses_beats_random_search_with_the_same_scheduler() -> None:
    def typical(method: str) -> float:
        return mean(regret(sweep(method, "asha", seed, mode="auto", seconds=BUDGET / 3)) for seed in range(3))

    assert typical("auto") < 0.75 * typical("random")


@pytest.mark.slow
def test_without_early_stopping_a_model_beats_random_search() -> None:
    assert mean_regret("bayesian", "none") < 0.8 * mean_regret("random", "none")


@pytest.mark.slow
def test_first_reports_that_mislead_do_not_lead_a_model_far_astray() -> None:
    def typical(method: str) -> float:
        best = []
        for seed in range(12):
            policy = make_scheduler("asha", mode="promotion")
            searcher = make_searcher(method, FINE_TUNING, seed=seed, rungs=policy.rungs)
            best.append(simulate(searcher, policy, Collapsing(seed=seed), workers=2, budget=12 * 9.0).best)
        return mean(best)

    assert typical("auto") > typical("random") - 0.03


@pytest.mark.parametrize("scheduler", ["asha", "median"])
def test_stopping_early_beats_random_search_alone(scheduler: str) -> None:
    assert mean_regret("random", scheduler) < 0.9 * mean_regret("random", "none")


def test_simulated_sweeps_repeat_themselves_and_every_trial_ends_one_way() -> None:
    once, again = (sweep("bayesian", "asha", 2, seconds=BUDGET / 2) for _ in range(2))
    assert once == again
    for trial in once.trials:
        reports = len(trial.scores)
        match trial.outcome:
            case Outcome.FINISHED:
                assert reports == 27
            case Outcome.FAILED:
                assert math.isnan(trial.scores[-1])
            case Outcome.STOPPED:
                assert reports in {1, 3, 9}
            case None:
                assert reports < 27
    assert {trial.outcome for trial in once.trials} == {*Outcome, None}


@dataclass(frozen=True)
class TwoReports:
    """Report 1 scores ``a``, report 2 as much again; each takes ``c + 1`` seconds."""

    reports: int = 2

    def score(self, params: Params, report: int) -> float:
        return float(params["a"] * report)

    def seconds(self, params: Params, report: int) -> float:
        return float(params["c"] + 1)


def test_virtual_time_workers_and_the_end_of_a_grid() -> None:
    grid = SearchSpace([Int("a", 1, 2), Int("c", 0, 1)])  # (1, 0), (1, 1), (2, 0), (2, 1)
    run = simulate(make_searcher("grid", grid, seed=0), make_scheduler("none"), TwoReports(), workers=2, trials=9)
    assert [trial.outcome for trial in run.trials] == [Outcome.FINISHED] * 4
    assert run.seconds == 8.0  # (1, 0) to 2 s, then (2, 0) to 4, then (2, 1) to 8; beside them (1, 1) to 4
    assert [(one.seconds, one.score) for one in run.incumbents] == [(1.0, 1.0), (2.0, 2.0), (4.0, 4.0)]
    assert (run.reports, run.best, run.best_at(3.9), run.best_at(0.5)) == (8, 4.0, 2.0, -math.inf)


def test_a_simulation_without_an_end_is_refused() -> None:
    with pytest.raises(ValueError, match="needs an end"):
        simulate(make_searcher("random", TINY, seed=0), make_scheduler("none"), TwoReports(), workers=1)
