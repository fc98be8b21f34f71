"""W&B's blocks can be pasted, and mean what they mean there."""

import math
import random
from typing import Any

import pytest

from search_spaces import (
    Categorical,
    Constant,
    Float,
    Int,
    Normal,
    Parameter,
    SearchSpace,
    SpaceError,
    load_parameter,
    load_space,
)

E = math.e

MEANINGS: list[tuple[Any, Parameter]] = [
    ({"value": 3}, Constant("x", 3)),
    ({"value": None}, Constant("x", None)),
    ({"distribution": "constant", "value": "a"}, Constant("x", "a")),
    ({"values": [1, 2]}, Categorical("x", [1, 2])),
    ({"distribution": "categorical", "values": ["a", None]}, Categorical("x", ["a", None])),
    ({"values": ["a", "b"], "probabilities": [0.2, 0.8]}, Categorical("x", ["a", "b"], [0.2, 0.8])),
    (
        {"distribution": "categorical_w_probabilities", "values": [1, 2], "probabilities": [1, 0]},
        Categorical("x", [1, 2], [1.0, 0.0]),
    ),
    ({"min": 1, "max": 5}, Int("x", 1, 5)),
    ({"min": 1.0, "max": 5}, Float("x", 1.0, 5.0)),
    ({"distribution": "int_uniform", "min": 1, "max": 1e3}, Int("x", 1, 1000)),
    ({"distribution": "uniform", "min": 1, "max": 5}, Float("x", 1.0, 5.0)),
    ({"distribution": "q_uniform", "min": 1, "max": 5}, Int("x", 1, 5)),
    ({"distribution": "q_uniform", "min": 8, "max": 64, "q": 8}, Int("x", 8, 64, step=8)),
    ({"distribution": "q_uniform", "min": 0.0, "max": 1.0, "q": 0.25}, Float("x", 0.0, 1.0, step=0.25)),
    ({"min": 0.0, "max": 1.0, "q": 0.25}, Float("x", 0.0, 1.0, step=0.25)),
    ({"distribution": "log_uniform", "min": 0, "max": 1}, Float("x", 1.0, E, log=True)),
    ({"distribution": "log_uniform_values", "min": 1e-5, "max": 0.1}, Float("x", 1e-5, 0.1, log=True)),
    ({"distribution": "log_uniform_values", "min": "1e-5", "max": "1e-1"}, Float("x", 1e-5, 0.1, log=True)),
    ({"distribution": "q_log_uniform", "min": 0, "max": 3}, Int("x", 1, 20, log=True)),
    ({"distribution": "q_log_uniform_values", "min": 16, "max": 500, "q": 16}, Int("x", 16, 496, log=True, step=16)),
    ({"distribution": "inv_log_uniform", "min": 0, "max": 1}, Float("x", 1 / E, 1.0, log=True)),
    ({"distribution": "inv_log_uniform_values", "min": 1e-5, "max": 0.1}, Float("x", 1e-5, 0.1, log=True)),
    ({"distribution": "normal"}, Normal("x", 0.0, 1.0)),
    ({"distribution": "normal", "mu": 2, "sigma": 3}, Normal("x", 2, 3)),
    ({"distribution": "q_normal", "mu": 2, "sigma": 3, "q": 0.5}, Normal("x", 2, 3, step=0.5)),
    ({"distribution": "log_normal", "mu": -2, "sigma": 1}, Normal("x", -2, 1, log=True)),
    ({"distribution": "q_log_normal", "mu": 2, "sigma": 1}, Normal("x", 2, 1, log=True, step=1)),
    ([8, 16], Categorical("x", [8, 16])),
    ("adamw", Constant("x", "adamw")),
    ({"min": 0.0, "max": 1.0, "default": 0.1, "points": 5}, Float("x", 0.0, 1.0, default=0.1, points=5)),
    ({"values": ["a", "b"], "default": "b"}, Categorical("x", ["a", "b"], default="b")),
]


@pytest.mark.parametrize(("spec", "parameter"), MEANINGS, ids=[str(spec) for spec, _ in MEANINGS])
def test_an_entry_means_what_wandb_means(spec: Any, parameter: Parameter) -> None:
    loaded = load_parameter("x", spec)
    if isinstance(parameter, Float) and isinstance(loaded, Float) and loaded != parameter:
        assert loaded.ends == pytest.approx(parameter.ends)
        loaded = parameter
    assert loaded == parameter


