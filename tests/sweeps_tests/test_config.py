"""What a good sweep file becomes."""

import random
from pathlib import Path
from typing import Any

import pytest
import yaml

from search_spaces import Categorical, Float, preset
from sweeps.config import (
    EarlyStopping,
    FunctionTrainer,
    Metric,
    Resources,
    SweepConfig,
    from_mapping,
    load_sweep,
    read_config,
)
from sweeps.errors import InputError
from tests.sweeps_tests.sweep_texts import DEMO, written
from trainer.config import TrainConfig


def config(base: Path, **changes: Any) -> SweepConfig:
    return from_mapping({**DEMO, **changes}, base=base)


def test_defaults_are_what_the_guide_says(tmp_path: Path) -> None:
    made = config(tmp_path)
    assert made.method == "auto"
    assert made.metric == Metric("accuracy", "maximize")
    assert made.early_stopping == EarlyStopping("none", grace=1, reduction_factor=3, min_trials=5)
    assert made.resources == Resources("auto", "auto", None)
    assert (made.seed, made.keep_checkpoints, made.retries, made.grid_limit) == (0, 3, 2, 2000)
    assert made.base == tmp_path
    assert made.planned == 4


def test_the_trainer_stands_at_the_middle_of_the_space(tmp_path: Path) -> None:
    trainer = config(tmp_path, seed=9).trainer
    assert isinstance(trainer, TrainConfig)
    assert trainer.learning_rate == pytest.approx(0.0505)
    assert trainer.model_args == {"hidden": 32}
    assert (trainer.metric, trainer.goal) == ("accuracy", "maximize")
    assert trainer.seed == 9


def test_a_training_seed_of_its_own_wins_over_the_sweeps(tmp_path: Path) -> None:
    fixed = config(tmp_path, seed=9, trainer={**DEMO["trainer"], "seed": 3})
    assert fixed.trial_settings(fixed.space.middle())["seed"] == 3
    searched = config(tmp_path, seed=9, parameters={"seed": [1, 2]})
    assert searched.trial_settings({"seed": 2})["seed"] == 2


def test_trial_settings_are_plain_and_build(tmp_path: Path) -> None:
    made = config(tmp_path)
    params = made.space.sample(random.Random(1))
    settings = made.trial_settings(params)
    built = TrainConfig.build(settings)
    assert built.learning_rate == params["learning_rate"]
    assert built.model_args == {"hidden": params["model_args.hidden"]}
    assert yaml.safe_load(yaml.safe_dump(settings)) == settings


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"early_stopping": "asha"},
        {"early_stopping": {"scheduler": "median", "min_trials": 9, "grace": 2}},
        {"early_stopping": {"scheduler": "asha", "mode": "auto"}},
        {"early_stopping": {"scheduler": "hyperband", "mode": "promotion", "reports": 27}},
        {"early_stopping": {"scheduler": "pasha", "reduction_factor": 2}},
        {"early_stopping": {"scheduler": "patience", "patience": 4, "min_delta": 0.01}},
        {"method": "grid", "parameters": {"batch_size": [8, 16], "epochs": {"min": 1, "max": 3}}},
        {"preset": "small-net", "parameters": {"batch_size": None}},
        {"resources": {"gpus_per_trial": 0.5, "cpus_per_trial": 2, "max_parallel": 3}},
        {"resources": {"processes_per_trial": 2}, "trainer": {**DEMO["trainer"], "fsdp": "full_shard"}},
        {"trainer": {**DEMO["trainer"], "report_every": {"steps": 5}, "seed": 4}},
        {"parameters": {"data.limit": [100, 200], "learning_rate": {"distribution": "log_normal", "mu": -7}}},
    ],
    ids=str,
)
def test_the_resolved_file_reads_back_as_an_equal_config(changes: dict[str, Any], tmp_path: Path) -> None:
    made = config(tmp_path, **changes)
    written(tmp_path / "runs", yaml.safe_dump(made.to_mapping(), sort_keys=False))
    assert read_config(tmp_path / "runs") == made
    assert read_config(tmp_path / "runs").to_mapping() == made.to_mapping()


