"""Constraints between parameters: what they mean, and what they refuse to mean."""

import itertools
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search_spaces import Categorical, Constraint, ConstraintError, Float, Int, SearchSpace, load_space

PARAMS: dict[str, Any] = {"a": 3, "b": 0.5, "c": "sgd", "d": True, "e": None, "m.hidden": 64, "z": 0, "list": [1, 2]}

MEANINGS = [
    ("a * 2 <= 6", True),
    ("a < b", False),
    ("1 < a <= 3 < 4", True),
    ("1 < a > 5", False),
    ("c != 'sgd' or b > 1e-3", True),
    ("c == 'sgd' and not d", False),
    ("not (a == 3 and b == 0.5)", False),
    ("d", True),
    ("e == None", True),
    ("a in [1, 2, 3]", True),
    ("a not in [1, 2, -3]", True),
    ("c in ('adamw',)", False),
    ("d == 1", False),  # types count, as they do in `contains`
    ("d in [1]", False),
    ("d == True", True),
    ("a == 3.0", True),
    ("m.hidden // 5 == 12 and m.hidden % 5 == 4", True),
    ("m.hidden / 128 == b", True),
    ("-a < +b - 1", True),
    ("a ** 2 == 9 and 2 ** -1 == b", True),
    ("abs(-a) == 3 and min(a, b, 7) == 0.5 and max(a, b) == a", True),
    ("log(a) < 1.1 and log10(1000) - 3 < 1e-9 and a > 0 and sqrt(m.hidden) == 8", True),
    ("list == [1]", None),
    ("a if d else b", None),
    ("missing > 3", True),  # inactive
    ("missing > 3 and a > 5", True),
    ("a / z > 1", False),  # no value
    ("log(z) < 1", False),
    ("sqrt(-a) < 1", False),
    ("(-a) ** b < 1", False),
    ("a ** m.hidden ** a > 5", True),  # beyond whole numbers it is a float, or infinite
    ("z ** (9 ** 9) == 0", True),
]


@pytest.mark.parametrize(("text", "meaning"), MEANINGS, ids=[text for text, _ in MEANINGS])
def test_an_expression_means_what_python_means(text: str, meaning: bool | None) -> None:
    if meaning is None:
        with pytest.raises(ConstraintError):
            Constraint(text)
    else:
        assert Constraint(text).holds(PARAMS) is meaning


REFUSED: list[tuple[Any, str, str]] = [
    (3, "expected an expression, got 3", "in quotes"),
    ("a <", "is no expression", "batch_size * accumulation"),
    ("", "is no expression", "batch_size"),
    ("a = 3", "is no expression", "batch_size"),
    ("a\0 < 3", "is no expression", ""),
    ("a * 2", "a * 2 says neither yes nor no", "compare it"),
    ("a < 3 or b * 2", "b * 2 says neither", "compare it"),
    ("-a", "-a says neither", "compare it"),
    ("1 < 2", "mentions no parameter", "remove it"),
    ("batch > 3", "batch is no parameter of this space", "did you mean batch_size?"),
    ("bs > 3", "bs is no parameter of this space", "did you mean batch_size?"),
    ("opt.__class__ == 3", "opt.__class__ is no parameter", "known are"),
    ("a.b.c > 3", "a.b.c is no parameter", "known are"),
    ("().__class__.__bases__[0] == a", "has no place here", "there are comparisons"),
    ("'x'.upper() == opt", "has no place here", "there are comparisons"),
    ("__import__('os').system('x') == a", "has no place here", "there are comparisons"),
    ("eval('1') == a", "has no place here", "sqrt"),
    ("(lambda: 1)() == a", "has no place here", ""),
    ("[x for x in [1]] == a", "has no place here", ""),
    ("f'{a}' == 'x'", "has no place here", ""),
    ("a[0] == 1", "has no place here", ""),
    ("(a := 3) > 2", "has no place here", ""),
    ("a == b'x'", "has no place here", ""),
    ("a == 1j", "has no place here", ""),
    ("a == ...", "has no place here", ""),
    ("a & 3 == 1", "has no place here", ""),
    ("~a == 1", "has no place here", ""),
    ("a is None", "`is` has no place", "write == or !="),
    ("a in opt", "in wants a list", "in ['sgd']"),
    ("a in 'abc'", "in wants a list", ""),
    ("a in [b]", "in wants a list", ""),
    ("log(a, 2) > 1", "log takes one number", ""),
    ("max(a) > 1", "max takes two or more", ""),
    ("max(a, key=3) > 1", "has no place here", ""),
    ("max(a, *[1, 2]) > a", "has no place here", ""),
    ("opt > 3", "cannot compare", "like with like"),
    ("opt * 3 == 'x'", "cannot calculate with", "numbers only"),
    ("a == 3 or 'x' % a == opt", "cannot calculate with 'x'", "numbers only"),
    ("a < " + "1 + " * 200 + "1", "characters long", "split"),
    ("not " * 90 + "a", None, ""),
    (" + ".join(["a"] * 90) + " > 1", None, ""),
    ("-" * 400 + "a < 1", "nested more than 100 levels", "split"),
    ("(" * 240 + "a" + ")" * 240 + " < 1", "is no expression", ""),
]
SPACE = [Int("a", 1, 9), Int("b", 1, 9), Int("batch_size", 1, 9), Categorical("opt", ["adamw", "sgd"])]


