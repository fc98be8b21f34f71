"""Which parameters of a later configuration give the very same training as a trial's of an earlier one."""

import pytest

from sweeps.config import from_mapping
from sweeps.config.translation import Translation
from trainer.errors import ConfigError

X = {"min": 0.0, "max": 1.0}


def function_sweep(folder, **settings):
    content = {
        "name": "toy",
        "metric": {"name": "score", "goal": "maximize"},
        "trials": 5,
        "parameters": {"x": X, "k": [1, 2, 3]},
        **settings,
        "trainer": {"function": "toy:train", **settings.get("trainer", {})},
    }
    return from_mapping(content, base=folder, outside=False)


# name: trainer and parameters before; those after; a trial's parameters, and what becomes of them
FUNCTIONS = {
    "unchanged": ({}, {"x": X, "k": [1, 2]}, {}, {"x": X, "k": [1, 2]}, {"x": 0.5, "k": 1}, {"x": 0.5, "k": 1}),
    "another order": ({}, {"x": X, "k": [1, 2]}, {}, {"k": [2, 1], "x": X}, {"x": 0.5, "k": 1}, {"x": 0.5, "k": 1}),
    "widened": ({}, {"x": X}, {}, {"x": {"min": -1.0, "max": 9.0}}, {"x": 1.0}, {"x": 1.0}),
    "narrowed, inside": ({}, {"x": X}, {}, {"x": {"min": 0.2, "max": 0.5}}, {"x": 0.5}, {"x": 0.5}),
    "narrowed, outside": (
        {}, {"x": X}, {}, {"x": {"min": 0.2, "max": 0.5}}, {"x": 0.7}, "x 0.7 is outside 0.2..0.5",
    ),
    "a choice less": ({}, {"k": [1, 2, 3]}, {}, {"k": [1, 2]}, {"k": 3}, "k 3 is not among 1, 2"),
    "fixed before, searched now": ({"k": 2}, {"x": X}, {}, {"x": X, "k": [1, 2]}, {"x": 0.5}, {"x": 0.5, "k": 2}),
    "fixed before, and none of the choices": (
        {"k": 9}, {"x": X}, {}, {"x": X, "k": [1, 2]}, {"x": 0.5}, "k 9 is not among 1, 2",
    ),
    "searched before, fixed now": ({}, {"x": X, "k": [1, 2]}, {"k": 2}, {"x": X}, {"x": 0.5, "k": 2}, {"x": 0.5}),
    "searched before, fixed at another": (
        {}, {"x": X, "k": [1, 2]}, {"k": 2}, {"x": X}, {"x": 0.5, "k": 1}, "k is 1 in it and 2 now",
    ),
    "a constant now": (
        {}, {"x": X, "k": [1, 2]}, {}, {"x": X, "k": {"value": 2}}, {"x": 0.5, "k": 1}, "k is 1 in it and 2 now",
    ),
    "never set before": ({}, {"x": X}, {}, {"x": X, "k": [1, 2]}, {"x": 0.5}, "k is not among its settings"),
    "no longer set": ({}, {"x": X, "k": [1, 2]}, {}, {"x": X}, {"x": 0.5, "k": 1}, "k is 1 in it and not there now"),
    "another fixed setting": ({"m": 1}, {"x": X}, {"m": 2}, {"x": X}, {"x": 0.5}, "m is 1 in it and 2 now"),
    "inside a mapping": (
        {"inner": {"k": 2, "m": 3}}, {"x": X}, {"inner": {"m": 3}}, {"x": X, "inner.k": [1, 2]}, {"x": 0.5},
        {"x": 0.5, "inner.k": 2},
    ),
    "a multiple": ({}, {"x": X}, {}, {"x": {**X, "q": 0.25}}, {"x": 0.75}, {"x": 0.75}),
    "no multiple": ({}, {"x": X}, {}, {"x": {**X, "q": 0.25}}, {"x": 0.7}, "x 0.7 is no multiple of 0.25"),
    "a float that is whole": ({}, {"k": [1.0, 2.0]}, {}, {"k": {"min": 1, "max": 4}}, {"k": 2.0}, {"k": 2}),
    "true is not 1": ({}, {"k": [True, False]}, {}, {"k": [1, 0]}, {"k": True}, "k True is not among 1, 0"),
    "active before, and no longer there": (
        {}, {"k": ["a", "b"], "x": {**X, "when": {"k": "a"}}}, {}, {"k": ["a", "b"]}, {"k": "a", "x": 0.5},
        "x is 0.5 in it and not there now",
    ),
    "inactive, so that it does not matter": (
        {}, {"k": ["a", "b"], "x": {**X, "when": {"k": "a"}}}, {}, {"k": ["a", "b"]}, {"k": "b"}, {"k": "b"},
    ),
    "new and inactive for it": (
        {}, {"k": ["a", "b"]}, {}, {"k": ["a", "b"], "x": {**X, "when": {"k": "a"}}}, {"k": "b"}, {"k": "b"},
    ),
    "new and active for it": (
        {}, {"k": ["a", "b"]}, {}, {"x": {**X, "when": {"k": "a"}}, "k": ["a", "b"]}, {"k": "a"},
        "x is not among its settings",
    ),
    "new, active and fixed before": (
        {"x": 0.25}, {"k": ["a", "b"]}, {}, {"x": {**X, "when": {"k": "a"}}, "k": ["a", "b"]}, {"k": "a"},
        {"x": 0.25, "k": "a"},
    ),
    "fixed before, and inactive now": (
        {"x": 0.25}, {"k": ["a", "b"]}, {}, {"x": {**X, "when": {"k": "a"}}, "k": ["a", "b"]}, {"k": "b"},
        "x is 0.25 in it and not there now",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_trial_of_a_function(tmp_path, name):
    fixed, parameters, fixed_now, parameters_now, params, expected = FUNCTIONS[name]
    old = function_sweep(tmp_path, trainer=fixed, parameters=parameters)
    new = function_sweep(tmp_path, trainer=fixed_now, parameters=parameters_now)
    assert old.space.contains(params)
    found = Translation(old, new)(params)
    assert repr(found) == repr(expected)  # the types too
    if isinstance(found, dict):
        assert new.space.contains(found)
        assert new.trial_settings(found) == old.trial_settings(params)


def test_a_constraint_that_came_with_the_extension(tmp_path):
    old = function_sweep(tmp_path)
    new = function_sweep(tmp_path, constraints=["x * k <= 1"])
    translate = Translation(old, new)
    assert translate({"x": 0.5, "k": 2}) == {"x": 0.5, "k": 2}
    assert translate({"x": 0.5, "k": 3}) == "breaks the constraint 'x * k <= 1' with x=0.5, k=3"


def digits(**settings):
    from pathlib import Path

    content = {
        "name": "digits",
        "metric": "accuracy",
        "trials": 4,
        **settings,
        "trainer": {
            "task": "classification",
            "model": "sweeps.recipes.digits_model:mlp",
            "data": {"sklearn": "digits"},
            **settings.get("trainer", {}),
        },
    }
    return from_mapping(content, base=Path(__file__).parent, outside=False)


RATE = {"learning_rate": {"distribution": "log_uniform_values", "min": 1e-4, "max": 1e-1}}


def test_a_setting_of_the_shared_trainer_that_was_fixed_or_left_at_its_default_is_searched(tmp_path):
    old = digits(parameters=RATE)
    translate = Translation(old, digits(parameters={**RATE, "batch_size": [16, 32, 64], "weight_decay": [0, 0.1]}))
    found = translate({"learning_rate": 0.01})
    assert repr(found) == "{'learning_rate': 0.01, 'batch_size': 32, 'weight_decay': 0}"
    none = Translation(old, digits(parameters={**RATE, "ema": {"min": 0.5, "max": 0.9}}))
    assert none({"learning_rate": 0.01}) == "ema is not set in it"


def test_a_fixed_setting_of_the_shared_trainer_that_changes_leaves_no_trial_in_but_where_memory_is_all_it_is_about():
    old = digits(parameters=RATE)
    assert Translation(old, digits(parameters=RATE, trainer={"eval_batch_size": 8}))({"learning_rate": 0.01}) == {
        "learning_rate": 0.01
    }
    changed = digits(parameters=RATE, trainer={"epochs": 7, "schedule": "cosine", "optimizer": "lion", "ema": 0.9})
    assert Translation(old, changed)({"learning_rate": 0.01}) == (
        "epochs is 3.0 in it and 7.0 now, optimizer is 'adamw' in it and 'lion' now, "
        "schedule is 'linear' in it and 'cosine' now and 1 more settings differ"
    )
    epochs = digits(parameters={**RATE, "epochs": [3, 7]})
    assert repr(Translation(old, epochs)({"learning_rate": 0.01})) == "{'learning_rate': 0.01, 'epochs': 3}"
    in_steps = digits(parameters={**RATE, "epochs": [{"steps": 50}, 3]}, trainer={"report_every": {"steps": 10}})
    fixed = digits(parameters=RATE, trainer={"report_every": {"steps": 10}, "epochs": {"steps": 50}})
    assert Translation(fixed, in_steps)({"learning_rate": 0.01}) == {"learning_rate": 0.01, "epochs": {"steps": 50}}


def test_paths_are_the_same_however_they_are_written(tmp_path):
    for name in ("small", "large"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.json").write_text("{}")

    def texts(**settings):
        content = {
            "name": "texts",
            "metric": "accuracy",
            "trials": 4,
            "trainer": {"data": {"train": "a.csv", "text": "text", "label": "label"}, **settings.pop("trainer", {})},
            **settings,
        }
        return from_mapping(content, base=tmp_path, outside=False)

    old = texts(trainer={"model": "./small"}, parameters=RATE)
    new = texts(parameters={**RATE, "model": ["./large", "./small"]})
    assert Translation(old, new)({"learning_rate": 0.01}) == {"learning_rate": 0.01, "model": "./small"}


def test_parameters_that_make_no_legal_training_fit_where_they_still_lie_in_the_space():
    fractions = {"data.validation_fraction": [0.1, 0.7], "data.test_fraction": [0.1, 0.6]}
    old = digits(parameters={**RATE, **fractions})
    both = {"learning_rate": 0.01, "data.validation_fraction": 0.7, "data.test_fraction": 0.6}
    with pytest.raises(ConfigError):
        old.trial_settings(both)
    assert Translation(old, old)(both) == both
    narrow = digits(parameters={**RATE, **fractions, "data.test_fraction": [0.1]})
    assert Translation(old, narrow)(both) == "it makes no legal training"
