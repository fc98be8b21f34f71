"""A search space as a whole."""

import random

import pytest

from search_spaces import Categorical, Constant, Float, Int, SearchSpace, SpaceError, preset, preset_names

SPACE = SearchSpace([Categorical("a", ["x", "y"]), Int("b", 1, 3), Constant("c", 7)])


def test_the_grid_goes_through_every_combination_the_last_fastest() -> None:
    grid = list(SPACE.grid())
    assert [(point["a"], point["b"]) for point in grid] == [
        ("x", 1),
        ("x", 2),
        ("x", 3),
        ("y", 1),
        ("y", 2),
        ("y", 3),
    ]
    assert len(grid) == SPACE.grid_size() == 6
    assert all(SPACE.contains(point) for point in grid)


def test_a_grid_of_a_million_is_counted_at_once() -> None:
    assert SearchSpace([Int(name, 1, 1000) for name in "abcdef"]).grid_size() == 10**18


def test_a_continuous_parameter_without_points_has_no_grid() -> None:
    space = SearchSpace([Float("lr", 0, 1)])
    with pytest.raises(SpaceError, match="lr"):
        space.grid_size()
    with pytest.raises(SpaceError, match="lr"):
        space.grid()


def test_contains_wants_every_name_and_no_other() -> None:
    assert SPACE.contains({"a": "x", "b": 1, "c": 7})
    assert not SPACE.contains({"a": "x", "b": 1})
    assert not SPACE.contains({"a": "x", "b": 1, "c": 7, "d": 1})
    assert not SPACE.contains({"a": "x", "b": 4, "c": 7})


def test_the_same_seed_draws_the_same_configuration() -> None:
    assert SPACE.sample(random.Random(5)) == SPACE.sample(random.Random(5))


def test_names_searched_and_lookup() -> None:
    assert SPACE.names == ("a", "b", "c")
    assert [parameter.name for parameter in SPACE.searched] == ["a", "b"]
    assert SPACE["b"] == Int("b", 1, 3)
    with pytest.raises(SpaceError, match="no parameter"):
        SPACE["z"]


def test_the_middle_is_where_defaults_say() -> None:
    space = SearchSpace([Int("b", 1, 3), Float("lr", 1e-4, 1e-2, log=True, default=3e-4)])
    assert space.middle() == {"b": 2, "lr": 3e-4}


def test_a_configuration_goes_to_the_unit_cube_and_back() -> None:
    rng = random.Random(1)
    for _ in range(20):
        params = SPACE.sample(rng)
        position = SPACE.to_unit(params, rng)
        assert len(position) == 2  # constants have no place in it
        assert SPACE.from_unit(position) == params
    assert SPACE.from_unit([0.0, 1.0]) == {"a": "x", "b": 3, "c": 7}


def test_positions_of_the_wrong_size_are_refused() -> None:
    with pytest.raises(ValueError, match="zip"):
        SPACE.from_unit([0.5])
    with pytest.raises(ValueError, match=r"\[0, 1\]"):
        SPACE.from_unit([0.5, 1.5])


@pytest.mark.parametrize("name", preset_names())
def test_presets_load_and_say_where_they_come_from(name: str) -> None:
    space = preset(name)
    assert space.searched
    assert space.contains(space.middle())


def test_an_unknown_preset_is_explained() -> None:
    with pytest.raises(SpaceError) as caught:
        preset("small-nett")
    assert "did you mean small-net?" in caught.value.mend
