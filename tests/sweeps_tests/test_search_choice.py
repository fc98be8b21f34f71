"""What auto chooses, Sobol's evenness, and priors that fade."""

from __future__ import annotations

import pytest

from search_spaces import Categorical, Float, Int, SearchSpace
from sweeps.search import Outcome, Searcher, WithPriors, choose, make_searcher

WIDE = SearchSpace([Float("lr", 1e-6, 1e-2, log=True), Float("decay", 0.0, 0.3)])
SMALL = SearchSpace([Int("layers", 1, 3), Categorical("act", ["relu", "gelu"])])
CONDITIONED = SearchSpace([Categorical("peft", ["none", "lora"]), Float("rate", 0.0, 1.0, when={"peft": "lora"})])
MANY = SearchSpace([Float(f"x{n}", 0.0, 1.0) for n in range(30)])


@pytest.mark.parametrize(
    ("space", "trials", "method", "reason"),
    [
        (WIDE, 20, "ensemble", "take turns"),
        (WIDE, None, "ensemble", "take turns"),
        (SMALL, 6, "grid", "all 6 configurations fit into 6 trials"),
        (SMALL, 5, "ensemble", "take turns"),
        (SearchSpace([Float("lr", 0.0, 1.0, points=3)]), 5, "ensemble", "turns"),  # a grid of it is not all of it
        (CONDITIONED, 20, "ensemble", "take turns"),
        (MANY, 200, "ensemble", "take turns"),
    ],
)
def test_auto_chooses_by_space_and_budget(space: SearchSpace, trials: int | None, method: str, reason: str) -> None:
    choice = choose(space, trials)
    assert choice.method == method
    assert reason in choice.reason


def test_auto_is_the_method_that_it_chooses() -> None:
    for space, trials in ((WIDE, 20), (SMALL, 6), (MANY, 20)):
        auto = make_searcher("auto", space, seed=3, trials=trials)
        chosen = make_searcher(choose(space, trials).method, space, seed=3)
        assert [auto.ask(number) for number in range(1, 6)] == [chosen.ask(number) for number in range(1, 6)]


def test_sobol_covers_every_parameter_evenly() -> None:
    searcher = make_searcher("sobol", SearchSpace([Float("a", 0.0, 1.0), Float("b", 0.0, 1.0)]), seed=5)
    points = [searcher.ask(number) or {} for number in range(1, 17)]
    for name in "ab":
        assert sorted(int(point[name] * 16) for point in points) == list(range(16))
    cells = {(int(point["a"] * 4), int(point["b"] * 4)) for point in points}
    assert len(cells) == 16


def play(searcher: Searcher, trials: int) -> list[float]:
    rates = []
    for number in range(1, trials + 1):
        params = searcher.ask(number)
        assert params is not None
        rates.append(params["lr"])
        searcher.report(number, 1, -abs(params["lr"] - 5e-3))  # far from where the person expects it
        searcher.end(number, Outcome.FINISHED)
    return rates


BELIEVED = SearchSpace([Float("lr", 1e-6, 1e-2, log=True, prior=2e-5), Float("decay", 0.0, 0.3)])


@pytest.mark.parametrize("method", ["random", "sobol", "tpe", pytest.param("gp", marks=pytest.mark.slow)])
def test_a_prior_is_tried_first_then_leaned_on_and_fades(method: str) -> None:
    near = [0, 0]
    for seed in range(10):
        searcher = make_searcher(method, BELIEVED, seed=seed)
        assert isinstance(searcher, WithPriors)
        rates = play(searcher, 40)
        assert rates[0] == pytest.approx(2e-5)
        near[0] += sum(5e-6 < rate < 8e-5 for rate in rates[1:11])
        near[1] += sum(5e-6 < rate < 8e-5 for rate in rates[-10:])
    assert near[0] >= 37  # of 100; 30 by chance, which is that part of the range
    assert near[0] > near[1]


@pytest.mark.slow
def test_a_wrong_prior_costs_little() -> None:
    best = {believed: min(abs(rate - 5e-3) for rate in play(make_searcher("gp", space, seed=1), 40))
            for believed, space in ((False, WIDE), (True, BELIEVED))}  # fmt: skip
    assert best[True] < 3e-4
    assert best[False] < 3e-4


def test_points_come_before_the_prior() -> None:
    points = [{"lr": 1e-3, "decay": 0.1}]
    searcher = make_searcher("gp", BELIEVED, seed=1, points=points)
    assert searcher.ask(1) == points[0]
    second = searcher.ask(2)
    assert second is not None
    assert second["lr"] == pytest.approx(2e-5)
