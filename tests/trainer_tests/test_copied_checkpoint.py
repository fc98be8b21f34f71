"""A run that begins from another run's checkpoint with other settings: what it takes over, and what it does not."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.trainer_tests.test_resume import COURSE
from tests.trainer_tests.toy import ToyTask, blobs, settings
from trainer.checkpoint import load
from trainer.loop import train
from trainer.manifest import COPIED_FROM, MANIFEST, verify, write_manifest

CHANGES: dict[str, Any] = {
    "learning_rate": 0.7,
    "weight_decay": 0.25,
    "label_smoothing": 0.2,
    "dropout": 0.4,
    "max_grad_norm": 0.01,
    "schedule": "constant",
    "warmup": 0.9,
}


def run(folder: Path, **changes: Any) -> Any:
    config = settings(**{**COURSE, **changes})
    return train(config, prepared=blobs(), task=ToyTask(), folder=folder, device="cpu", resume=True)


@pytest.fixture
def begun(tmp_path: Path) -> Path:
    """The folder of a run that has its beginning, report 2 of another run, and nothing else."""
    reports = run(tmp_path / "parent")
    second = [next(reports), next(reports)][-1]
    target = tmp_path / "copy" / "checkpoints" / "r0002"
    shutil.copytree(second.checkpoint, target)
    facts = verify(target)
    (target / MANIFEST).unlink()
    write_manifest(target, {**facts, COPIED_FROM: {"trial": "t0001", "report": 2}})
    return tmp_path / "copy"


def test_its_reports_go_on_and_its_best_is_its_own(begun: Path) -> None:
    assert load(begun / "checkpoints" / "r0002").copied
    first = next(run(begun, learning_rate=1e-9))
    assert first.number == 3
    assert first.is_best
    assert first.metrics[f"best_{settings(**COURSE).metric}"] == first.metrics[settings(**COURSE).metric]
    assert not load(first.checkpoint).copied


@pytest.mark.parametrize("name", CHANGES)
def test_every_setting_that_a_population_may_change_takes_effect(begun: Path, tmp_path: Path, name: str) -> None:
    shutil.copytree(begun, tmp_path / "same")
    same, changed = next(run(tmp_path / "same")), next(run(begun, **{name: CHANGES[name]}))
    assert same.number == changed.number == 3
    files = [report.checkpoint / "model.safetensors" for report in (same, changed)]
    assert files[0].read_bytes() != files[1].read_bytes()


@pytest.mark.parametrize("optimizer", ["adamw", "sgd"])
def test_restored_moments_bring_no_old_setting_back(tmp_path: Path, optimizer: str) -> None:
    old, own = ({"momentum": 0.9}, {"momentum": 0.0}) if optimizer == "sgd" else ({}, {"beta1": 0.5})
    reports = run(tmp_path / "run", optimizer=optimizer, **old)
    checkpoint = next(reports).checkpoint
    reports.close()
    new = {
        "learning_rate": 0.5,
        "weight_decay": 0.2,
        "schedule": "constant",
        "warmup": 0.0,
        **own,
    }
    report = next(run(tmp_path / "run", optimizer=optimizer, **new))
    groups = torch.load(report.checkpoint / "state.pt", weights_only=True)["optimizer"]["param_groups"]
    assert report.checkpoint != checkpoint
    assert report.metrics["learning_rate"] == 0.5
    assert {group["lr"] for group in groups} == {0.5}
    assert {group["weight_decay"] for group in groups} == {0.2, 0.0}
    assert {group.get("momentum", 0.0) for group in groups} == {0.0}
    assert optimizer == "sgd" or {group["betas"][0] for group in groups} == {0.5}
