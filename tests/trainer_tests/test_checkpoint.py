import json
import os
import pickle
import random
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors import safe_open
from torch import nn

from tests.trainer_tests.toy import ToyTask, blobs, settings
from trainer import checkpoint, rng
from trainer.errors import ResumeError
from trainer.manifest import is_complete, verify, write_manifest
from trainer.optim.build import build_optimizer
from trainer.progress import Progress

CPU = torch.device("cpu")


class Tied(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(5, 4)
        self.head = nn.Linear(4, 5, bias=False)
        self.head.weight = self.embedding.weight


def trained(model: nn.Module, name: str = "adamw") -> torch.optim.Optimizer:
    optimizer = build_optimizer(model, settings(optimizer=name))
    for parameter in model.parameters():
        parameter.grad = torch.randn_like(parameter)
    optimizer.step()
    return optimizer


def save(folder: Path, model: nn.Module | None = None, **changes: Any) -> nn.Module:
    model = ToyTask().build_model(settings(), blobs()) if model is None else model
    fields: dict[str, Any] = {
        "optimizer": trained(model),
        "progress": Progress(number=1, step=5, best=0.1 + 0.2, history=({"number": 1},)),
        "random_state": rng.capture(CPU),
    }
    checkpoint.save(folder, model=model, **{**fields, **changes})
    return model


def test_comes_back_bit_for_bit(tmp_path: Path) -> None:
    model = ToyTask().build_model(settings(), blobs())
    optimizer = trained(model)
    progress = Progress(number=3, step=17, best=0.1 + 0.2, best_number=2, history=({"number": 1, "x": 1 / 3},))
    save(tmp_path / "r0003", model, optimizer=optimizer, progress=progress)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["r0003"]
    assert verify(tmp_path / "r0003") == {"number": 3, "step": 17}

    fresh = ToyTask().build_model(settings(), blobs())
    loaded = checkpoint.load(tmp_path / "r0003")
    other = build_optimizer(fresh, settings())
    checkpoint.restore(loaded, model=fresh, optimizer=other)
    assert loaded.progress == progress
    for name, weight in model.state_dict().items():
        assert torch.equal(fresh.state_dict()[name], weight)
    for a, b in zip(model.parameters(), fresh.parameters(), strict=True):
        for key, value in optimizer.state[a].items():
            assert torch.equal(other.state[b][key], value)


def test_random_generators_come_back(tmp_path: Path) -> None:
    rng.seed_everything(5)
    np.random.normal()
    random.gauss(0, 1)
    save(tmp_path / "r0001", random_state=rng.capture(CPU))
    rng.restore(checkpoint.load(tmp_path / "r0001").state["random"], CPU)
    first = [random.gauss(0, 1), random.random(), np.random.normal(), np.random.rand(), torch.rand(2).tolist()]
    rng.restore(checkpoint.load(tmp_path / "r0001").state["random"], CPU)
    second = [random.gauss(0, 1), random.random(), np.random.normal(), np.random.rand(), torch.rand(2).tolist()]
    assert first == second


def test_tied_weights_are_stored_once_and_stay_tied(tmp_path: Path) -> None:
    model = save(tmp_path / "r0001", Tied())
    assert isinstance(model, Tied)
    with safe_open(tmp_path / "r0001" / "model.safetensors", "pt") as file:
        assert len(file.keys()) == 1
    fresh = Tied()
    checkpoint.load_weights(tmp_path / "r0001", fresh)
    assert torch.equal(fresh.head.weight, model.embedding.weight)
    assert fresh.head.weight is fresh.embedding.weight


def test_weights_of_another_architecture_are_refused(tmp_path: Path) -> None:
    save(tmp_path / "r0001")
    with pytest.raises(ResumeError, match=r"model\.safetensors: does not fit the model"):
        checkpoint.load_weights(tmp_path / "r0001", nn.Linear(2, 2))


@pytest.mark.parametrize("name", ["model.safetensors", "state.pt", "progress.json"])
@pytest.mark.parametrize("damage", ["flip", "truncate", "remove"])
def test_damage_is_refused_by_name(tmp_path: Path, name: str, damage: str) -> None:
    save(tmp_path / "r0001")
    path = tmp_path / "r0001" / name
    data = bytearray(path.read_bytes())
    if damage == "flip":
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
    elif damage == "truncate":
        path.write_bytes(data[: len(data) // 2])
    else:
        path.unlink()
    with pytest.raises(ResumeError, match=name):
        checkpoint.load(tmp_path / "r0001")


class Canary:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("how", ["torch", "pickle"])
def test_a_pickled_payload_is_never_executed(tmp_path: Path, how: str) -> None:
    """Sealed anew after the tampering: not the checksum but the loader must refuse it."""
    folder, canary = tmp_path / "r0001", tmp_path / "canary"
    save(folder)
    if how == "torch":
        torch.save({"optimizer": Canary(canary)}, folder / "state.pt")
    else:
        (folder / "state.pt").write_bytes(pickle.dumps(Canary(canary), protocol=2))
    write_manifest(folder, {"number": 1, "step": 5})
    with pytest.raises(ResumeError, match=r"state\.pt: refused"):
        checkpoint.load(folder)
    assert not canary.exists()
    (folder / "model.safetensors").write_bytes(pickle.dumps(Canary(canary)))
    with pytest.raises(ResumeError, match=r"model\.safetensors"):
        checkpoint.load_weights(folder, ToyTask().build_model(settings(), blobs()))
    assert not canary.exists()


@pytest.mark.parametrize("stage", ["weights.save_model", "checkpoint.torch.save", "checkpoint.write_manifest"])
def test_a_full_disk_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stage: str) -> None:
    save(tmp_path / "r0001", progress=Progress(number=1, step=5))
    before = {p.name: p.read_bytes() for p in (tmp_path / "r0001").iterdir()}

    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(f"trainer.{stage}", full)
    for number in (1, 2):
        with pytest.raises(OSError, match="No space left"):
            save(tmp_path / f"r000{number}")
    assert [p.name for p in tmp_path.iterdir()] == ["r0001"]
    assert {p.name: p.read_bytes() for p in (tmp_path / "r0001").iterdir()} == before


def test_what_a_killed_process_left_is_no_checkpoint_and_is_replaced(tmp_path: Path) -> None:
    partial = tmp_path / ".r0001.partial"
    partial.mkdir()
    (partial / "model.safetensors").write_bytes(b"half")
    assert not is_complete(tmp_path / "r0001")
    save(tmp_path / "r0001")
    assert [p.name for p in tmp_path.iterdir()] == ["r0001"]
    assert checkpoint.load(tmp_path / "r0001").progress.number == 1


def test_progress_of_another_version_is_refused(tmp_path: Path) -> None:
    save(tmp_path / "r0001")
    path = tmp_path / "r0001" / "progress.json"
    path.write_text(json.dumps({"number": 1, "history": [], "news": 1}))
    with pytest.raises(ResumeError, match=r"progress\.json: cannot be read"):
        Progress.read(tmp_path / "r0001")


def test_costs_milliseconds(tmp_path: Path) -> None:
    model = ToyTask().build_model(settings(), blobs())
    best = float("inf")
    for number in range(10):
        started = time.perf_counter()
        save(tmp_path / f"r{number:04d}", model)
        best = min(best, time.perf_counter() - started)
    assert best < 0.02
