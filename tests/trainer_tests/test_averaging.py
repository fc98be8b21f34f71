"""`ema`: what is evaluated, saved, resumed and exported is the average; what is trained on is not."""

import itertools
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from tests.trainer_tests.test_resume import COURSE, facts, weights
from tests.trainer_tests.toy import ToyTask, blobs, settings
from trainer.averaging import Average
from trainer.checkpoint import load_weights
from trainer.evaluation import evaluate
from trainer.loop import train
from trainer.precision import Compute


def run(folder: Path | None, **changes: Any) -> Any:
    task, resume = changes.pop("task", None) or ToyTask(), changes.pop("resume", False)
    config = settings(**{**COURSE, "ema": 0.9, **changes})
    return train(config, prepared=blobs(), task=task, folder=folder, resume=resume, device="cpu")


def test_the_average_is_the_recursion_written_out() -> None:
    model = nn.Linear(1, 1, bias=False)
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    with torch.no_grad():
        model.weight.fill_(2.0)
    average = Average(model, optimizer, 0.5)
    expected = 2.0
    for step, value in enumerate((4.0, -1.0, 8.0, 3.0), start=1):
        with torch.no_grad():
            model.weight.fill_(value)
        average.update(step)
        decay = min(0.5, (1 + step) / (10 + step))
        expected = decay * expected + (1 - decay) * value
    assert model.weight.item() == 3.0
    with average.in_place():
        assert model.weight.item() == pytest.approx(expected)
    assert model.weight.item() == 3.0


def test_running_statistics_are_averaged_and_what_is_frozen_stays() -> None:
    model = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    model[0].requires_grad_(False)
    average = Average(model, torch.optim.SGD(model[1].parameters(), lr=1.0), 0.5)
    for step in range(1, 40):
        model(torch.randn(8, 2) + 100)
        average.update(step)
    live = model[1].running_mean.clone()
    frozen = model[0].weight
    with average.in_place():
        assert not torch.equal(model[1].running_mean, live)
        torch.testing.assert_close(model[1].running_mean, live, rtol=0.2, atol=1.0)
        assert model[0].weight is frozen


def test_a_run_trains_alike_and_is_judged_by_the_average(tmp_path: Path) -> None:
    plain, averaged = list(run(tmp_path / "plain", ema=None)), list(run(tmp_path / "ema"))
    assert [r.metrics["train_loss"] for r in averaged] == [r.metrics["train_loss"] for r in plain]
    assert [r.metrics["loss"] for r in averaged] != [r.metrics["loss"] for r in plain]
    last = tmp_path / "ema" / "checkpoints" / "r0007"
    trained = load_file(tmp_path / "plain" / "checkpoints" / "r0007" / "model.safetensors")
    assert load_file(last / "trained.safetensors").keys() == trained.keys()
    assert all(torch.equal(tensor, trained[name]) for name, tensor in load_file(last / "trained.safetensors").items())
    assert not (tmp_path / "plain" / "checkpoints" / "r0007" / "trained.safetensors").exists()


def test_what_is_exported_scores_what_was_reported(tmp_path: Path) -> None:
    report = list(run(tmp_path))[-1]
    config, task, prepared = settings(**COURSE), ToyTask(), blobs()
    load_weights(report.checkpoint, model := task.build_model(config, prepared))
    compute = Compute.choose("fp32", "cpu")
    split = prepared.splits["validation"]
    found = evaluate(model, task=task, split=split, config=config, prepared=prepared, compute=compute)
    assert {name: report.metrics[name] for name in found.metrics} == found.metrics


@pytest.mark.parametrize("cut", [1, 4])
def test_a_resumed_run_equals_an_uninterrupted_one(tmp_path: Path, cut: int) -> None:
    whole = list(run(tmp_path / "whole"))
    first = list(itertools.islice(run(tmp_path / "cut"), cut))
    assert facts(first + list(run(tmp_path / "cut", resume=True))) == facts(whole)
    for name in ("model", "trained"):
        files = [tmp_path / part / "checkpoints" / "r0007" / f"{name}.safetensors" for part in ("whole", "cut")]
        assert files[0].read_bytes() == files[1].read_bytes()
    assert weights(tmp_path / "cut" / "checkpoints" / "r0007") == weights(tmp_path / "whole" / "checkpoints" / "r0007")


def test_an_average_can_be_dropped_and_taken_up_on_the_way(tmp_path: Path) -> None:
    plain = list(run(tmp_path / "plain", ema=None))
    list(itertools.islice(run(tmp_path / "dropped"), 3))
    dropped = list(run(tmp_path / "dropped", ema=None, resume=True))
    assert [r.metrics["loss"] for r in dropped] == [r.metrics["loss"] for r in plain[3:]]
    list(itertools.islice(run(tmp_path / "taken", ema=None), 3))
    taken = list(run(tmp_path / "taken", resume=True))
    assert [r.metrics["train_loss"] for r in taken] == [r.metrics["train_loss"] for r in plain[3:]]
    assert taken[0].metrics["loss"] != plain[3].metrics["loss"]


def test_an_infinite_constant_stays_what_it_is() -> None:
    """Its mean with itself is not a number."""
    model = nn.Linear(1, 1)
    model.register_buffer("edges", torch.tensor([-torch.inf, 0.5, torch.inf]))
    average = Average(model, torch.optim.SGD(model.parameters(), lr=1.0), 0.5)
    average.update(1)
    with average.in_place():
        assert model.edges.tolist() == [-torch.inf, 0.5, torch.inf]
