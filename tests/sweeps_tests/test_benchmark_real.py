"""The benchmark of real sweeps: its tables and results so far, and the plain Ray Tune script beside ours."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.benchmarks.real.contenders import CONTENDERS
from scripts.benchmarks.real.problems import digits
from scripts.benchmarks.real.records import Record, Records, version
from scripts.benchmarks.real.scoring import test_metrics as metrics_on_test_rows
from scripts.benchmarks.real.tables import section
from trainer.config import TrainConfig
from trainer.loop import train
from trainer.tasks import get_task


def measured(contender: str, seed: int, validation: float) -> Record:
    key = {"problem": "digits", "version": "v", "contender": contender, "seed": seed}
    costs = {"begun": 20 + seed, "trainings": 6.0, "seconds": 30.4}
    return {**key, **costs, "validation": validation, "test": validation + 0.1, "test_accuracy": 0.95}


def test_a_table_has_the_mean_and_each_seed_in_order() -> None:
    records = [measured("auto", 2, 0.3), measured("auto", 1, 0.1), measured("ray", 1, 0.5)]
    lines = section(digits(), records).splitlines()
    assert "2 seeds; lower is better for log loss." in lines
    ours = next(line for line in lines if CONTENDERS["auto"][0] in line)
    assert "| **0.2000** (0.1000, 0.3000) | **0.3000** (0.2000, 0.4000) | **0.9500** (0.9500, 0.9500) |" in ours
    assert ours.endswith("| **21.5** (21, 22) | **6.00** (6.00, 6.00) | **30** (30, 30) |")
    assert not any(CONTENDERS["foundation"][0] in line for line in lines)  # nothing of what was not run


def test_what_was_run_is_known_until_its_settings_change(tmp_path: Path) -> None:
    path = tmp_path / "bench" / "real.jsonl"
    Records(path).add(measured("auto", 1, 0.1))
    with path.open("a") as file:
        file.write('{"problem": "dig')  # killed here
    records = Records(path)
    records.add(measured("ray", 1, 0.2))
    assert [one["contender"] for one in Records(path).of("digits", "v")] == ["auto", "ray"]
    assert Records(path).of("digits", "w") == []
    assert len({version(digits(), 6), version(digits(), 7), version(digits(epochs=9), 6)}) == 3


def test_trials_never_see_a_file_of_test_rows() -> None:
    problem = digits()
    data = {**problem.trainer["data"], "test": "test.jsonl"}
    blind = type(problem)(**{**problem.__dict__, "trainer": {**problem.trainer, "data": data}}).blind
    assert blind == problem.trainer


def test_plain_ray_tune_stops_when_its_trials_together_have_reported_enough() -> None:
    from scripts.benchmarks.real.plain_ray import BudgetStopper

    stopper = BudgetStopper(5)
    for trial, report in (("a", 1), ("b", 1), ("a", 2), ("a", 2), ("b", 2)):  # one of them twice
        assert not stopper(trial, {"training_iteration": report})
        assert not stopper.stop_all()
    stopper("c", {"training_iteration": 1})
    assert stopper.stop_all()


def test_plain_ray_tune_searches_the_same_space() -> None:
    from ray.tune.search import sample

    from scripts.benchmarks.real.plain_ray import domain
    from search_spaces.loader import load_space

    space = load_space(digits().parameters)
    rate, batch, hidden = (domain(space[name]) for name in ("learning_rate", "batch_size", "model_args.hidden"))
    assert isinstance(rate.get_sampler(), sample.Float._LogUniform)
    assert (rate.lower, rate.upper) == (1e-4, 1.0)
    assert batch.categories == [16, 32, 64, 128]
    assert (hidden.lower, hidden.upper) == (16, 257)  # exclusive there


def test_a_checkpoint_is_scored_on_the_test_rows_as_it_was_on_the_validation_rows(tmp_path: Path) -> None:
    problem = digits(epochs=1)
    params = {"learning_rate": 0.01, "metric": "log_loss"}
    config = TrainConfig.build(problem.blind, params)
    task = get_task(config.task)
    prepared = task.prepare(config, tmp_path / "cache")
    *_, last = train(config, prepared=prepared, task=task, folder=tmp_path)
    tested = metrics_on_test_rows(problem, params, last.checkpoint, tmp_path / "cache")
    assert 0 < tested["log_loss"] < 1
    assert tested["accuracy"] == pytest.approx(last.metrics["accuracy"], abs=0.1)
    assert tested != {name: last.metrics[name] for name in tested}  # of other rows
