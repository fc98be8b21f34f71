"""What a sweep file may say of a population, and one line for each thing that it may not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from sweeps.config import load_sweep
from sweeps.errors import InputError
from trainer.config import TrainConfig

DIGITS: dict[str, Any] = {
    "name": "digits",
    "trainer": {
        "task": "classification",
        "model": "population_net:build",
        "data": {"sklearn": "digits"},
        "report_every": 0.5,
    },
    "metric": "accuracy",
    "method": "random",
    "parameters": {
        "learning_rate": {"distribution": "log_uniform_values", "min": 1e-4, "max": 1e-1},
        "weight_decay": {"min": 0.0, "max": 0.3},
        "batch_size": [16, 32],
        "model_args.hidden": {"min": 8, "max": 64},
    },
    "early_stopping": "pbt",
    "trials": 4,
}
NET = """
import torch

def build(inputs, classes, hidden=16, dropout=0.0):
    return torch.nn.Sequential(
        torch.nn.Linear(inputs, hidden), torch.nn.ReLU(), torch.nn.Dropout(dropout), torch.nn.Linear(hidden, classes)
    )
"""


def load(folder: Path, **settings: Any) -> Any:
    (folder / "population_net.py").write_text(NET)
    (folder / "toy.py").write_text("def train(config): ...\n")
    (folder / "sweep.yaml").write_text(yaml.safe_dump({**DIGITS, **settings}))
    return load_sweep(folder / "sweep.yaml")


def own(**parameters: Any) -> dict[str, Any]:
    trainer = {"function": "toy:train"}
    return {"trainer": trainer, "metric": {"name": "s", "goal": "maximize"}, "parameters": parameters}


def test_by_default_all_searched_numbers_are_mutated_that_a_checkpoint_does_not_fix(tmp_path: Path) -> None:
    assert load(tmp_path).early_stopping.mutate == ("learning_rate", "weight_decay")
    stopping = {"scheduler": "pbt", "mutate": ["weight_decay"]}
    assert load(tmp_path, early_stopping=stopping).early_stopping.mutate == ("weight_decay",)


def test_of_ones_own_function_all_that_varies_is_mutated(tmp_path: Path) -> None:
    parameters = {"a": {"min": 0.0, "max": 1.0}, "kind": ["x", "y"], "seed": {"min": 0, "max": 9}, "same": 3}
    assert load(tmp_path, **own(**parameters)).early_stopping.mutate == ("a", "kind", "seed")
    assert load(tmp_path, early_stopping="pb2", **own(**parameters)).early_stopping.mutate == ("a", "seed")


def test_parameters_that_come_and_go_are_left_alone(tmp_path: Path) -> None:
    parameters = {
        "a": {"min": 0.0, "max": 1.0},
        "kind": ["x", "y"],
        "b": {"min": 0.0, "max": 1.0, "when": {"kind": "x"}},
    }
    assert load(tmp_path, **own(**parameters)).early_stopping.mutate == ("a",)


def test_a_written_sweep_reads_back_as_the_same(tmp_path: Path) -> None:
    config = load(tmp_path, early_stopping={"scheduler": "pbt", "perturbation_factors": [2, 0.5]})
    again = load(tmp_path, **config.to_mapping())
    assert again.early_stopping == config.early_stopping


@pytest.mark.parametrize(
    ("settings", "key", "message"),
    [
        ({"early_stopping": {"scheduler": "pbt", "mutate": ["learning_rat"]}}, "mutate", "did you mean learning_rate?"),
        ({"early_stopping": {"scheduler": "pbt", "mutate": ["batch_size"]}}, "mutate", "place in the data"),
        ({"early_stopping": {"scheduler": "pbt", "mutate": ["model_args.hidden"]}}, "mutate", "weights of that shape"),
        ({"early_stopping": {"scheduler": "pbt", "mutate": "learning_rate"}}, "mutate", "expected a list of names"),
        ({"early_stopping": {"scheduler": "pbt", "mutate": []}}, "mutate", "expected a list of names"),
        ({"early_stopping": {"scheduler": "pbt", "mutate": ["weight_decay"] * 2}}, "mutate", "twice"),
        (
            {"early_stopping": {"scheduler": "pb2", "resample_probability": 0.1}},
            "resample_probability",
            "means nothing",
        ),
        ({"early_stopping": {"scheduler": "asha", "mutate": ["weight_decay"]}}, "mutate", "means nothing to asha"),
        ({"early_stopping": {"scheduler": "pbt", "quantile_fraction": 0.6}}, "quantile_fraction", "0 to 0.5"),
        ({"early_stopping": {"scheduler": "pbt", "resample_probability": -1}}, "resample_probability", "at least 0"),
        ({"early_stopping": {"scheduler": "pbt", "perturbation_factors": [0]}}, "perturbation_factors", "above 0"),
        ({"early_stopping": {"scheduler": "pbt", "perturbation_factors": 2}}, "perturbation_factors", "above 0"),
        ({"early_stopping": {"scheduler": "pbt", "perturbation_interval": 0}}, "perturbation_interval", "at least 1"),
        ({"trials": None, "budget": {"hours": 1}}, "trials", "needs a population"),
        ({"trials": 1}, "trials", "needs a population"),
        ({"parameters": {"batch_size": [16, 32]}}, "scheduler", "can change none of the parameters"),
        (
            {
                "early_stopping": {"scheduler": "pb2", "mutate": ["learning_rate"]},
                "parameters": {"learning_rate": [0.1, 0.2]},
            },
            "mutate",
            "a range with two ends",
        ),
    ],
)
def test_one_line_says_what_cannot_be(tmp_path: Path, settings: dict[str, Any], key: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        load(tmp_path, **settings)
    text = str(caught.value)
    assert "\n" not in text
    assert "sweep.yaml" in text
    assert key in text
    assert message in text


def test_every_setting_of_the_trainer_is_either_mutable_or_says_why_not() -> None:
    from sweeps.config.mutable import _FIXED, MUTABLE

    told = {*MUTABLE, *_FIXED}
    assert told <= set(TrainConfig.model_fields)
    assert set(TrainConfig.model_fields) - told == {"task", "metric", "goal", "report_every"}  # never searched with it
