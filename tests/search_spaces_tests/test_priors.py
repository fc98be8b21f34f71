"""What a person expects: priors, and choices that have an order."""

import math
import random
import statistics
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search_spaces import Categorical, Float, Int, Normal, Parameter, SearchSpace, SpaceError, load_parameter
from search_spaces.nearby import near

WITH_PRIORS: list[Parameter] = [
    Float("x", 1e-6, 1e-2, log=True, prior=2e-5),
    Float("x", 0.0, 1.0, step=0.1, prior=0.3),
    Int("x", 1, 100, prior=10),
    Int("x", 8, 64, log=True, step=8, prior=16),
    Normal("x", 0.0, 1.0, prior=4.0),
    Categorical("x", ["a", "b", "c"], prior="c"),
    Categorical("x", [["a"], [1, 2]], prior=[1, 2]),
]


@pytest.mark.parametrize("parameter", WITH_PRIORS, ids=repr)
def test_priors_are_kept_and_read_back(parameter: Parameter) -> None:
    mapping = parameter.to_mapping()
    assert mapping["prior"] == parameter.prior
    assert load_parameter("x", mapping) == parameter


@pytest.mark.parametrize(
    ("spec", "message", "mend"),
    [
        ({"min": 0.0, "max": 1.0, "prior": 2.0}, "prior 2.0 is not one", "its ends are (0.0, 1.0)"),
        ({"min": 1, "max": 9, "prior": 2.5}, "prior 2.5 is not one", "(1, 9)"),
        ({"values": ["a", "b"], "prior": "c"}, "prior 'c' is not one", "('a', 'b')"),
        ({"min": 0.0, "max": 1.0, "prior": "low"}, "prior must be a number, got 'low'", ""),
        ({"min": 0.0, "max": 1.0, "prior": None}, "prior cannot be null", "leave it out"),
        ({"value": 3, "prior": 3}, "prior does not belong to constant", ""),
        ({"min": 0.0, "max": 1.0, "ordinal": True}, "ordinal does not belong", ""),
        ({"values": ["a", "b"], "ordinal": "yes"}, "must be true or false, got 'yes'", "ordinal: true"),
    ],
    ids=str,
)
def test_priors_that_cannot_be_are_explained(spec: Any, message: str, mend: str) -> None:
    with pytest.raises(SpaceError) as caught:
        load_parameter("x", spec)
    assert message in caught.value.message
    assert mend in caught.value.mend


def test_draws_with_a_prior_lie_near_it_and_the_others_as_usual() -> None:
    space = SearchSpace(
        [
            Float("lr", 1e-6, 1e-2, log=True, prior=1e-5),
            Float("wd", 0.0, 1.0),
            Categorical("o", ["a", "b", "c", "d", "e"], prior="c"),
        ]
    )
    rng = random.Random(0)
    drawn = [space.prior_sample(rng) for _ in range(4000)]
    assert all(space.contains(params) for params in drawn)
    units = [space["lr"].to_unit(params["lr"]) for params in drawn]
    # A normal around 0.25 with deviation 0.15, of which 4.8 percent lie below 0 and are cut off.
    assert statistics.median(units) == pytest.approx(0.2577, abs=0.01)
    assert sum(u > 0.7 for u in units) < 20
    assert statistics.mean(params["wd"] for params in drawn) == pytest.approx(0.5, abs=0.02)
    assert sum(params["o"] == "c" for params in drawn) / 4000 == pytest.approx(0.6 + 0.4 / 5, abs=0.03)
    narrow = [space["lr"].to_unit(space.prior_sample(rng, width=0.01)["lr"]) for _ in range(200)]
    assert max(narrow) - min(narrow) < 0.1


def test_prior_draws_honour_conditions_and_constraints() -> None:
    space = SearchSpace(
        [
            Categorical("kind", ["a", "b"], prior="b"),
            Int("n", 1, 9, prior=9, when={"kind": "b"}),
            Int("m", 1, 9, prior=9),
        ],
        ["n + m < 16"],
    )
    rng = random.Random(0)
    drawn = [space.prior_sample(rng) for _ in range(200)]
    assert all(space.contains(params) for params in drawn)
    assert {params["kind"] for params in drawn} == {"a", "b"}


def test_a_prior_in_forbidden_ground_gives_way_to_ordinary_draws() -> None:
    space = SearchSpace([Float("x", 0.0, 1.0, prior=0.0)], ["x > 0.9"])
    assert space.contains(space.prior_sample(random.Random(0), width=0.01))


@given(st.sampled_from(WITH_PRIORS), st.integers(0, 2**32), st.floats(1e-6, 10.0))
def test_near_a_value_is_among_the_values(parameter: Parameter, seed: int, width: float) -> None:
    assert parameter.contains(near(parameter, parameter.prior, random.Random(seed), width))


def test_a_very_narrow_bell_stays_at_its_value() -> None:
    parameter = Float("x", 0.0, 1.0)
    for value in (0.0, 0.5, 1.0):
        assert math.isclose(near(parameter, value, random.Random(1), 1e-12), value, abs_tol=1e-9)


def test_points_that_leave_something_out_are_completed_by_prior_then_default_then_middle() -> None:
    space = SearchSpace([Int("a", 1, 9, prior=2, default=3), Int("b", 1, 9, default=4), Int("c", 1, 9), Int("d", 1, 2)])
    assert space.complete({"d": 2}) == {"a": 2, "b": 4, "c": 5, "d": 2}
    assert space.complete({}, priors=False) == space.middle() == {"a": 3, "b": 4, "c": 5, "d": 2}


@pytest.mark.parametrize(
    ("parameter", "ordered"),
    [
        (Categorical("x", ["tiny", "small", "base"], ordinal=True), True),
        (Categorical("x", ["tiny", "small", "base"]), False),
        (Categorical("x", [8, 16, 32]), True),
        (Categorical("x", [32, 16, 8]), True),
        (Categorical("x", [8, 32, 16]), False),
        (Categorical("x", [8, 32, 16], ordinal=True), True),
        (Categorical("x", [False, True]), False),
        (Categorical("x", [0, None]), False),
    ],
    ids=repr,
)
def test_choices_are_ordered_where_they_are_said_to_be_or_are_numbers_in_order(
    parameter: Categorical, ordered: bool
) -> None:
    assert parameter.ordered is ordered
    assert load_parameter("x", parameter.to_mapping()) == parameter
