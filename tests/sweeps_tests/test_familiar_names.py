"""Sweep files with the names of transformers' `TrainingArguments`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sweeps.config import SweepConfig, from_mapping, load_sweep
from sweeps.config.familiar import renamed_values
from sweeps.errors import InputError
from tests.sweeps_tests.sweep_texts import DEMO
from trainer.config import TrainConfig
from trainer.sections import Steps

FIXED: dict[str, Any] = {
    "model": "owner/bert",
    "data": {"name": "owner/set"},
    "num_train_epochs": 3,
    "per_device_eval_batch_size": 8,
    "eval_strategy": "epoch",
    "save_strategy": "epoch",
    "load_best_model_at_end": True,
    "metric_for_best_model": "eval_accuracy",
    "greater_is_better": True,
    "push_to_hub": False,
}
SEARCHED: dict[str, Any] = {
    "learning_rate": {"distribution": "log_uniform_values", "min": 1e-5, "max": 1e-3},
    "per_device_train_batch_size": {"values": [8, 16]},
    "warmup_steps": {"min": 0, "max": 100},
    "lr_scheduler_type": {"values": ["linear", "polynomial", "constant_with_warmup"]},
    "power": {"min": 1.0, "max": 3.0, "when": {"lr_scheduler_type": "polynomial"}},
    "decay": {"value": 0.1, "when": {"lr_scheduler_type": ["wsd"]}},
}
FILE = """
name: known
trainer:
  model: owner/bert
  data: {name: owner/set}
  num_train_epochs: 3
  eval_strategy: epoch
metric: accuracy
parameters:
  learning_rate: {min: 1.0e-5, max: 1.0e-3}
  per_device_train_batch_size: {values: [8, 16]}
