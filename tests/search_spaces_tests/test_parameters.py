"""Every kind of parameter keeps the same promises; hypothesis looks for one that does not."""

import math
import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search_spaces import Categorical, Constant, Float, Int, Normal, Parameter, SpaceError, load_parameter

UNITS = st.floats(0.0, 1.0)
STEPS = st.sampled_from([0.1, 0.25, 0.3, 1e-4, 2.0, 7.5])


@st.composite
def floats(draw: st.DrawFn) -> Parameter:
    log = draw(st.booleans())
    low = draw(st.floats(1e-12, 1e6) if log else st.floats(-1e6, 1e6))
    step = draw(st.none() | STEPS)
    high = low + draw(st.floats(0.0, 1e6)) + (step or 0.0)
    if step and log:
        low, high = max(low, step), max(high, step)
    return Float("x", low, high, log=log, step=step)


@st.composite
def ints(draw: st.DrawFn) -> Parameter:
    log = draw(st.booleans())
    step = draw(st.integers(1, 50))
    low = draw(st.integers(1 if log else -(10**6), 10**6))
    return Int("x", low, low + step + draw(st.integers(0, 10**6)), log=log, step=step)


@st.composite
def normals(draw: st.DrawFn) -> Parameter:
    log = draw(st.booleans())
    mu = draw(st.floats(-20, 20) if log else st.floats(-1e6, 1e6))
    return Normal("x", mu, draw(st.floats(0.01, 5.0)), log=log, step=draw(st.none() | STEPS | st.integers(1, 9)))


@st.composite
def categoricals(draw: st.DrawFn) -> Parameter:
    scalars = st.one_of(
        st.text(max_size=5), st.integers(), st.booleans(), st.none(), st.lists(st.integers(), max_size=2)
    )
    choices = draw(st.lists(scalars, min_size=1, max_size=6, unique_by=repr))
    if not draw(st.booleans()):
        return Categorical("x", choices)
    weights = draw(st.lists(st.integers(1, 9), min_size=len(choices), max_size=len(choices)))
    return Categorical("x", choices, [weight / sum(weights) for weight in weights])


ANY = st.one_of(floats(), ints(), normals(), categoricals(), st.builds(Constant, st.just("x"), st.integers()))


@given(ANY, st.integers(0, 2**32))
def test_a_sample_is_always_one_of_its_values(parameter: Parameter, seed: int) -> None:
    assert parameter.contains(parameter.sample(random.Random(seed)))


@given(ANY, UNITS)
def test_quantiles_lead_to_values_and_back(parameter: Parameter, u: float) -> None:
    value = parameter.from_unit(u)
    assert parameter.contains(value)
    position = parameter.to_unit(value)
    assert 0.0 <= position <= 1.0
    again = parameter.from_unit(position)
    discrete = isinstance(parameter, Int | Categorical | Constant) or getattr(parameter, "step", None) is not None
    tail = isinstance(parameter, Normal) and not 1e-6 < u < 1 - 1e-6  # quantiles that near 1 run out of digits
    if tail:
        return
    assert again == value if discrete else math.isclose(again, value, rel_tol=1e-6, abs_tol=1e-6)


@given(ANY)
def test_ends_and_middle_are_among_its_values(parameter: Parameter) -> None:
    assert all(parameter.contains(value) for value in (*parameter.ends, parameter.middle))


@given(ANY)
def test_what_it_writes_reads_back_as_an_equal_one(parameter: Parameter) -> None:
    assert load_parameter("x", parameter.to_mapping()) == parameter


@given(ANY, st.integers(1, 40))
def test_a_grid_has_its_size_and_no_value_twice(parameter: Parameter, points: int) -> None:
    values = parameter.grid(points)
    assert len(values) == parameter.grid_size(points)
    assert all(parameter.contains(value) for value in values)
    assert len({repr(value) for value in values}) == len(values)


@given(st.one_of(floats(), ints()))
def test_quantiles_0_and_1_are_exactly_the_bounds(parameter: Parameter) -> None:
    assert (parameter.from_unit(0.0), parameter.from_unit(1.0)) == parameter.ends


