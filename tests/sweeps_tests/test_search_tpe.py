"""What the models of a Bayesian search are made of, and what they make of it."""

from __future__ import annotations

import json
import math
import random

import pytest

from search_spaces import Categorical, Constant, Float, Int, SearchSpace
from sweeps.search import Outcome
from sweeps.search.optuna_space import OptunaSpace
from sweeps.search.tpe import FULL, TpeSearcher
from tests.conformance.spaces import MIXED, TINY

LINE = SearchSpace([Float("x", 0.0, 1.0)])


def told(reports: dict[int, list[float]], rungs: tuple[int, ...] = (1, 3, 9)) -> TpeSearcher:
    """A search in which trial ``number`` has reported these scores, from report 1 on."""
    searcher = TpeSearcher(LINE, seed=1, rungs=rungs)
    for number, scores in reports.items():
        searcher.ask(number)
        for report, score in enumerate(scores, 1):
            searcher.report(number, report, score)
    return searcher


def test_budgets_never_mix() -> None:
    searcher = told({1: [0.1], 2: [0.1, 0.2, 0.3], 3: [0.4, 0.5, 0.3, 0.2]})
    searcher.end(1, Outcome.STOPPED)
    searcher.end(3, Outcome.FINISHED)
    assert searcher.observed(1) == {1: 0.1, 2: 0.1, 3: 0.4}
    assert searcher.observed(3) == {2: 0.3, 3: 0.3}  # where it was then, not the best that it had been
    assert searcher.observed(9) == {}
    assert searcher.observed(FULL) == {3: 0.5}


def test_a_stopped_trial_is_never_a_full_result_and_a_failed_one_no_result() -> None:
    searcher = told({1: [0.1] * 4, 2: [0.2] * 4, 3: [0.3] * 4})
    searcher.end(1, Outcome.STOPPED)
    searcher.end(2, Outcome.FAILED)
    searcher.end(3, Outcome.FINISHED)
    assert searcher.observed(1) == searcher.observed(3) == {1: 0.1, 3: 0.3}
    assert searcher.observed(FULL) == {3: 0.3}


def test_without_rungs_finished_trials_count_by_their_best_score() -> None:
    searcher = told({1: [0.1, 0.7, 0.2], 2: [0.5]}, rungs=())
    searcher.end(1, Outcome.FINISHED)
    searcher.end(2, Outcome.STOPPED)
    assert searcher.observed(FULL) == {1: 0.7}


def test_reports_that_skip_rungs_count_at_the_highest_one_passed() -> None:
    searcher = told({1: [0.2]})
    searcher.ask(2)
    searcher.report(2, 4, 0.6)
    searcher.report(2, 3, 0.9)  # late
    assert (searcher.observed(1), searcher.observed(3)) == ({1: 0.2}, {2: 0.6})


def test_a_finished_trial_without_a_report_is_no_result() -> None:
    searcher = told({1: []})
    searcher.end(1, Outcome.FINISHED)
    assert searcher.observed(FULL) == {}


def test_the_highest_rung_with_enough_trials_is_believed() -> None:
    """Small x is best after one report, large x after three."""
    few, many = (TpeSearcher(LINE, seed=1, rungs=(1, 3)) for _ in range(2))
    for searcher, survivors in ((few, 3), (many, 30)):
        for number in range(1, 31):
            params = searcher.ask(number)
            assert params is not None
            searcher.report(number, 1, -params["x"])
            if number <= survivors:
                searcher.report(number, 3, params["x"])
            searcher.end(number, Outcome.STOPPED)
    (next_few, next_many) = (searcher.ask(31) or {} for searcher in (few, many))
    assert next_few["x"] < 0.4
    assert next_many["x"] > 0.6


@pytest.mark.parametrize("seed", range(4))
def test_pending_trials_push_others_away(seed: int) -> None:
    searcher = TpeSearcher(LINE, seed=seed)
    for number in range(1, 21):
        searcher.replay(number, {"x": number / 21})
        searcher.report(number, 1, -abs(number / 21 - 0.5))
        searcher.end(number, Outcome.FINISHED)
    for number in range(21, 29):  # eight are at the best place already
        searcher.replay(number, {"x": 0.47 + 0.0075 * (number - 21)})
    assert abs((searcher.ask(29) or {})["x"] - 0.5) > 0.05  # without them it is 0.01


def test_a_small_space_is_used_up_before_anything_is_suggested_twice() -> None:
    searcher = TpeSearcher(TINY, seed=3)
    asked = []
    for number in range(1, 21):
        asked.append(json.dumps(searcher.ask(number)))
        searcher.report(number, 1, 1.0 / number)
        searcher.end(number, Outcome.FINISHED)
    assert len(set(asked[:18])) >= 17  # draws are few, so that the very last one may be missed
    assert len(asked) == 20


