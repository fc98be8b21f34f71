"""What rungs mean where the length of training, its reports or its warm-up are searched."""

from __future__ import annotations

from typing import Any

import pytest

from sweeps.config import SweepConfig, load_sweep
from sweeps.engine.notes import notes
from sweeps.errors import InputError
from sweeps.recipes import recipes
from sweeps.yaml_file import read_yaml


def digits(**settings: Any) -> SweepConfig:
    return load_sweep("digits", {key.replace("__", "."): value for key, value in settings.items()})


def searching(parameters: dict[str, Any], trainer: dict[str, Any] | None = None, **settings: Any) -> SweepConfig:
    """Digits with these parameters, which are not fixed any more."""
    recipe = next(recipe for recipe in recipes() if recipe.name == "digits")
    given = read_yaml(recipe.path).data["trainer"]
    fixed = {name: value for name, value in {**given, **(trainer or {})}.items() if name not in parameters}
    return digits(trainer=fixed, parameters={**parameters, "batch_size": [16, 32]}, **settings)


def warmed(**settings: Any) -> int:
    return int(digits(**settings).scheduling["grace"])


def test_no_rung_lies_inside_the_warm_up() -> None:
    assert warmed() == 1
    assert warmed(trainer__warmup=0.1) == 1  # 0.8 of 8 reports
    assert warmed(trainer__warmup=0.25) == 3  # two reports, and the next is the first after it
    assert warmed(trainer__warmup=0.25, early_stopping={"scheduler": "asha", "grace": 5}) == 5
    assert warmed(trainer__warmup=0.25, trainer__report_every={"fraction": 0.1}) == 3
    assert warmed(trainer__warmup=0.25, trainer__report_every={"steps": 5}) == 1  # unknown without the data


@pytest.mark.parametrize(
    "warmup", [{"min": 0.0, "max": 0.5}, {"values": [0.5, 0.0, 0.1]}, {"value": 0.5}, {"values": [0.1, 0.5]}]
)
def test_where_the_warm_up_is_searched_the_longest_counts(warmup: dict[str, Any]) -> None:
    assert warmed(**{"parameters": {"warmup": warmup, "learning_rate": {"min": 0.001, "max": 0.1}}}) == 5


def test_a_warm_up_that_moves_the_first_rung_is_said() -> None:
    said = list(notes(digits(trainer__warmup=0.25, method="random")))
    assert said == ["trials are compared from report 3 on: before, their warm-up is not over"]


def test_reports_that_differ_between_trials_are_refused_where_trials_are_compared() -> None:
    every = {"report_every": {"values": [1, 2]}}
    with pytest.raises(InputError, match=r"report_every.*trained for different times.*early_stopping: none"):
        searching(every)
    assert searching(every, early_stopping="none").early_stopping.scheduler == "none"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, True),
        ({"trainer": {"report_every": {"fraction": 0.1}}}, False),
        ({"trainer": {"schedule": "wsd"}}, False),
        ({"early_stopping": "none"}, False),
    ],
)
def test_searched_epochs_are_warned_of_where_schedules_differ_with_them(settings: dict[str, Any], said: bool) -> None:
    config = searching({"epochs": {"values": [4, 8]}}, **settings)
    assert any("epochs is searched" in note for note in notes(config)) is said


def test_what_auto_chose_is_said() -> None:
    (said,) = notes(digits())
    assert said.startswith("searching by ensemble: ")


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        ({"trials": 6, "early_stopping": "asha"}, True),
        ({"trials": 30, "early_stopping": "asha"}, False),
        ({"trials": 6, "early_stopping": "none"}, False),
    ],
)
def test_few_trials_that_are_compared_early_are_remarked_on(overrides, said):
    text = "asha compares 6 trials only, and who leads at report 1 may lead by chance"
    assert any(text in note for note in notes(digits(**overrides))) is said
