"""What stands on a command line goes over what stands in a sweep file."""

from pathlib import Path

import yaml

from search_spaces import Categorical
from sweeps.config import (
    EarlyStopping,
    Metric,
    load_sweep,
)
from tests.sweeps_tests.sweep_texts import DEMO, written


def test_overrides_replace_what_stood_there(tmp_path: Path) -> None:
    path = written(tmp_path, yaml.safe_dump(DEMO))
    made = load_sweep(
        path,
        ["trials=9", "trainer.epochs=1e0", "parameters.learning_rate.max=0.01", "parameters.model_args.hidden=[8]"],
        name="other",
        seed=5,
    )
    assert (made.name, made.seed, made.trials) == ("other", 5, 9)
    assert made.space["learning_rate"].ends == (0.001, 0.01)
    assert made.space["model_args.hidden"] == Categorical("model_args.hidden", [8])
    whole = load_sweep(path, ["parameters={batch_size: [1, 2]}", "metric.name=loss", "early_stopping=asha"])
    assert whole.space.names == ("batch_size",)
    assert whole.metric == Metric("loss", "minimize")
    assert load_sweep(path, {"trials": 2, "trainer.epochs": 1}).trials == 2


def test_overrides_reach_into_nested_parameters() -> None:
    made = load_sweep("digits", ["parameters.model_args.hidden.max=64", "early_stopping.grace=2"])
    assert made.space["model_args.hidden"].ends == (32, 64)
    assert made.early_stopping.grace == 2


def test_a_bare_name_can_be_completed_by_an_override(tmp_path: Path) -> None:
    path = written(tmp_path, yaml.safe_dump({**DEMO, "early_stopping": "asha"}))
    assert load_sweep(path, ["early_stopping.grace=3"]).early_stopping == EarlyStopping("asha", grace=3)


def test_null_takes_a_searched_parameter_away_so_that_it_can_be_fixed(tmp_path: Path) -> None:
    path = written(tmp_path, yaml.safe_dump(DEMO))
    made = load_sweep(path, ["parameters.learning_rate=null", "trainer.learning_rate=0.01"])
    assert "learning_rate" not in made.space.names
    assert made.trial_settings(made.space.middle())["learning_rate"] == 0.01