@pytest.mark.parametrize(("text", "message", "mend"), REFUSED, ids=[str(text)[:40] for text, _, _ in REFUSED])
def test_expressions_that_cannot_be_used_are_explained(text: Any, message: str | None, mend: str) -> None:
    if message is None:  # deep, and yet fine
        SearchSpace(SPACE, ["b < 9", text])
        return
    with pytest.raises(ConstraintError) as caught:
        SearchSpace(SPACE, ["b < 9", text])
    assert caught.value.index == 1
    assert message in caught.value.message
    assert mend in caught.value.mend
    assert "\n" not in str(caught.value)


BATCHES = SearchSpace(
    [Categorical("batch", [8, 16, 32]), Int("steps", 1, 4), Categorical("kind", ["a", "b"]), Int("x", 0, 3)],
    constraints=["batch * steps <= 64", "kind != 'b' or x >= 2"],
)


def legal(params: dict[str, Any]) -> bool:
    return params["batch"] * params["steps"] <= 64 and (params["kind"] != "b" or params["x"] >= 2)


def test_everything_that_a_space_gives_is_legal() -> None:
    rng = random.Random(0)
    drawn = [BATCHES.sample(rng) for _ in range(300)]
    assert all(legal(params) and BATCHES.contains(params) for params in drawn)
    assert {params["batch"] * params["steps"] for params in drawn} >= {8, 32, 64}
    assert legal(BATCHES.middle())
    assert not BATCHES.contains({"batch": 32, "steps": 4, "kind": "a", "x": 0})
    assert BATCHES.broken({"batch": 32, "steps": 4, "kind": "a", "x": 0}) == Constraint("batch * steps <= 64", 0)


def test_the_grid_is_filtered_and_counted() -> None:
    everything = itertools.product([8, 16, 32], range(1, 5), "ab", range(4))
    expected = [params for values in everything if legal(params := dict(zip(BATCHES.names, values, strict=True)))]
    assert list(BATCHES.grid()) == expected
    assert BATCHES.grid_size() == len(expected) == 60
    assert BATCHES.grid_size(limit=59) == 60
    assert BATCHES.grid_size(limit=5) == 6


def test_a_filtered_grid_is_counted_no_further_than_asked_and_never_for_ever() -> None:
    many = [Int(f"p{i}", 1, 10) for i in range(12)]
    assert SearchSpace(many, ["p0 < p11"]).grid_size(limit=2000) == 2001
    assert SearchSpace(many, ["p0 < p1", "p0 + p1 + p2 + p3 == 4"]).grid_size() == 0  # cut off early
    with pytest.raises(ConstraintError, match="too large to look through"):
        SearchSpace(many, ["p0 + p11 == 99"]).grid_size(limit=2000)


def test_a_constraint_about_an_inactive_parameter_is_fulfilled() -> None:
    space = load_space(
        {"kind": ["a", "b"], "x": {"min": 1, "max": 9, "when": {"kind": "b"}}, "y": {"min": 1, "max": 9}},
        constraints=["x < y"],
    )
    drawn = [space.sample(random.Random(seed)) for seed in range(100)]
    assert all(params["kind"] == "a" or params["x"] < params["y"] for params in drawn)
    assert any(params["kind"] == "a" and params["y"] == 1 for params in drawn)
    assert space.grid_size() == 9 + 36
    assert load_space(space.to_mapping(), space.constraints) == space


def test_a_middle_that_constraints_forbid_gives_way_to_a_legal_one_nearby() -> None:
    space = SearchSpace([Float("lr", 0.0, 1.0), Float("wd", 0.0, 1.0)], ["lr + wd < 0.9"])
    middle = space.middle()
    assert space.contains(middle)
    assert middle == space.middle()
    assert abs(middle["lr"] - 0.5) + abs(middle["wd"] - 0.5) < 0.3


def test_constraints_that_hardly_anything_fulfils_are_refused_and_the_hardest_is_named() -> None:
    space = SearchSpace([Float("x", 0.0, 1.0), Float("y", 0.0, 1.0)], ["x < 0.5", "x + y < 0.01"])
    with pytest.raises(ConstraintError) as caught:
        space.check_constraints()
    assert caught.value.index == 1
    assert "'x + y < 0.01' is the hardest constraint" in caught.value.message
    SearchSpace([Float("x", 0.0, 1.0), Float("y", 0.0, 1.0)], ["x < 0.5", "x + y < 0.1"]).check_constraints()
    with pytest.raises(ConstraintError, match="'x > 1' is the hardest constraint: 0 of 10,000"):
        SearchSpace([Float("x", 0.0, 1.0)], ["x > 1"]).sample(random.Random(0))


def test_the_middle_of_a_sparse_grid_is_one_of_its_points() -> None:
    space = SearchSpace([Int(name, 1, 50, points=50) for name in "abc"], ["a == b == c == 50"])
    assert space.middle() == {"a": 50, "b": 50, "c": 50}


@given(st.integers(0, 2**32), st.integers(1, 20), st.sampled_from(["a + b", "a * b", "max(a, b)", "a ** 2 - b"]))
def test_samples_fulfil_any_bound(seed: int, bound: int, term: str) -> None:
    space = SearchSpace([Int("a", 1, 9), Int("b", 1, 9)], [f"{term} <= {bound + 1}"])
    assert space.contains(space.sample(random.Random(seed)))
    assert space.contains(space.middle())
    assert sum(1 for _ in space.grid()) == space.grid_size()
