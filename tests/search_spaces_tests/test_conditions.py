"""Parameters that are there only where others have certain values."""

import itertools
import json
import random
from typing import Any

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from search_spaces import Categorical, Condition, Constant, Float, Int, Normal, SearchSpace, SpaceError, load_space

PEFT = load_space(
    {
        "lora_rank": {"values": [4, 8], "when": {"peft": "lora"}},  # before its parent
        "peft": {"values": ["none", "lora", "prefix"]},
        "lora_bias": {"values": [True, False], "when": {"lora_rank": {"min": 8}, "layers": [2, 3]}},
        "layers": {"min": 1, "max": 3},
        "reach": {"value": 9, "when": {"peft": ["lora", "prefix"]}},
    }
)


def test_a_configuration_has_its_active_parameters_only() -> None:
    rng = random.Random(0)
    seen = set()
    for _ in range(300):
        params = PEFT.sample(rng)
        assert PEFT.contains(params)
        assert ("lora_rank" in params) == (params["peft"] == "lora")
        assert ("lora_bias" in params) == (params.get("lora_rank") == 8 and params["layers"] >= 2)
        assert ("reach" in params) == (params["peft"] != "none")
        assert list(params) == [name for name in PEFT.names if name in params]
        seen.add(json.dumps(params))
    assert len(seen) == 3 + 3 + 3 + 1 + 2 * 2  # none, prefix; lora: rank 4; rank 8 with 1 layer; with 2 or 3


@pytest.mark.parametrize(
    "params",
    [
        {"peft": "none", "layers": 1, "lora_rank": 4},
        {"peft": "lora", "layers": 1, "reach": 9},
        {"peft": "lora", "layers": 1, "lora_rank": 5, "reach": 9},
        {"peft": "lora", "layers": 1, "lora_rank": 8, "reach": 9, "lora_bias": True},
        {"peft": "none", "layers": 1, "odd": 1},
        {"layers": 1, "lora_rank": 4},
    ],
    ids=str,
)
def test_too_much_or_too_little_is_not_contained(params: dict[str, Any]) -> None:
    assert not PEFT.contains(params)


def test_the_grid_has_each_configuration_once() -> None:
    grid = list(PEFT.grid())
    assert len({json.dumps(point) for point in grid}) == len(grid) == PEFT.grid_size() == 14
    assert all(PEFT.contains(point) and PEFT.on_grid(point) for point in grid)


def test_a_large_conditional_grid_is_counted_without_being_made() -> None:
    wide = [Int(f"p{i}", 1, 1000, when={"kind": ["b", "c"]}) for i in range(6)]
    assert SearchSpace([Categorical("kind", ["a", "b", "c"]), *wide]).grid_size() == 1 + 2 * 10**18
    with pytest.raises(SpaceError, match="decides about others"):
        SearchSpace([Int("n", 1, 10**6), Int("x", 1, 2, when={"n": {"max": 5}})]).grid_size()


def test_the_middle_follows_the_middles_of_the_parents() -> None:
    assert PEFT.middle() == {"peft": "none", "layers": 2}
    assert PEFT.complete({"peft": "lora", "lora_rank": 8}) == {
        "lora_rank": 8,
        "peft": "lora",
        "lora_bias": True,
        "layers": 2,
        "reach": 9,
    }
    assert PEFT.complete({"lora_rank": 8}) == PEFT.middle()  # given, but inactive


def test_what_a_parameter_needs_to_be_active() -> None:
    assert PEFT.needed("lora_bias") == {"lora_rank": 8, "peft": "lora", "layers": 2}
    assert PEFT.needed("peft") == {}
    for name in PEFT.names:
        assert name in PEFT.complete(PEFT.needed(name))


def test_positions_in_the_unit_cube_are_complete_and_lead_back() -> None:
    rng = random.Random(1)
    for _ in range(50):
        params = PEFT.sample(rng)
        position = PEFT.to_unit(params, rng)
        assert len(position) == len(PEFT.searched) == 4
        assert PEFT.from_unit(position) == params
    bare = {"peft": "none", "layers": 1}
    drawn = {PEFT.to_unit(bare, rng)[0] for _ in range(50)}
    assert drawn == {0.25, 0.75}  # imputed from its own distribution