def test_the_first_suggestions_cover_every_range_evenly() -> None:
    space = SearchSpace([Float("lr", 1e-5, 1e-1, log=True), Categorical("bs", [8, 16]), Constant("k", 1)])
    searcher = TpeSearcher(space, seed=1)
    asked = [params for number in range(1, 11) if (params := searcher.ask(number))]
    slices = sorted(int(10 * (math.log10(params["lr"]) + 5) / 4) for params in asked)
    assert slices == list(range(10))
    assert sum(params["bs"] == 8 for params in asked) == 5


@pytest.mark.parametrize("parameter", MIXED.searched, ids=lambda parameter: parameter.name)
def test_values_survive_the_way_to_optuna_and_back(parameter: Int) -> None:
    codec = OptunaSpace(SearchSpace([parameter]))
    rng = random.Random(1)
    ends = [] if parameter.name == "batch_size" else list(parameter.ends)  # one choice there never occurs
    for value in [parameter.sample(rng) for _ in range(100)] + ends:
        codes = codec.encode({parameter.name: value})
        assert codec.distributions[parameter.name]._contains(
            codec.distributions[parameter.name].to_internal_repr(codes[parameter.name])
        )
        back = codec.decode(codes)[parameter.name]
        assert type(back) is type(value)
        assert parameter.contains(back)
        assert back == (pytest.approx(value, rel=1e-9) if isinstance(value, float) else value)


CONDITIONAL = SearchSpace(
    [
        Categorical("kind", ["a", "b"]),
        Float("x", 0.0, 1.0, when={"kind": "a"}),
        Int("n", 1, 9, when={"x": {"max": 0.5}}),
        Constant("c", 3, when={"kind": "b"}),
    ]
)


def test_codes_are_complete_and_what_is_inactive_is_dropped_again() -> None:
    codec = OptunaSpace(CONDITIONAL)
    for seed in range(50):
        params = CONDITIONAL.sample(random.Random(seed))
        codes = codec.encode(params, random.Random(seed))
        assert set(codes) == {"kind", "x", "n"}
        assert codec.encode(params, random.Random(seed)) == codes
        assert codec.decode(codes) == params


def test_an_inactive_parameter_is_imputed_from_its_own_distribution() -> None:
    codec = OptunaSpace(CONDITIONAL)
    rng = random.Random(0)
    drawn = [codec.encode({"kind": "b", "c": 3}, rng)["x"] for _ in range(1000)]
    assert sum(drawn) / 1000 == pytest.approx(0.5, abs=0.03)
    assert [sum(value < quarter for value in drawn) / 1000 for quarter in (0.25, 0.75)] == pytest.approx(
        [0.25, 0.75], abs=0.04
    )


def test_the_model_learns_which_branch_is_better_and_where_in_it() -> None:
    searcher = TpeSearcher(CONDITIONAL, seed=1)
    for number in range(1, 61):
        params = searcher.ask(number)
        assert params is not None
        searcher.report(number, 1, 1.0 - abs(params["x"] - 0.8) if params["kind"] == "a" else 0.1)
        searcher.end(number, Outcome.FINISHED)
    late = [params for number in range(61, 71) if (params := searcher.ask(number))]
    branch = [params["x"] for params in late if params["kind"] == "a"]
    assert len(branch) >= 7
    assert sum(branch) / len(branch) == pytest.approx(0.8, abs=0.15)


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (1, 2))])
def test_the_model_keeps_suggesting_where_constraints_leave_little(seed: int) -> None:
    space = SearchSpace([Float("x", 0.0, 1.0), Float("y", 0.0, 1.0)], ["x + y <= 0.5", "x >= y"])
    searcher = TpeSearcher(space, seed=seed)
    sums = []
    for number in range(1, 61):
        params = searcher.ask(number)
        assert params is not None
        assert space.contains(params)
        sums.append(params["x"] + params["y"])  # the best lie on the very edge
        searcher.report(number, 1, sums[-1])
        searcher.end(number, Outcome.FINISHED)
    assert sum(sums[40:]) / 20 > 0.36  # at random it is a third, with a deviation of 0.026


def test_ordinal_texts_are_ordered_for_the_model() -> None:
    sizes = ["tiny", "small", "base", "large"]
    plain, ordinal = (OptunaSpace(SearchSpace([Categorical("size", sizes, ordinal=o)])) for o in (False, True))
    assert type(plain.distributions["size"]).__name__ == "CategoricalDistribution"
    assert type(ordinal.distributions["size"]).__name__ == "IntDistribution"
    assert [ordinal.encode({"size": size})["size"] for size in sizes] == [0, 1, 2, 3]


def test_spaces_with_nothing_to_vary() -> None:
    searcher = TpeSearcher(SearchSpace([Constant("a", 1), Int("b", 3, 3)]), seed=1)
    for number in range(1, 16):
        assert searcher.ask(number) == {"a": 1, "b": 3}
        searcher.report(number, 1, 0.5)
        searcher.end(number, Outcome.FINISHED)
