"""Conditions, constraints, priors and points in a sweep file: what they become."""

import random
from pathlib import Path
from typing import Any

import pytest
import yaml

from search_spaces import Categorical, SearchSpace
from sweeps.config import SweepConfig, from_mapping, load_sweep, read_config
from sweeps.errors import InputError
from sweeps.study.told import Told
from tests.sweeps_tests.sweep_texts import CONDITIONED, written
from trainer.config import TrainConfig


@pytest.fixture
def config(tmp_path: Path) -> SweepConfig:
    return load_sweep(written(tmp_path, CONDITIONED))


def test_everything_is_read_and_reads_back(config: SweepConfig, tmp_path: Path) -> None:
    assert config.space["momentum"].prior == 0.9
    assert config.space["model_args.layers"].conditions[0].parent == "model_args.hidden"
    assert len(config.space.constraints) == 2
    assert config.points == (
        {"optimizer": "adamw", "learning_rate": 1e-3, "batch_size": 16, "model_args.hidden": 32},
        {
            **{"optimizer": "sgd", "momentum": 0.9, "learning_rate": 0.05, "batch_size": 16},
            **{"model_args.hidden": 64, "model_args.layers": 2},
        },
    )
    written(tmp_path / "runs", yaml.safe_dump(config.to_mapping(), sort_keys=False))
    assert read_config(tmp_path / "runs") == config
    assert read_config(tmp_path / "runs").to_mapping() == config.to_mapping()


def test_a_trial_gets_settings_of_its_active_parameters_only(config: SweepConfig) -> None:
    for seed in range(20):
        params = config.space.sample(random.Random(seed))
        settings = TrainConfig.build(config.trial_settings(params))
        default = TrainConfig.model_fields["momentum"].default
        assert settings.momentum == params.get("momentum", default)
        assert settings.model_args.get("layers") == params.get("model_args.layers")


def test_what_is_active_at_the_middle_does_not_leak_into_other_trials(tmp_path: Path) -> None:
    text = CONDITIONED.replace("values: [adamw, sgd]", "values: [sgd, adamw]").replace(
        "values: [32, 64]", "values: [64, 32]"
    )
    made = load_sweep(written(tmp_path, text))
    assert isinstance(made.trainer, TrainConfig)
    assert (made.trainer.momentum, made.trainer.model_args) == (0.475, {"hidden": 64, "layers": 2})
    other = {"optimizer": "adamw", "learning_rate": 1e-3, "batch_size": 16, "model_args.hidden": 32}
    settings = made.trial_settings(other)
    assert (settings["momentum"], settings["model_args"]) == (None, {"hidden": 32})


def test_conditions_and_constraints_reach_over_presets(tmp_path: Path) -> None:
    text = """\
name: demo
trainer: {task: classification, model: "sweeps.recipes.digits_model:mlp", data: {sklearn: digits}}
metric: accuracy
preset: small-net
parameters: {dropout: {min: 0.1, max: 0.5, when: {batch_size: [16, 32]}}}
constraints: ["batch_size < 128 or learning_rate > 1e-3"]
trials: 4
"""
    made = load_sweep(written(tmp_path, text))
    assert made.space["dropout"].conditions[0].values == (16, 32)
    with pytest.raises(InputError, match="is no parameter of this space"):
        load_sweep(tmp_path / "sweep.yaml", ["parameters.batch_size=null"])


