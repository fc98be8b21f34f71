"""What earlier sweeps say of a new one: points to begin with, and a model that fades when it misleads."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from search_spaces import Categorical, Float, SearchSpace
from sweeps.config.past import PastSweep, PastTrial
from sweeps.search import Outcome, PointsFirst, Searcher, make_searcher
from sweeps.search.beliefs import Beliefs
from sweeps.search.gp import CONTRAST, PORTFOLIO, GpSearcher
from sweeps.search.process_model import choose_model
from sweeps.search.unit_cube import UnitCube
from tests.conformance.search_suite import RUNGS, SearcherSuite
from tests.conformance.spaces import CONDITIONED, MIXED
from tests.sweeps_tests.past_kit import SPACE, earlier, quality

FIRST = PORTFOLIO + PORTFOLIO // CONTRAST


def any_past(space: SearchSpace) -> tuple[PastSweep, ...]:
    """A sweep that found nothing out, over any space."""
    import random

    rng = random.Random(5)
    return (
        PastSweep(
            "p", "p", "score", "maximize", tuple(PastTrial(space.sample(rng), {1: rng.random()}) for _ in range(20))
        ),
    )


class TestGpWithBeliefs(SearcherSuite):
    learns = True
    trials = 16

    def make(self, space: SearchSpace, seed: int = 1) -> Searcher:
        return make_searcher("gp", space, seed=seed, rungs=RUNGS, past=any_past(space))


class TestEnsembleWithBeliefs(SearcherSuite):
    learns = True
    trials = 18

    def make(self, space: SearchSpace, seed: int = 1) -> Searcher:
        return make_searcher("auto", space, seed=seed, rungs=RUNGS, past=any_past(space))


def asked(searcher: Searcher, count: int, best: float = 0.6) -> list[float]:
    """The quality of so many suggestions, each of which is told what it comes to before the next one."""
    found = []
    for number in range(1, count + 1):
        params = searcher.ask(number)
        assert params is not None
        found.append(quality(params, best))
        searcher.report(number, 1, found[-1])
        searcher.end(number, Outcome.STOPPED)
    return found


def gp(past: tuple[PastSweep, ...], seed: int = 1) -> GpSearcher:
    searcher = make_searcher("gp", SPACE, seed=seed, rungs=(1, 3), past=past)
    assert isinstance(searcher, GpSearcher)
    return searcher


def test_it_begins_where_earlier_sweeps_were_good() -> None:
    known = asked(gp((earlier("a"), earlier("b", best=0.65))), FIRST)
    cold = asked(gp(()), FIRST)
    assert max(known[:3]) > -0.01 > sorted(cold)[-3]


def test_scores_to_minimise_are_understood() -> None:
    assert max(asked(gp((earlier(goal="minimize"),)), 3)) > -0.01


def test_a_few_of_the_first_are_for_contrast() -> None:
    searcher = gp((earlier(),))
    first = [dict(searcher.ask(number) or {}) for number in range(1, FIRST + 1)]
    portfolio = [dict(one) for one in Beliefs(SPACE, (earlier(),)).portfolio(PORTFOLIO)]
    assert [one in portfolio for one in first] == [True, True, True, False, True, True, True, False]


def test_points_of_the_portfolio_lie_apart() -> None:
    beliefs = Beliefs(SPACE, (earlier(trials=200),))
    points = np.stack([UnitCube(SPACE).encode(params) for params in beliefs.portfolio(4)])
    gaps = [float(np.abs(a - b).max()) for i, a in enumerate(points) for b in points[:i]]
    assert min(gaps) > 0.05


def test_each_earlier_sweep_has_a_say() -> None:
    one, other = earlier("a", best=0.2), earlier("b", best=0.8)
    rates = [SPACE["learning_rate"].to_unit(p["learning_rate"]) for p in Beliefs(SPACE, (one, other)).portfolio(2)]
    assert min(rates) < 0.4
    assert max(rates) > 0.6


def test_values_bear_out_what_is_true_and_the_trials_of_the_portfolio_are_backed() -> None:
    searcher = gp((earlier("a"), earlier("b")))
    asked(searcher, 12)
    assert {1, 2, 3} <= searcher.backed() <= set(range(1, 13))
    assert searcher.expected() is not None


@pytest.mark.parametrize("misleading", ["elsewhere", "negated"])
def test_what_misleads_fades(misleading: str) -> None:
    past = earlier("a", best=0.05)
    if misleading == "negated":
        past = dataclasses.replace(earlier("a"), goal="minimize")
    searcher = gp((past,))
    found = asked(searcher, 30)
    assert searcher.backed() == frozenset()
    assert max(found[FIRST:]) > -0.005


def test_the_likelier_model_is_used() -> None:
    beliefs = Beliefs(SPACE, (earlier("a"),))
    cube, rng = UnitCube(SPACE), np.random.default_rng(0)
    points = cube.draw(20, rng)
    values = np.array([quality(cube.decode(point)) for point in points])
    values = (values - values.mean()) / values.std()
    true = choose_model(gp(())._metric, beliefs, points, values, np.zeros(20))
    assert (true.believing, true.borne_out) == (True, True)
    noise = choose_model(gp(())._metric, beliefs, points, rng.normal(size=20), np.zeros(20))
    assert not noise.borne_out
    assert not choose_model(gp(())._metric, None, points, values, np.zeros(20)).believing


def test_points_of_ones_own_come_first_and_the_portfolio_after_them() -> None:
    own = {"learning_rate": 0.09, "dropout": 0.4}
    searcher = make_searcher("ensemble", SPACE, seed=1, points=[own], past=(earlier(),))
    assert searcher.ask(1) == own
    assert quality(searcher.ask(2) or {}) > -0.01


@pytest.mark.parametrize("method", ["tpe", "random", "sobol"])
def test_other_methods_try_the_portfolio_first(method: str) -> None:
    searcher = make_searcher(method, SPACE, seed=1, past=(earlier(),))
    assert isinstance(searcher, PointsFirst)
    assert [dict(searcher.ask(n) or {}) for n in (1, 2)] == [dict(p) for p in Beliefs(SPACE, (earlier(),)).portfolio(2)]


def test_trials_that_the_new_space_does_not_have_are_left_out() -> None:
    narrow = SearchSpace([Float("learning_rate", 1e-5, 1e-4, log=True), Float("dropout", 0.0, 0.5)])
    assert all(narrow.contains(params) for params in Beliefs(narrow, (earlier(),)).portfolio(5))
    elsewhere = SearchSpace([Float("learning_rate", 1.0, 2.0), Float("dropout", 0.0, 0.5)])
    assert not Beliefs(elsewhere, (earlier(),))
    assert make_searcher("gp", elsewhere, seed=1, past=(earlier(),)).ask(1) == make_searcher(
        "gp", elsewhere, seed=1
    ).ask(1)


def test_a_parameter_that_is_new_is_spread_out_in_the_portfolio() -> None:
    wider = SearchSpace([*SPACE, Categorical("batch_size", [16, 32, 64])])
    found = Beliefs(wider, (earlier(),)).portfolio(3, [{"batch_size": 64}, {"batch_size": 32}])
    assert all(wider.contains(params) for params in found)
    assert [params["batch_size"] for params in found] == [64, 32, 16]
    searcher = make_searcher("gp", wider, seed=1, past=(earlier(),))
    assert len({(searcher.ask(number) or {})["batch_size"] for number in range(1, FIRST + 1)}) == 3


def test_conditions_and_constraints_hold_for_the_portfolio() -> None:
    for space in (CONDITIONED, MIXED):
        found = Beliefs(space, any_past(space)).portfolio(10)
        assert len(found) == 10
        assert all(space.contains(params) for params in found)


def test_thirty_two_workers_get_different_points_before_anything_is_known() -> None:
    searcher = gp((earlier(trials=100),))
    points = [dict(searcher.ask(number) or {}) for number in range(1, 33)]
    assert len({str(point) for point in points}) == 32
