"""The recipes and the starter are files that work."""

from pathlib import Path

import pytest
import torch

from sweeps.config import (
    load_sweep,
    recipes,
    starter,
)
from tests.sweeps_tests.sweep_texts import written
from trainer.config import TrainConfig
from trainer.loop import train
from trainer.tasks import get_task


def test_recipes_describe_themselves_and_load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = {recipe.name: recipe for recipe in recipes()}
    assert set(found) == {"digits", "banking77-minilm", "imdb-bert"}
    for name, recipe in found.items():
        made = load_sweep(name)
        assert made.name == name
        assert made.base == tmp_path
        hub = isinstance(made.trainer, TrainConfig) and made.trainer.data.name is not None
        assert ("needs the network" in recipe.description) == hub


def test_the_digits_recipe_trains_well_at_its_middle(tmp_path: Path) -> None:
    torch.set_num_threads(1)  # as a trial on one CPU has it; more of them only get in each other's way here
    made = load_sweep("digits")
    settings = TrainConfig.build(made.trial_settings(made.space.middle()))
    task = get_task(settings.task)
    prepared = task.prepare(settings, tmp_path)
    reports = list(train(settings, prepared=prepared, task=task, folder=None, device="cpu"))
    assert len(reports) == 8
    assert max(report.metrics["accuracy"] for report in reports) > 0.94


def test_the_starter_runs_as_it_is(tmp_path: Path) -> None:
    path = written(tmp_path, starter())
    assert load_sweep(path).planned == 20
    assert sum(line.lstrip().startswith("#") or " #" in line for line in starter().splitlines()) > 10