@pytest.mark.parametrize(
    "parameter",
    [
        Int("x", 1, 4),
        Int("x", 1, 4, log=True),
        Int("x", 8, 64, step=8),
        Int("x", 16, 128, log=True, step=16),
        Float("x", 0.1, 0.5, step=0.1),
        Float("x", 0.1, 0.5, log=True, step=0.1),
    ],
    ids=repr,
)
def test_both_ends_are_drawn(parameter: Parameter) -> None:
    rng = random.Random(0)
    drawn = {parameter.sample(rng) for _ in range(500)}
    assert set(parameter.ends) <= drawn == set(parameter.grid())


def test_whole_numbers_are_equally_likely() -> None:
    rng = random.Random(0)
    counts = Counter(Int("x", 1, 4).sample(rng) for _ in range(8000))
    assert all(abs(counts[n] - 2000) < 200 for n in range(1, 5))


def test_quantised_shares_are_those_of_rounding() -> None:
    # round(X / 1) with X uniform from 0 to 4: the ends get half of what the others get, as in W&B.
    parameter, rng = Float("x", 0, 4, step=1.0), random.Random(0)
    counts = Counter(parameter.sample(rng) for _ in range(8000))
    assert abs(counts[0.0] - 1000) < 150
    assert abs(counts[2.0] - 2000) < 150


def test_logarithmic_ranges_have_their_median_at_the_geometric_middle() -> None:
    assert Float("x", 1e-6, 1e-2, log=True).middle == pytest.approx(1e-4)
    assert Int("x", 1, 10_000, log=True).middle == 100


def test_probabilities_are_kept_to() -> None:
    parameter, rng = Categorical("x", ["a", "b", "c"], [0.7, 0.3, 0.0]), random.Random(0)
    counts = Counter(parameter.sample(rng) for _ in range(5000))
    assert abs(counts["a"] - 3500) < 150
    assert counts["c"] == 0
    assert parameter.from_unit(1.0) == "b"


def test_quantised_values_read_well_and_stay_inside() -> None:
    assert Float("x", 0.0, 0.95, step=0.3).grid() == [0.0, 0.3, 0.6, 0.9]
    assert Float("x", 0.1, 1.0, step=0.3).ends == (0.3, 0.9)
    assert Int("x", 10, 70, step=16).grid() == [16, 32, 48, 64]


def test_types_count() -> None:
    assert not Categorical("x", [1, 2]).contains(True)
    assert not Int("x", 0, 1).contains(True)
    assert not Int("x", 0, 1).contains(1.0)
    assert Float("x", 0, 1).contains(1)
    assert not Float("x", 0, 1).contains(math.nan)


def test_a_drawn_list_is_the_callers_own() -> None:
    parameter = Categorical("x", [[64, 64]])
    parameter.from_unit(0.5).append(1)
    assert parameter.middle == [64, 64]


def test_a_grid_of_a_continuous_range_needs_points() -> None:
    with pytest.raises(SpaceError, match="points"):
        Float("x", 0, 1).grid()
    assert Float("x", 0, 1, points=3).grid() == [0.0, 0.5, 1.0]
    assert Float("x", 1e-4, 1e-2, log=True, points=3).grid() == pytest.approx([1e-4, 1e-3, 1e-2])
    assert Int("x", 0, 10, points=3).grid() == [0, 5, 10]


def test_a_huge_grid_is_counted_without_being_made() -> None:
    assert Int("x", 0, 10**15 - 1).grid_size() == 10**15


@pytest.mark.parametrize("u", [-0.1, 1.1, math.nan])
def test_quantiles_outside_are_refused(u: float) -> None:
    with pytest.raises(ValueError, match=r"\[0, 1\]"):
        Float("x", 0, 1).from_unit(u)


def test_values_outside_have_no_quantile() -> None:
    with pytest.raises(SpaceError, match="cannot be 2"):
        Float("x", 0, 1).to_unit(2)