def test_a_grid_counts_what_is_legal_and_its_points(tmp_path: Path) -> None:
    grid = {
        "name": "grid",
        "trainer": {
            "task": "classification",
            "model": "sweeps.recipes.digits_model:mlp",
            "data": {"sklearn": "digits"},
        },
        "metric": "accuracy",
        "method": "grid",
        "parameters": {
            "batch_size": [8, 16, 32],
            "optimizer": ["adamw", "sgd"],
            "momentum": {"min": 0.0, "max": 0.9, "points": 3, "when": {"optimizer": "sgd"}},
        },
        "constraints": ["batch_size < 32 or optimizer == 'sgd'"],
    }
    assert from_mapping(grid, base=tmp_path).planned == 2 + 3 * 3
    points = [{"optimizer": "sgd", "momentum": 0.9}, {"optimizer": "sgd", "momentum": 0.3}]
    assert from_mapping({**grid, "points": points}, base=tmp_path).planned == 12
    with pytest.raises(InputError, match="make a grid of more than grid_limit=10"):
        from_mapping({**grid, "grid_limit": 10}, base=tmp_path)
    sparse = {**grid, "constraints": ["batch_size > 99"]}
    with pytest.raises(InputError, match="'batch_size > 99' is the hardest constraint"):
        from_mapping(sparse, base=tmp_path)


def test_a_function_of_ones_own_gets_active_parameters_only(tmp_path: Path) -> None:
    written(tmp_path, "def train(config): ...\n", "mine.py")
    made = from_mapping(
        {
            "name": "own",
            "trainer": {"function": "mine:train", "lora": {"alpha": 16}},
            "metric": {"name": "score", "goal": "max"},
            "parameters": {
                "peft": ["none", "lora"],
                "lora": {"when": {"peft": "lora"}, "parameters": {"rank": {"values": [4, 8]}}},
            },
            "trials": 3,
        },
        base=tmp_path,
    )
    assert made.trial_settings({"peft": "none"}) == {"peft": "none", "lora": {"alpha": 16}}
    assert made.trial_settings({"peft": "lora", "lora.rank": 8}) == {"peft": "lora", "lora": {"alpha": 16, "rank": 8}}
    assert read_back(made, tmp_path) == made


def read_back(made: SweepConfig, folder: Path) -> SweepConfig:
    written(folder / "runs", yaml.safe_dump(made.to_mapping(), sort_keys=False))
    return read_config(folder / "runs")


def test_text_values_with_an_order_are_read(tmp_path: Path) -> None:
    parameters = "parameters.schedule={values: [constant, linear, cosine], ordinal: true}"
    made = load_sweep(written(tmp_path, CONDITIONED), [parameters])
    assert made.space["schedule"] == Categorical("schedule", ["constant", "linear", "cosine"], ordinal=True)


def test_overrides_change_conditions_priors_and_constraints(tmp_path: Path) -> None:
    path = written(tmp_path, CONDITIONED)
    made = load_sweep(path, ["parameters.momentum.prior=0.5", "constraints=[]", "points=null"])
    assert (made.space["momentum"].prior, made.space.constraints, made.points) == (0.5, (), ())
    other = load_sweep(
        path, ["parameters.optimizer=[adamw, sgd, muon]", "parameters.momentum.when.optimizer=muon", "points=null"]
    )
    assert other.space["momentum"].conditions[0].values == ("muon",)
    with pytest.raises(InputError, match="command line: constraints: 'batch_sze < 3'"):
        load_sweep(path, ["constraints=['batch_sze < 3']"])


def test_a_resolved_space_without_them_says_nothing_of_them(tmp_path: Path) -> None:
    plain: dict[str, Any] = yaml.safe_load(CONDITIONED)
    made = from_mapping({**plain, "constraints": None, "points": []}, base=tmp_path)
    assert not {"constraints", "points"} & set(made.to_mapping())
    assert made.space == SearchSpace(made.space.parameters)


def test_a_sweep_starts_with_its_points(config: SweepConfig) -> None:
    told = Told(config)
    for number, point in enumerate(config.points, 1):
        asked = told.ask()
        assert asked == (number, point)
        told.tell(
            {"event": "trial", "trial": f"t{number:04}", "number": number, "params": point, "n": number, "time": 1.0}
        )
    number, params = told.ask() or (0, {})
    assert number == 3
    assert config.space.contains(params)