@pytest.mark.parametrize(
    ("parent", "when", "active", "inactive"),
    [
        (Categorical("p", [True, False]), True, True, False),
        (Categorical("p", [1, True]), 1, 1, True),
        (Categorical("p", [None, "x"]), None, None, "x"),
        (Categorical("p", [[8, 8], [4]]), [[8, 8]], [8, 8], [4]),
        (Categorical("p", [{"name": "lion"}, "sgd"]), {"name": "lion"}, {"name": "lion"}, "sgd"),
        (Categorical("p", [8, 16, 64]), {"min": 10, "max": 20}, 16, 64),
        (Int("p", 1, 9), {"min": 3}, 3, 2),
        (Int("p", 8, 64, step=8), {"min": 15, "max": 17}, 16, 24),
        (Float("p", 0.0, 1.0, step=0.1), {"min": 0.3, "max": 0.3}, 0.3, 0.4),
        (Float("p", 1e-5, 1e-1, log=True), {"max": 1e-4}, 1e-4, 2e-4),
        (Normal("p", 0.0, 1.0), {"min": 5}, 5.5, 0.0),
        (Normal("p", 2.0, 1.0, log=True, step=2), {"min": 99, "max": 101}, 100, 2),
        (Constant("p", 3), 3, 3, 4),
    ],
    ids=repr,
)
def test_conditions_on_every_kind_of_parent(parent: Any, when: Any, active: Any, inactive: Any) -> None:
    space = SearchSpace([parent, Int("x", 0, 1, when={"p": when})])
    assert space.active({"p": active, "x": 0}) == {"p": active, "x": 0}
    assert space.active({"p": inactive, "x": 0}) == {"p": inactive}
    assert load_space(space.to_mapping()) == space
    assert space["x"].conditions[0].holds(space.needed("x")["p"])


NESTED = {
    "kind": {"values": ["a", "b"]},
    "model": {
        "parameters": {
            "norm": {"values": ["layer", "batch"]},
            "momentum": {"min": 0.0, "max": 0.5, "when": {"norm": "batch"}},  # a sibling
            "width": {"values": [1, 2], "when": {"kind": "a"}},  # a full name
            "deep": {"when": {"kind": "b"}, "parameters": {"er": {"values": [1, 2], "when": {"norm": "layer"}}}},
        }
    },
}


def test_parents_are_named_in_full_or_as_siblings_and_blocks_have_conditions_too() -> None:
    space = load_space(NESTED)
    assert space["model.momentum"].conditions == (Condition("model.norm", ("batch",)),)
    assert space["model.width"].conditions == (Condition("kind", ("a",)),)
    assert space["model.deep.er"].conditions == (Condition("kind", ("b",)), Condition("model.norm", ("layer",)))
    assert load_space(space.to_mapping()) == space


def test_a_full_name_comes_before_a_sibling() -> None:
    space = SearchSpace([Int("n", 1, 2), Int("m.n", 1, 3), Int("m.x", 1, 2, when={"n": 2})])
    assert load_space(space.to_mapping()) == space