def test_a_sweep_folders_config_reads_when_its_data_is_gone(tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text("a,label\n1,x\n2,y\n")
    data = {"train": "train.csv", "label": "label"}
    made = config(tmp_path, trainer={**DEMO["trainer"], "data": data})
    written(tmp_path / "runs", yaml.safe_dump(made.to_mapping(), sort_keys=False))
    (tmp_path / "train.csv").unlink()
    assert read_config(tmp_path / "runs") == made
    with pytest.raises(InputError, match=r"train\.csv"):
        from_mapping(made.to_mapping(), base=tmp_path)


def test_paths_start_from_the_files_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in ("project", "elsewhere"):
        written(tmp_path / folder, "a,label\n1,x\n2,y\n", "train.csv")
    monkeypatch.chdir(tmp_path / "elsewhere")
    text = yaml.safe_dump({**DEMO, "trainer": {**DEMO["trainer"], "data": {"train": "train.csv", "label": "label"}}})
    path = written(tmp_path / "project", text)
    trainer = load_sweep(path).trainer
    assert isinstance(trainer, TrainConfig)
    assert trainer.data.train == str(tmp_path / "project" / "train.csv")
    overridden = load_sweep(path, ["trainer.data.train=train.csv"]).trainer
    assert isinstance(overridden, TrainConfig)
    assert overridden.data.train == str(tmp_path / "elsewhere" / "train.csv")


def test_a_searched_path_is_resolved_in_each_trial(tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv"):
        written(tmp_path, "x,label\n1,x\n2,y\n", name)
    trainer = {**DEMO["trainer"], "data": {"label": "label"}}
    made = config(tmp_path, trainer=trainer, parameters={"data.train": ["a.csv", "b.csv"]})
    assert made.trial_settings({"data.train": "b.csv"})["data"]["train"] == str(tmp_path / "b.csv")


def test_parameters_go_over_a_preset(tmp_path: Path) -> None:
    made = config(tmp_path, preset="small-net", parameters={"batch_size": [8], "weight_decay": None, "dropout": [0.1]})
    assert made.space.names == ("learning_rate", "batch_size", "dropout")
    assert made.space["batch_size"] == Categorical("batch_size", [8])
    assert made.space["learning_rate"] == preset("small-net")["learning_rate"]


def test_a_grid_plans_what_it_has_or_what_trials_allows(tmp_path: Path) -> None:
    parameters = {"batch_size": [8, 16, 32], "seed": {"min": 0, "max": 3}}
    whole = {key: value for key, value in DEMO.items() if key != "trials"}
    made = from_mapping({**whole, "method": "grid", "parameters": parameters}, base=tmp_path)
    assert (made.trials, made.planned) == (None, 12)
    assert config(tmp_path, method="grid", parameters=parameters).planned == 4
    assert config(tmp_path, method="grid", parameters=parameters, trials=99).planned == 12


def test_a_function_of_ones_own_gets_nested_plain_settings(tmp_path: Path) -> None:
    written(tmp_path, "def train(config): ...\n", "mine.py")
    made = from_mapping(
        {
            "name": "own",
            "trainer": {"function": "mine:train", "optimizer": {"name": "sgd"}, "width": 8},
            "metric": {"name": "score", "goal": "min"},
            "parameters": {"optimizer": {"parameters": {"lr": {"values": [0.1, 0.2]}}}, "depth": [1, 2]},
            "trials": 2,
        },
        base=tmp_path,
    )
    assert made.trainer == FunctionTrainer("mine:train", {"optimizer": {"name": "sgd"}, "width": 8})
    assert made.metric == Metric("score", "minimize")
    settings = made.trial_settings({"optimizer.lr": 0.2, "depth": 1})
    assert settings == {"optimizer": {"name": "sgd", "lr": 0.2}, "width": 8, "depth": 1}
    settings["optimizer"]["lr"] = 9
    assert made.trial_settings({"depth": 1}) == {"optimizer": {"name": "sgd"}, "width": 8, "depth": 1}
    written(tmp_path / "runs", yaml.safe_dump(made.to_mapping(), sort_keys=False))
    assert read_config(tmp_path / "runs") == made


def test_a_pasted_wandb_block_is_understood(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        """\
name: pasted
trainer: {task: classification, model: "sweeps.recipes.digits_model:mlp", data: {sklearn: digits}}
metric: {name: loss, goal: minimize}
method: random
parameters:
  learning_rate:
    distribution: log_uniform_values
    min: 1e-5
    max: 1e-1
  batch_size:
    distribution: q_log_uniform_values
    q: 8
    min: 32
    max: 256
  optimizer:
    values: ["adamw", "sgd"]
  epochs:
    value: 1
trials: 3
""",
    )
    made = load_sweep(path)
    assert made.space["learning_rate"] == Float("learning_rate", 1e-5, 0.1, log=True)
    assert [p.name for p in made.space.searched] == ["learning_rate", "batch_size", "optimizer"]