trials: 3
"""


def sweep(trainer: dict[str, Any] | None = None, **top: Any) -> SweepConfig:
    searched = {name: spec for name, spec in SEARCHED.items() if name != "decay"}
    content = {"name": "known", "trainer": {**FIXED, **(trainer or {})}, "parameters": searched, "trials": 3, **top}
    return from_mapping(content, base=Path(), outside=False)


def test_everything_has_our_names_after_reading() -> None:
    made = sweep(
        points=[{"per_device_train_batch_size": 8, "lr_scheduler_type": "constant_with_warmup", "warmup_steps": 7}],
        constraints=["warmup_steps <= 10 * per_device_train_batch_size"],
        early_stopping={"scheduler": "pbt", "mutate": ["learning_rate", "warmup_steps"]},
    )
    assert (made.metric.name, made.metric.goal) == ("accuracy", "maximize")
    assert made.space.names == ("learning_rate", "batch_size", "warmup.steps", "schedule", "power")
    assert made.space["power"].conditions[0].parent == "schedule"
    assert made.space["schedule"].to_mapping()["values"] == ["linear", "polynomial", "constant"]
    assert made.points[0] | {"learning_rate": 0} == {
        **{"learning_rate": 0, "batch_size": 8, "warmup.steps": 7, "schedule": "constant"}
    }
    assert made.space.constraints == ("warmup.steps <= 10 * batch_size",)
    assert made.early_stopping.mutate == ("learning_rate", "warmup.steps")
    assert isinstance(made.trainer, TrainConfig)
    assert (made.trainer.epochs, made.trainer.eval_batch_size, made.trainer.report_every) == (3, 8, 1.0)


def test_a_resolved_file_reads_back_equal() -> None:
    made = sweep()
    again = from_mapping(made.to_mapping(), base=Path(), outside=False)
    assert again == made
    params = {"learning_rate": 1e-4, "batch_size": 16, "warmup.steps": 5, "schedule": "linear"}
    settings = TrainConfig.build(again.trial_settings(params))
    assert (settings.batch_size, settings.warmup, settings.power) == (16, Steps(steps=5), None)


def test_a_warm_up_that_comes_and_goes_leaves_nothing_behind() -> None:
    conditioned = {**SEARCHED["warmup_steps"], "when": {"lr_scheduler_type": "linear"}}
    made = sweep(parameters={**{n: s for n, s in SEARCHED.items() if n != "decay"}, "warmup_steps": conditioned})
    params = {"learning_rate": 1e-4, "batch_size": 16, "schedule": "constant"}
    assert TrainConfig.build(made.trial_settings(params)).warmup is None


@pytest.mark.parametrize(
    ("trainer", "top", "key", "said"),
    [
        ({"epochs": 3}, {}, "trainer.num_train_epochs", "says the same as epochs"),
        ({"output_dir": "out"}, {}, "trainer.output_dir", "--storage"),
        ({"num_train_epochs": -1}, {}, "trainer.num_train_epochs", "above 0"),
        ({"max_steps": 0, "num_train_epochs": 3}, {}, "trainer.max_steps", "says the same as num_train_epochs"),
        ({"batch_size": 8}, {}, "parameters.per_device_train_batch_size", "fixed as trainer.batch_size too"),
        ({"gradient_accumulation_steps": 2}, {}, "trainer.gradient_accumulation_steps", "is not fixed here"),
        ({}, {"metric": "loss"}, "trainer.metric_for_best_model", "says the same as metric.name"),
        ({"metric_for_best_model": "acuracy"}, {}, "trainer.metric_for_best_model", "has no metric 'acuracy'"),
        ({}, {"parameters": {"output_dir": ["a", "b"]}}, "parameters.output_dir", "has no meaning here"),
        ({}, {"parameters": {"eval_strategy": ["no"]}}, "parameters.eval_strategy", "cannot be searched by this name"),
        ({}, {"parameters": {"optim": ["sgd", "rmsprop"]}}, "parameters.optim", "'rmsprop' has no meaning here"),
        ({}, {"parameters": {"optim": ["sgd"], "optimizer": ["sgd"]}}, "parameters.optim", "says the same"),
        ({}, {"parameters": {"warmup_steps": [-1, 5]}}, "parameters.warmup_steps", "-1"),
        ({}, {"parameters": SEARCHED}, "parameters.decay", "wsd"),
    ],
)
def test_complaints_name_what_was_written(trainer: dict[str, Any], top: dict[str, Any], key: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        sweep(trainer, **top)
    assert caught.value.key == key
    assert said in str(caught.value)


def test_complaints_and_overrides_find_what_was_written(tmp_path: Path) -> None:
    path = tmp_path / "sweep.yaml"
    path.write_text(FILE)
    made = load_sweep(path, ["trainer.num_train_epochs=1", "parameters.per_device_train_batch_size.values=[4, 8]"])
    assert isinstance(made.trainer, TrainConfig)
    assert made.trainer.epochs == 1
    assert made.space["batch_size"].to_mapping()["values"] == [4, 8]
    path.write_text(FILE.replace("[8, 16]", "[8, 0]"))
    with pytest.raises(InputError) as caught:
        load_sweep(path)
    assert caught.value.where == f"{path}:11"
    assert caught.value.key == "parameters.per_device_train_batch_size"
    with pytest.raises(InputError) as caught:
        load_sweep(path, ["trainer.num_train_epochs=0", "parameters.per_device_train_batch_size=[4, 8]"])
    assert (caught.value.where, caught.value.key) == ("command line", "trainer.num_train_epochs")


def test_values_of_a_single_run_are_read_alike() -> None:
    given = {"per_device_train_batch_size": 8, "lr_scheduler_type": "constant_with_warmup", "dropout": 0.1}
    assert renamed_values(given) == {"batch_size": 8, "schedule": "constant", "dropout": 0.1}


def test_a_function_of_ones_own_has_names_of_its_own() -> None:
    own = {"function": "m:f", "num_train_epochs": 3, "output_dir": "x"}
    content = {**DEMO, "trainer": own, "metric": {"name": "s", "goal": "maximize"}, "parameters": {"optim": ["a", "b"]}}
    made = from_mapping(content, base=Path(), outside=False)
    assert made.trial_settings({"optim": "a"}) == {"num_train_epochs": 3, "output_dir": "x", "optim": "a"}


@pytest.mark.parametrize(
    ("trainer", "grace"),
    [
        ({"warmup_ratio": 0.5, "eval_strategy": "no", "save_strategy": "best"}, 1),
        ({"max_steps": 100, "eval_strategy": "steps", "eval_steps": 10, "warmup_steps": 25}, 3),
        ({"eval_strategy": "steps", "eval_steps": 10, "warmup_steps": 25}, 3),
        ({"eval_strategy": "epoch", "warmup_steps": 25}, 1),
        ({"num_train_epochs": 10, "lr_scheduler_type": "linear"}, 1),
        ({"num_train_epochs": 10, "schedule": "one_cycle"}, 4),
    ],
)
def test_the_first_rung_comes_after_a_warm_up_by_any_name(trainer: dict[str, Any], grace: int) -> None:
    fixed = {name: value for name, value in FIXED.items() if "strategy" not in name and name != "num_train_epochs"}
    content = {"name": "known", "trials": 3, "parameters": {"learning_rate": [1e-4, 1e-3]}, "early_stopping": "asha"}
    made = from_mapping({**content, "trainer": {**fixed, **trainer}}, base=Path(), outside=False)
    assert made.scheduling["grace"] == grace