AB = {"a": {"values": ["x", "y"]}, "n": {"min": 1, "max": 9}}
REFUSED: list[tuple[dict[str, Any], str, str, str]] = [
    ({"b": {"min": 0, "max": 1, "when": {"aa": "x"}}}, "b.when.aa", "is no parameter", "did you mean a?"),
    ({"b": {"min": 0, "max": 1, "when": {"a": "z"}}}, "b.when.a", "can never be 'z'", "('x', 'y')"),
    ({"b": {"min": 0, "max": 1, "when": {"a": ["x", "z"]}}}, "b.when.a", "can never be 'z'", "('x', 'y')"),
    ({"b": {"min": 0, "max": 1, "when": {"n": {"min": 10}}}}, "b.when.n", "never in {'min': 10}", "(1, 9)"),
    ({"b": {"min": 0, "max": 1, "when": {"n": 2.5}}}, "b.when.n", "can never be 2.5", "(1, 9)"),
    ({"b": {"min": 0, "max": 1, "when": {"a": {"min": 1}}}}, "b.when.a", "never in {'min': 1}", "('x', 'y')"),
    ({"b": {"min": 0, "max": 1, "when": {"n": {"min": 3, "mx": 4}}}}, "b.when.n", "unknown key 'mx'", "max"),
    ({"b": {"min": 0, "max": 1, "when": {"n": {"min": 3, "max": 2}}}}, "b.when.n", "min=3 and max=2", "swap"),
    ({"b": {"min": 0, "max": 1, "when": {"n": {"min": "low"}}}}, "b.when.n", "finite number, got 'low'", "give"),
    ({"b": {"min": 0, "max": 1, "when": {"a": []}}}, "b.when.a", "lists no value", "at least one"),
    ({"b": {"min": 0, "max": 1, "when": "a=x"}}, "b.when", "got 'a=x'", "when: {"),
    ({"b": {"min": 0, "max": 1, "when": {}}}, "b.when", "got {}", "when: {"),
    ({"b": {"min": 0, "max": 1, "when": None}}, "b.when", "says nothing", "leave it out"),
    ({"b": {"min": 0, "max": 1, "when": {"b": 0}}}, "b.when.b", "depends on itself", "another"),
    (
        {"b": {"values": [1], "when": {"c": 1}}, "c": {"values": [1], "when": {"b": 1}}},
        "b.when",
        "in a circle: b -> c -> b",
        "remove one",
    ),
    (
        {"b": {"values": [1], "when": {"a": "x"}}, "c": {"values": [1], "when": {"b": 1, "a": "y"}}},
        "c.when",
        "the conditions on a exclude one another",
        "own conditions",
    ),
    (
        {"b": {"when": {"a": "x"}, "parameters": {"c": {"values": [1], "when": {"a": "y"}}}}},
        "b.c.when",
        "the block around it has too",
        "keep the one",
    ),
]


@pytest.mark.parametrize(("block", "key", "message", "mend"), REFUSED, ids=[key + m for _, key, m, _ in REFUSED])
def test_conditions_that_cannot_be_used_are_explained(block: dict[str, Any], key: str, message: str, mend: str) -> None:
    with pytest.raises(SpaceError) as caught:
        load_space({**AB, **block})
    assert caught.value.key == key
    assert message in caught.value.message
    assert mend in caught.value.mend


@st.composite
def spaces(draw: st.DrawFn) -> SearchSpace:
    """Up to six small parameters, of which each may depend on some of those before it, in any order in the file."""
    parameters: list[Any] = []
    for name in "abcdef"[: draw(st.integers(1, 6))]:
        when = {}
        for parent in parameters:
            if draw(st.integers(0, 3)) == 0:
                values = parent.grid()
                when[parent.name] = draw(st.lists(st.sampled_from(values), min_size=1, max_size=2, unique=True))
        kind = draw(
            st.sampled_from([Int(name, 0, 2, when=when or None), Categorical(name, ["x", "y"], when=when or None)])
        )
        parameters.append(kind)
    try:
        return SearchSpace(draw(st.permutations(parameters)))
    except SpaceError:  # the conditions of ancestors may exclude one another
        reject()


@given(spaces(), st.integers(0, 2**32))
def test_samples_are_contained_and_spaces_round_trip(space: SearchSpace, seed: int) -> None:
    rng = random.Random(seed)
    params = space.sample(rng)
    assert space.contains(params)
    assert space.contains(space.middle())
    assert space.from_unit(space.to_unit(params, rng)) == params
    assert load_space(space.to_mapping()) == space


@given(spaces())
def test_the_grid_is_what_brute_force_finds(space: SearchSpace) -> None:
    everything = (
        dict(zip(space.names, values, strict=True)) for values in itertools.product(*(p.grid() for p in space))
    )
    expected = {json.dumps(space.active(values)) for values in everything}
    grid = [json.dumps(params) for params in space.grid()]
    assert set(grid) == expected
    assert len(grid) == len(expected) == space.grid_size()
