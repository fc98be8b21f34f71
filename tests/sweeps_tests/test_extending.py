"""Changes to a sweep: numbers that are added to, what becomes searched or fixed, and what is refused in one line."""

import pytest
import yaml

from sweeps.config import load_sweep
from sweeps.config.extending import as_mapping, extended
from sweeps.errors import InputError
from sweeps.records.sweep_file import write_config

TOY = {
    "name": "toy",
    "trainer": {"function": "toy:train", "epochs": 5, "inner": {"k": 2}},
    "metric": {"name": "score", "goal": "maximize"},
    "method": "random",
    "parameters": {"x": {"min": 0.0, "max": 1.0}, "m": [1, 2]},
    "trials": 10,
}
DIGITS = {
    "name": "digits",
    "trainer": {"task": "classification", "model": "sweeps.recipes.digits_model:mlp", "data": {"sklearn": "digits"}},
    "metric": "accuracy",
    "parameters": {"learning_rate": {"min": 0.001, "max": 0.1}},
    "trials": 4,
}


@pytest.fixture
def change(tmp_path):
    """The sweep in its folder with changes."""

    def make(*changes, content=TOY, **settings):
        (tmp_path / "toy.py").write_text("def train(config): ...\ndef other(config): ...\n")
        source = tmp_path / "source.yaml"
        source.write_text(yaml.safe_dump({**content, **settings}, sort_keys=False))
        old = load_sweep(source)
        write_config(tmp_path, old)
        return extended(
            old, tmp_path / "sweep.yaml", changes[0] if changes and isinstance(changes[0], dict) else changes
        )

    return make


def test_plus_adds_to_numbers_that_limit_a_sweep(change):
    budget = {"budget": {"trainings": 10, "hours": 1.5}, "stop_when": {"no_better_for": 4}}
    changes = ["trials=+20", "budget.trainings=+5", "budget.hours=+0.5", "stop_when.no_better_for=+1", "finish=+1"]
    new = change(*changes, "retries=+1", "keep_checkpoints=+2", "keep_paused=+5", "grid_limit=+1", **budget, reports=4)
    assert (new.trials, new.limits.trainings, new.limits.hours, new.limits.no_better_for) == (30, 15, 2.0, 5)
    assert (new.limits.finish, new.retries, new.keep_checkpoints, new.limits.keep_paused) == (2, 3, 5, 25)
    assert new.grid_limit == 2001
    assert change("trials=25").trials == 25
    assert change({"trials": "+5"}).trials == 15
    assert change(as_mapping(["trials=+5", {"finish": 2}, {"parameters.m": [1, 2, 3]}])).space["m"].choices == (1, 2, 3)


