"""Random and grid search: their lists, whatever they are told."""

from __future__ import annotations

import itertools

import pytest

from search_spaces import Categorical, Float, Int, Normal, SearchSpace, SpaceError
from sweeps.search import make_searcher
from tests.conformance.spaces import TINY


def test_random_suggestions_do_not_depend_on_the_order_of_asking() -> None:
    forwards, backwards = (make_searcher("random", TINY, seed=5) for _ in range(2))
    assert [forwards.ask(n) for n in range(1, 9)] == [backwards.ask(n) for n in range(8, 0, -1)][::-1]


def test_random_search_honours_distributions_and_probabilities() -> None:
    space = SearchSpace(
        [
            Float("lr", 1e-4, 1.0, log=True),
            Categorical("c", ["often", "seldom"], probabilities=[0.9, 0.1]),
            Normal("n", 5.0, 2.0),
            Int("i", 0, 3),
        ]
    )
    searcher = make_searcher("random", space, seed=0)
    asked = [params for number in range(1, 2001) if (params := searcher.ask(number))]
    assert sum(params["lr"] < 1e-2 for params in asked) / 2000 == pytest.approx(0.5, abs=0.05)
    assert sum(params["c"] == "often" for params in asked) / 2000 == pytest.approx(0.9, abs=0.03)
    assert sum(params["n"] for params in asked) / 2000 == pytest.approx(5.0, abs=0.2)
    for value in range(4):
        assert sum(params["i"] == value for params in asked) / 2000 == pytest.approx(0.25, abs=0.04)


def test_a_grid_is_asked_in_its_own_order_and_ends() -> None:
    searcher = make_searcher("grid", TINY, seed=0)
    assert searcher.size == 18
    assert [searcher.ask(number) for number in range(1, 19)] == list(TINY.grid())
    assert [searcher.ask(number) for number in (19, 20, 1000)] == [None, None, None]
    assert searcher.ask(2) == {"a": -1, "b": "x", "c": 1}


def test_a_large_grid_is_made_only_so_far_as_it_is_asked() -> None:
    space = SearchSpace([Int(f"p{i}", 1, 100) for i in range(6)])  # 10 ** 12
    searcher = make_searcher("grid", space, seed=0)
    assert searcher.size == 10**12
    assert searcher.ask(101) == dict(zip(space.names, [1, 1, 1, 1, 2, 1], strict=True))


def test_a_grid_of_a_continuous_range_is_refused() -> None:
    with pytest.raises(SpaceError, match="lr"):
        make_searcher("grid", SearchSpace([Float("lr", 0.0, 1.0)]), seed=0)


def test_random_suggestions_differ_from_one_another() -> None:
    searcher = make_searcher("random", SearchSpace([Float("x", 0.0, 1.0)]), seed=0)
    asked = [params["x"] for number in range(1, 101) if (params := searcher.ask(number))]
    assert all(a != b for a, b in itertools.pairwise(sorted(asked)))