def test_a_whole_block_with_nesting_keeps_order_and_round_trips() -> None:
    block = {
        "learning_rate": {"distribution": "log_uniform_values", "min": 1e-6, "max": 1e-3},
        "model_args": {"parameters": {"hidden": {"values": [64, 128]}, "deep": {"parameters": {"er": {"value": 1}}}}},
        "batch_size": [8, 16],
    }
    space = load_space(block)
    assert space.names == ("learning_rate", "model_args.hidden", "model_args.deep.er", "batch_size")
    assert load_space(space.to_mapping()) == space
    assert space.contains(space.sample(random.Random(3)))


REFUSED: list[tuple[Any, str, str]] = [
    (None, "says nothing", "null"),
    ({}, "says nothing", "min and max"),
    ({"mn": 1, "max": 2}, "unknown key 'mn'", "did you mean min?"),
    ({"min": 2, "max": 1}, "min=2 and max=1", "swap"),
    ({"min": 1}, "needs max", "min, max"),
    ({"min": "a", "max": 2}, "min must be a number, got 'a'", "values"),
    ({"min": True, "max": 2}, "min must be a number, got True", "without quotes"),
    ({"min": 0.0, "max": math.inf}, "finite", "give"),
    ({"distribution": "beta"}, "beta is not supported", "uniform"),
    ({"distribution": "lg_uniform", "min": 1, "max": 2}, "unknown distribution", "did you mean log_uniform?"),
    ({"distribution": "uniform", "min": 1, "max": 2, "q": 1}, "q does not belong", "did you mean q_uniform?"),
    ({"distribution": "int_uniform", "min": 0.5, "max": 2}, "whole number, got 0.5", "uniform"),
    ({"distribution": "log_uniform_values", "min": 0, "max": 1}, "min > 0, got min=0", "above 0"),
    ({"distribution": "q_log_uniform_values", "min": 0, "max": 8, "q": 4}, "min > 0, got min=0", "above 0"),
    ({"distribution": "log_uniform", "min": 1, "max": 1000}, "exponent of e", "log_uniform_values"),
    ({"distribution": "log_uniform", "min": 1e-5, "max": 1e-3}, "from 1 to 1.001", "log_uniform_values"),
    ({"distribution": "q_uniform", "min": 5, "max": 6, "q": 10}, "no multiple of q=10", "smaller q"),
    ({"distribution": "q_uniform", "min": 5, "max": 6, "q": 0}, "q must be a number above 0", "give"),
    ({"distribution": "normal", "sigma": 0}, "sigma must be a number above 0", "value"),
    ({"distribution": "log_normal", "mu": 900}, "overflow", "logarithms"),
    ({"mu": 0, "sigma": 1}, "needs a distribution", "normal"),
    ({"values": []}, "empty", "at least one"),
    ({"values": "abc"}, "must be a list", "[a, b]"),
    ({"values": [1, 2, 1]}, "lists 1 twice", "probabilities"),
    ({"values": [1, 2], "probabilities": [0.5]}, "2 values, got 1", "each"),
    ({"values": [1, 2], "probabilities": [0.5, 0.6]}, "sum to 1, got 1.1", "divide"),
    ({"values": [1, 2], "probabilities": [-1, 2]}, "from 0 to 1, got -1", "share"),
    ({"values": [1, 2], "default": 3}, "default 3", "inside"),
    ({"values": [1, None], "default": None}, "default cannot be null", "first"),
    ({"min": 0.0, "max": 1.0, "points": 0}, "points", "leave points out"),
    ({"parameters": {"a": 1}, "min": 1}, "cannot also have min", "move"),
    ({"parameters": []}, "mapping of names", "write"),
]


@pytest.mark.parametrize(("spec", "message", "mend"), REFUSED, ids=[str(spec) for spec, _, _ in REFUSED])
def test_an_entry_that_cannot_be_used_is_explained(spec: Any, message: str, mend: str) -> None:
    with pytest.raises(SpaceError) as caught:
        load_parameter("lr", spec) if "parameters" not in (spec or {}) else load_space({"lr": spec})
    assert caught.value.key == "lr"
    assert message in caught.value.message
    assert mend in caught.value.mend


def test_names_inside_names_are_refused() -> None:
    with pytest.raises(SpaceError, match="lies inside a"):
        load_space({"a": {"values": [1, 2]}, "a.b": {"values": [1, 2]}})
    with pytest.raises(SpaceError, match="twice"):
        SearchSpace([Constant("a", 1), Constant("a", 2)])


@pytest.mark.parametrize("name", ["", "1a", "a b", "a..b", "a.", "ü", "../x"])
def test_odd_names_are_refused(name: str) -> None:
    with pytest.raises(SpaceError, match="no name"):
        load_space({name: 1})