REFUSED = {
    "no such number": (
        {"trials": None, "budget": {"trainings": 10}, "reports": 4},
        ["trials=+5"],
        "command line: trials: the sweep has no trials to add 5 to: it ends by budget.trainings 10; "
        "add to that, as in budget.trainings=+5, or give trials a number of its own",
    ),
    "a whole grid": (
        {"method": "grid", "trials": None, "parameters": {"m": [1, 2]}},
        ["trials=+5"],
        "command line: trials: the sweep has no trials to add 5 to: it runs its whole grid; "
        "give its parameters more values",
    ),
    "no such budget": (
        {},
        ["budget.hours=+5"],
        "command line: budget.hours: the sweep has no budget.hours to add 5 to: it ends by trials 10; "
        "add to that, as in trials=+5, or give budget.hours a number of its own",
    ),
    "no number of that kind": (
        {},
        ["trainer.epochs=+5"],
        "command line: trainer.epochs: +5 adds to a number that limits a sweep, and trainer.epochs is none; those are",
    ),
    "half a trial": ({}, ["trials=+2.5"], "command line: trials: expected a whole number of at least 1, got 12.5"),
    "nothing": ({}, [], "command line: nothing is given that would change; as in trials=+20"),
    "no change": ({}, ["trials=10", "trainer.epochs=5"], "command line: changes nothing; as in trials=+20"),
    "unknown": ({}, ["trails=+5"], "command line: trails: +5 adds to a number that limits a sweep"),
    "unknown without a plus": ({}, ["trails=5"], "command line: trails: unknown key; did you mean trials?"),
    "name": (
        {},
        ["name=other"],
        "command line: name: cannot change from 'toy' to 'other': earlier and later trials would not compare; run",
    ),
    "seed": ({}, ["seed=3"], "command line: seed: cannot change from 0 to 3"),
    "base": ({}, ["base=/tmp"], "command line: base: cannot change from"),
    "metric": ({}, ["metric.name=loss"], "command line: metric.name: cannot change from 'score' to 'loss'"),
    "goal": ({}, ["metric.goal=minimize"], "command line: metric.goal: cannot change from 'maximize' to 'minimize'"),
    "require": (
        {},
        ["metric.require={score: {min: 0.5}}"],
        "command line: metric.require: cannot change from {} to {'score': {'min': 0.5}}",
    ),
    "function": ({}, ["trainer.function=toy:other"], "command line: trainer.function: cannot change from 'toy:train'"),
    "population": (
        {"early_stopping": "pbt"},
        ["trials=+5"],
        "early_stopping.scheduler: the trials of pbt are a population that trains side by side",
    ),
    "population from now on": ({}, ["early_stopping=pbt"], "command line: early_stopping.scheduler: the trials of pbt"),
    "searched and fixed": ({}, ["trainer.m=1"], "parameters.m: is searched, and fixed as trainer.m too"),
    "a settings' error": ({}, ["parameters.x.min=3"], "parameters.x: needs min <= max, got min=3"),
    "a removed parameter that never was": ({}, ["parameters.y=null"], "y: is null and no preset has it"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_is_one_clear_line(change, name):
    settings, changes, expected = REFUSED[name]
    with pytest.raises(InputError) as error:
        change(*changes, **settings)
    assert expected in str(error.value)
    assert "\n" not in str(error.value)


OTHER_TRAININGS = {
    "task": (["trainer.task=tabular"], "trainer.task: cannot change from 'classification' to 'tabular'"),
    "data": (["trainer.data.sklearn=iris"], "trainer.data.sklearn: cannot change from 'digits' to 'iris'"),
    "rows": (["trainer.data.limit=100"], "trainer.data.limit: cannot change from None to 100"),
    "split": (["trainer.data.split_seed=3"], "trainer.data.split_seed: cannot change from 0 to 3"),
    "data by a constant": (
        ["parameters={learning_rate: {min: 0.001, max: 0.1}, data.split_seed: {value: 3}}"],
        "parameters.data.split_seed: cannot change from 0 to 3",
    ),
}


@pytest.mark.parametrize("name", OTHER_TRAININGS)
def test_another_task_and_other_data_are_refused(change, name):
    changes, expected = OTHER_TRAININGS[name]
    with pytest.raises(InputError) as error:
        change(*changes, content=DIGITS)
    assert expected in str(error.value)
    assert "would not compare" in str(error.value)


def test_settings_that_change_no_row_and_no_measure_may_change(change):
    new = change("trainer.epochs=9", "trainer.data.scaling=standard", "resources.max_parallel=2", content=DIGITS)
    assert (new.trainer.epochs, new.trainer.data.scaling, new.resources.max_parallel) == (9, "standard", 2)


def test_what_is_searched_from_now_on_is_no_longer_fixed_and_the_other_way_round(change):
    new = change("parameters.epochs=[5, 7]", "parameters.inner.k={min: 1, max: 4}")
    assert new.space.names == ("x", "m", "epochs", "inner.k")
    assert new.trainer.settings == {"inner": {}}
    new = change("parameters.m=null", "trainer.m=2")
    assert (new.space.names, new.trainer.settings["m"]) == (("x",), 2)
    shared = {**DIGITS, "trainer": {**DIGITS["trainer"], "batch_size": 64, "epochs": 3}}
    new = change("parameters.batch_size={values: [16, 32, 64]}", content=shared)
    assert new.space["batch_size"].choices == (16, 32, 64)
    new = change("parameters.per_device_train_batch_size=[16, 32]", "trainer.num_train_epochs=7", content=shared)
    assert (new.space.names, new.trainer.epochs) == (("learning_rate", "batch_size"), 7.0)
    new = change("parameters.epochs.steps=[30, 60]", "trainer.report_every={steps: 10}", content=shared)
    assert new.space.names == ("learning_rate", "epochs.steps")
    new = change("parameters.learning_rate=null", "parameters.batch_size=[16, 32]", content=shared)
    assert new.trainer.learning_rate == 5e-5


def test_points_stay_as_far_as_they_lie_in_the_space_and_new_ones_replace_them(change):
    points = [{"x": 0.1, "m": 1}, {"x": 0.9, "m": 2}]
    assert change("trials=+5", points=points).points == tuple(points)
    new = change("parameters.x.max=0.5", "parameters.epochs=[5, 6]", points=points)
    assert new.points == ({"x": 0.1, "m": 1, "epochs": 5},)
    assert change("points=[{x: 0.3, m: 2}]", points=points).points == ({"x": 0.3, "m": 2},)


def test_a_preset_may_be_added_and_the_space_keeps_what_it_has(change):
    new = change("preset=small-net", content={**DIGITS, "trainer": {**DIGITS["trainer"], "batch_size": 64}})
    assert new.space["learning_rate"].high == 0.1
    assert {"batch_size", "weight_decay"} < set(new.space.names)
