"""Points that are tried first, and spaces that a searcher cannot search."""

from __future__ import annotations

import statistics
from typing import Any

import pytest

import sweeps.search
from search_spaces import Categorical, Float, Int, SearchSpace
from sweeps.errors import InputError
from sweeps.search import Outcome, Params, PointsFirst, Searcher, make_searcher
from sweeps.search.random import RandomSearcher
from sweeps.search.wrapper import Wrapper
from tests.conformance.search_driver import recorded_events
from tests.conformance.search_suite import RUNGS, SearcherSuite
from tests.conformance.spaces import CONDITIONED, MIXED

LINE = SearchSpace([Float("x", 0.0, 1.0)])
POINTS: list[dict[str, Any]] = [{"x": 0.25}, {"x": 0.75}]


class Noting(Searcher):
    """Writes down what it hears."""

    def __init__(self) -> None:
        self.heard: list[Any] = []

    def ask(self, number: int) -> Params | None:
        self.heard.append(("ask", number))
        return {"x": 0.5}

    def replay(self, number: int, params: Params) -> None:
        self.heard.append(("replay", number, params))

    def report(self, number: int, report: int, score: float) -> None:
        self.heard.append(("report", number, report, score))

    def end(self, number: int, outcome: Outcome) -> None:
        self.heard.append(("end", number, outcome))


def two_points(space: SearchSpace) -> list[Params]:
    return [space.middle(), space.complete({"learning_rate": 1e-6})] if len(space) > 3 else []


class TestSobolAfterPoints(SearcherSuite):
    def make(self, space: SearchSpace, seed: int = 1) -> Searcher:
        return make_searcher("sobol", space, seed=seed, points=two_points(space))


@pytest.mark.slow
class TestBayesianAfterPoints(SearcherSuite):
    learns = True

    def make(self, space: SearchSpace, seed: int = 1) -> Searcher:
        return make_searcher("bayesian", space, seed=seed, rungs=RUNGS, points=two_points(space))


def test_points_come_first_and_the_inner_searcher_is_told_of_them_and_of_all_that_happens() -> None:
    inner = Noting()
    searcher = PointsFirst(inner, POINTS)
    assert [searcher.ask(number) for number in (1, 2, 3)] == [*POINTS, {"x": 0.5}]
    searcher.report(1, 1, 0.3)
    searcher.end(1, Outcome.STOPPED)
    searcher.replay(4, {"x": 0.1})
    assert inner.heard == [
        ("replay", 1, {"x": 0.25}),
        ("replay", 2, {"x": 0.75}),
        ("ask", 3),
        ("report", 1, 1, 0.3),
        ("end", 1, Outcome.STOPPED),
        ("replay", 4, {"x": 0.1}),
    ]


def test_nothing_that_a_searcher_can_be_told_is_kept_from_the_inner_one() -> None:
    hooks = {name for name in vars(Searcher) if not name.startswith("_")} - {"supports"}
    assert hooks <= {*vars(PointsFirst), *vars(Wrapper)}


def test_what_is_asked_for_is_the_callers_own() -> None:
    searcher = PointsFirst(Noting(), POINTS)
    dict.clear(searcher.ask(1))  # type: ignore[arg-type]
    assert searcher.ask(1) == {"x": 0.25}


def test_a_model_learns_from_points() -> None:
    good = [{"x": 0.9 + 0.001 * i} for i in range(20)]
    bad = [{"x": 0.2 + 0.02 * i} for i in range(20)]
    searcher = make_searcher("bayesian", LINE, seed=1, points=[*good, *bad])
    asked = []
    for number in range(1, 51):
        params = searcher.ask(number)
        assert params is not None
        asked.append(params["x"])
        searcher.report(number, 1, params["x"])
        searcher.end(number, Outcome.FINISHED)
    assert statistics.median(asked[40:]) > 0.75  # without the points they are the first ten, spread evenly


def test_random_suggestions_after_points_are_those_without_them() -> None:
    plain, pointed = make_searcher("random", LINE, seed=3), make_searcher("random", LINE, seed=3, points=POINTS)
    assert [pointed.ask(number) for number in range(3, 9)] == [plain.ask(number) for number in range(3, 9)]


def test_a_grid_has_its_points_first_and_once() -> None:
    space = SearchSpace([Int("a", 1, 3), Categorical("b", [True, 1]), Float("c", 0.0, 1.0, points=2)])
    on_grid, off_grid = {"a": 3, "b": 1, "c": 0.0}, {"a": 2, "b": True, "c": 0.3}
    searcher = make_searcher("grid", space, seed=0, points=[on_grid, off_grid])
    assert searcher.size == 13
    asked = [searcher.ask(number) for number in range(1, 15)]
    assert asked[:2] == [on_grid, off_grid]
    assert [repr(params) for params in asked[2:13]] == [repr(p) for p in space.grid() if repr(p) != repr(on_grid)]
    assert asked[13] is None


class Narrow(RandomSearcher):
    """Wants every parameter in every trial."""

    @classmethod
    def supports(cls, space: SearchSpace) -> str | None:
        return "it has conditions" if space.conditional else None


def test_a_space_that_a_searcher_cannot_search_is_refused_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeps.search, "RandomSearcher", Narrow)
    assert make_searcher("random", MIXED, seed=1).ask(1) is not None
    with pytest.raises(InputError, match="random cannot search this space: it has conditions; take"):
        make_searcher("random", CONDITIONED, seed=1)


def test_points_of_a_conditioned_space_go_with_suggestions() -> None:
    points = [CONDITIONED.complete({"peft": "lora"}), CONDITIONED.complete({"peft": "none"})]
    searcher = make_searcher("bayesian", CONDITIONED, seed=1, points=points)
    asked = [event[2] for event in recorded_events(searcher, CONDITIONED, 20) if event[0] == "ask"]
    assert asked[:2] == points
    assert all(CONDITIONED.contains(params) for params in asked)
