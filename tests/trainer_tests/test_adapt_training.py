"""Training with adapters or frozen parts: what changes, what a checkpoint holds, and exact resume."""

from __future__ import annotations

import itertools
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.trainer_tests.adapt_kit import Runs, facts
from tests.trainer_tests.conftest import build_encoder
from trainer.adapt.freezing import Unfreezing
from trainer.errors import ConfigError, ResumeError
from trainer.manifest import write_manifest
from trainer.optim.build import build_optimizer

WAYS: dict[str, dict[str, Any]] = {
    "lora": {"peft": "lora", "lora_rank": 2, "lora_dropout": 0.2},
    "dora": {"peft": "dora", "lora_rank": 2, "lora_targets": "all-linear"},
    "head": {"freeze": "backbone"},
    "layers": {"freeze": 2},
    "thawing": {"freeze": "backbone", "unfreeze_every": 0.6},
}


@pytest.fixture(scope="module")
def deep(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_encoder(tmp_path_factory.mktemp("deep"), layers=3)


@pytest.fixture
def runs(deep: Path, tmp_path: Path) -> Runs:
    return Runs(deep, tmp_path)


def saved(checkpoint: Path | None) -> dict[str, torch.Tensor]:
    assert checkpoint is not None
    return load_file(checkpoint / "model.safetensors")


@pytest.mark.parametrize("way", WAYS)
def test_resumed_run_equals_uninterrupted_run(runs: Runs, way: str) -> None:
    whole = list(runs.train("whole", **WAYS[way]))
    assert len(whole) == 5
    assert len({r.metrics["loss"] for r in whole}) == 5
    for cut in (1, 3):
        first = list(itertools.islice(runs.train(str(cut), **WAYS[way]), cut))
        torch.manual_seed(99)
        second = list(runs.train(str(cut), resume=True, **WAYS[way]))
        assert facts(first + second) == facts(whole)
        ends = [runs.folder / name / "checkpoints" / "r0005" / "model.safetensors" for name in ("whole", str(cut))]
        assert ends[0].read_bytes() == ends[1].read_bytes()


@pytest.mark.parametrize("way", ["lora", "dora", "head", "layers"])
def test_a_checkpoint_holds_what_trains_and_nothing_else(runs: Runs, way: str) -> None:
    report = next(runs.train("run", **WAYS[way]))
    adapted = runs.adapted(**WAYS[way])
    trained = {name for name, p in adapted.model.named_parameters() if p.requires_grad}
    kept = saved(report.checkpoint)
    assert set(kept) == trained
    assert sum(tensor.numel() for tensor in kept.values()) == adapted.trainable < adapted.total / 2
    optimizer = build_optimizer(adapted.model, runs.config(**WAYS[way]))
    assert sum(p.numel() for group in optimizer.param_groups for p in group["params"]) == adapted.trainable


def test_full_fine_tuning_stays_as_it_is(runs: Runs) -> None:
    adapted = runs.adapted()
    assert adapted.frozen is None
    assert adapted.trainable == adapted.total
    assert set(saved(next(runs.train("run")).checkpoint)) == set(adapted.model.state_dict())


def test_over_other_frozen_weights_nothing_is_resumed(runs: Runs, tmp_path: Path) -> None:
    report = next(runs.train("run", **WAYS["lora"]))
    other = tmp_path / "other"
    shutil.copytree(runs.model, other)
    weights = load_file(other / "model.safetensors")
    weights["embeddings.word_embeddings.weight"][0, 0] += 1
    save_file(weights, other / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ResumeError, match="trained over other frozen weights"):
        next(runs.train("again", resume=report.checkpoint or False, model=str(other), **WAYS["lora"]))


@pytest.mark.parametrize("now", [{}, {"freeze": "backbone"}, {**WAYS["lora"], "lora_rank": 4}])
def test_adapters_are_not_resumed_as_anything_else(runs: Runs, now: dict[str, Any]) -> None:
    report = next(runs.train("run", **WAYS["lora"]))
    with pytest.raises(ResumeError, match="does not fit"):
        next(runs.train("again", resume=report.checkpoint or False, **now))


def test_a_weight_that_is_missing_or_of_another_type_is_refused(runs: Runs) -> None:
    report = next(runs.train("run", **WAYS["lora"]))
    assert report.checkpoint is not None
    whole = saved(report.checkpoint)
    adapted = runs.adapted(**WAYS["lora"])
    assert adapted.frozen is not None
    name = next(iter(whole))
    for damaged in ({k: v for k, v in whole.items() if k != name}, {**whole, name: whole[name].double()}):
        meta = {"frozen": adapted.frozen.origin.digest}
        save_file(damaged, report.checkpoint / "model.safetensors", metadata=meta)
        write_manifest(report.checkpoint, {"number": 1, "step": 2})
        with pytest.raises(ResumeError, match=name):
            next(runs.train("run", resume=report.checkpoint, **WAYS["lora"]))


def test_parts_thaw_from_the_top_down_and_stay_as_they_were_till_then(runs: Runs) -> None:
    # 4 updates an epoch, so that parts thaw after updates 4, 8, 12 and 16.
    course = {"freeze": "backbone", "unfreeze_every": 1.0, "epochs": 5, "report_every": 1.0}
    before = {name: tensor.clone() for name, tensor in runs.adapted(**course).model.state_dict().items()}
    parts = {
        "classifier": 1,
        "bert.pooler": 2,
        "bert.encoder.layer.2": 2,
        "bert.encoder.layer.1": 3,
        "bert.encoder.layer.0": 4,
        "bert.embeddings": 5,
    }
    for report in runs.train("run", **course, schedule="constant"):
        now = saved(report.checkpoint)
        # Weight decay would show too: the frozen are untouched, bit for bit.
        changed = {part for part in parts if any(not torch.equal(now[n], before[n]) for n in now if n.startswith(part))}
        assert changed == {part for part, number in parts.items() if number <= report.number}


def test_layers_above_a_number_train_from_the_beginning(runs: Runs) -> None:
    before = {name: tensor.clone() for name, tensor in runs.adapted(freeze=1).model.state_dict().items()}
    now = saved(list(runs.train("run", freeze=1, unfreeze_every=1.0, epochs=1))[-1].checkpoint)
    same = {name for name in now if torch.equal(now[name], before[name])}
    assert same
    assert {".".join(name.split(".")[:4]) for name in same if "layer" in name and "embeddings" not in name} == {
        "bert.encoder.layer.0"
    }
    assert all(name.startswith(("bert.embeddings", "bert.encoder.layer.0")) for name in same)


def test_points_are_rounded_each_by_itself() -> None:
    groups = [(torch.nn.Parameter(torch.zeros(1)),) for _ in range(3)]
    thawing = Unfreezing(groups, 1.5)  # so at 2, 3 and 4 updates
    seen = []
    for step in range(6):
        thawing.at(step)
        seen.append([group[0].requires_grad for group in groups])
    assert [sum(one) for one in seen] == [0, 0, 1, 2, 3, 3]
    assert seen[2] == [True, False, False]


def test_nothing_leaks_into_the_next_trial_of_a_process(runs: Runs) -> None:
    first = facts(list(runs.train("first", epochs=1)))
    for way, settings in WAYS.items():
        list(runs.train(way, epochs=1, **settings))
    assert facts(list(runs.train("second", epochs=1))) == first
    assert all(p.requires_grad for p in runs.adapted().model.parameters())


def test_the_seed_alone_decides_the_adapters(runs: Runs) -> None:
    one, same, other = (runs.adapted(seed=seed, **WAYS["lora"]).model.state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(one[name], same[name]) for name in one)
    assert not all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"lora_rank": 4}, r"lora_rank: 4 means nothing without an adapter \(set peft to lora or dora"),
        ({"lora_targets": ["query"]}, "lora_targets: .* means nothing without"),
        ({"lora_alpha": 4}, "lora_alpha: 4.0 means nothing without"),
        ({"quantize": "4bit"}, "quantize: '4bit' means nothing without an adapter"),
        ({"peft": "lora", "freeze": 2}, r"freeze: 2 means nothing with peft: lora \(adapters freeze the whole model\)"),
        ({"unfreeze_every": 1}, r"unfreeze_every: 1 means nothing: nothing is frozen \(set freeze"),
        ({"freeze": "heads"}, "freeze: expected none, backbone, embeddings or a number of layers, got 'heads'"),
        ({"freeze": -1}, "freeze: expected none"),
        ({"freeze": True}, "freeze: expected none"),
        ({"freeze": 2.5}, "freeze: expected none"),
        ({"peft": "loar"}, r"peft: expected one of none, lora, dora, got 'loar' \(did you mean lora\?"),
        ({"peft": "lora", "lora_rank": 0}, "lora_rank: .*greater than or equal to 1"),
    ],
)
def test_what_means_nothing_is_refused(runs: Runs, settings: dict[str, Any], expected: str) -> None:
    with pytest.raises(ConfigError, match=expected):
        runs.config(**settings)


@pytest.mark.parametrize("settings", [{"peft": "lora"}, {"freeze": 1}, {"peft": "lora", "quantize": "4bit"}])
def test_a_module_of_ones_own_is_not_adapted(runs: Runs, settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="needs a Hugging Face model, net:mlp builds one of your own"):
        runs.config(**settings, task="classification", model="net:mlp")
