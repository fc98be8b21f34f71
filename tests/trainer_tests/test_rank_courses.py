"""The course of a training does not depend on how many processes share it, nor on whether the model is in parts."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.trainer_tests.conftest import build_encoder
from tests.trainer_tests.language_models import build_decoder
from tests.trainer_tests.rank_kit import MODELS, alone, courses, curve, near, settings
from trainer.checkpoint import load_weights
from trainer.config import TrainConfig
from trainer.errors import ConfigError
from trainer.evaluation import evaluate
from trainer.manifest import verify
from trainer.precision import Compute
from trainer.tasks import get_task

pytestmark = pytest.mark.slow

PARTS = {"sharding": "full"}
SAME: dict[str, dict[str, Any]] = {
    "plain": {},
    "in micro-batches": {"micro_batch_size": 3, "eval_batch_size": 7, "max_grad_norm": 0.5},
    "in parts": {**PARTS, "micro_batch_size": 3, "eval_batch_size": 7, "max_grad_norm": 0.5},
    "adam": {**PARTS, "optimizer": "adam", "weight_decay": 0.1},
    "sgd": {**PARTS, "optimizer": "sgd", "momentum": 0.8, "learning_rate": 0.1},
    "lion": {**PARTS, "optimizer": "lion", "learning_rate": 0.001},
    "ema": {"ema": 0.9},
}
"""Without dropout, and with what differs from run to run."""
NORMED = {"model": "rank_models:normed", "batch_size": 26}  # no share of one row, which has no variance
TEXTS = {
    "task": "text-classification",
    "dropout": 0.0,
    "epochs": 1,
    "report_every": 0.5,
    "batch_size": 4,
    "model_args": {},
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ranks")
    (folder / "rank_models.py").write_text(MODELS)
    words = ["good film", "very bad", "the cat sat", "not good", "a dog ran on", "it is bad food", "good"]
    lines = ["text,label", *(f"{word} {word[: count % 5]},{'ab'[count % 2]}" for count, word in enumerate(words * 3))]
    (folder / "texts.csv").write_text("\n".join(lines) + "\n")
    build_encoder(folder / "encoder", layers=2)
    build_decoder(folder / "decoder")
    return folder


@pytest.fixture(scope="module")
def runs(place: Path) -> dict[str, dict[str, Any]]:
    data = {"train": str(place / "texts.csv"), "validation_fraction": 0.3}
    texts = {**TEXTS, "model": str(place / "encoder"), "data": data}
    written = {"train": str(place / "texts.csv"), "validation_fraction": 0.3, "text": "text"}
    decoder = {**TEXTS, "task": "causal-lm", "model": str(place / "decoder"), "data": written, "metric": "loss"}
    return {
        **SAME,
        "encoder": {**texts, **PARTS, "micro_batch_size": 1},
        "lora": {**texts, **PARTS, "peft": "lora", "freeze": "none"},
        "frozen": {**texts, **PARTS, "freeze": 1, "gradient_checkpointing": True},
        "tied": {**decoder, **PARTS, "packing": False},
    }


@pytest.fixture(scope="module")
def both(place: Path, runs: dict[str, dict[str, Any]]) -> list[dict[str, list[dict[str, Any]]]]:
    more = {
        "squeezed": {"model": "rank_models:squeezed"},
        "normed": NORMED,
        "begun in parts": {**PARTS, "take": 2},
        "begun whole": {"take": 2},
        "gone on in parts": {**PARTS, "resume": "begun whole"},
        "with dropout": {"dropout": 0.3},
        "with dropout again": {"dropout": 0.3},
        "with dropout in parts": {**PARTS, "dropout": 0.3},
        "cut in parts": {**PARTS, "dropout": 0.3, "take": 2},
        "the rest in parts": {**PARTS, "dropout": 0.3, "resume": "cut in parts"},
    }
    return courses(place, {**runs, **more})


@pytest.fixture(autouse=True)
def models(place: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.syspath_prepend(place)
    yield
    sys.modules.pop("rank_models", None)


@pytest.mark.parametrize("name", [*SAME, "encoder", "lora", "frozen", "tied"])
def test_two_processes_give_the_course_of_one(name: str, place: Path, runs: Any, both: Any) -> None:
    lone = list(alone(None, place / "cache", **{**runs[name], "sharding": "none"}))
    assert near(both[0][name], lone)
    assert curve(both[0][name]) == curve(both[1][name])


@pytest.mark.parametrize("name", ["in parts", "lora", "frozen", "tied", "encoder"])
def test_a_checkpoint_of_parts_is_a_whole_one(name: str, place: Path, runs: Any, both: Any) -> None:
    course = {**runs[name], "sharding": "none", "epochs": 3}
    newest = max((place / name / "checkpoints").iterdir())
    verify(newest)
    more = list(alone(place / name, place / "cache", resume=True, **course))
    assert more
    assert more[0].number == both[0][name][-1]["number"] + 1


def test_out_of_memory_in_one_halves_all(place: Path, both: Any) -> None:
    assert near(both[0]["squeezed"], both[0]["plain"])
    for rank in range(2):
        said = (place / f"said{rank}").read_text()
        for tried, fits in ((10, 5), (5, 3)):
            assert f"out of memory with {tried} rows at once: the same update again in micro-batches of {fits}" in said


def test_all_evaluate_with_the_running_statistics_that_are_stored(place: Path, both: Any) -> None:
    config = settings(**NORMED)
    task = get_task(config.task)
    prepared = task.prepare(config, place / "cache")
    model = task.build_model(config, prepared)
    load_weights(place / "normed/checkpoints/r0004", model)
    compute, split = Compute.choose("fp32", "cpu"), prepared.splits["validation"]
    found = evaluate(model, task=task, split=split, config=config, prepared=prepared, compute=compute)
    assert found.metrics["loss"] == pytest.approx(both[0]["normed"][-1]["metrics"]["loss"], rel=1e-5)


def test_dropout_differs_between_shares_and_not_between_runs(place: Path, both: Any) -> None:
    assert curve(both[0]["with dropout"]) == curve(both[0]["with dropout again"])
    lone = curve(list(alone(None, place / "cache", dropout=0.3)))
    assert curve(both[0]["with dropout"])[0]["train_loss"] != pytest.approx(lone[0]["train_loss"], rel=1e-4)


def test_a_resumed_run_in_parts_is_the_same_bit_for_bit(place: Path, both: Any) -> None:
    assert curve(both[0]["cut in parts"] + both[0]["the rest in parts"]) == curve(both[0]["with dropout in parts"])
    cut, whole = (
        place / name / "checkpoints/r0004/model.safetensors" for name in ("cut in parts", "with dropout in parts")
    )
    assert cut.read_bytes() == whole.read_bytes()


def test_what_one_way_began_another_goes_on_with(place: Path, both: Any, caplog: pytest.LogCaptureFixture) -> None:
    assert near(both[0]["begun whole"] + both[0]["gone on in parts"], both[0]["plain"])
    rest = list(alone(place / "begun in parts", place / "cache", resume=True))
    assert near(both[0]["begun in parts"] + rest, both[0]["plain"])
    assert "1 processes go on with what 2 began" in caplog.text


REFUSED = {
    "ema": {"ema": 0.9},
    "unfreeze_every": {"freeze": 1, "unfreeze_every": 1.0, "task": "text-classification", "model": "some"},
    "optimizer": {"optimizer": "muon"},
    "precision": {"precision": "fp16"},
    "compile": {"compile": True},
    "quantize": {"quantize": "4bit", "peft": "lora", "task": "text-classification", "model": "some"},
}


@pytest.mark.parametrize("key", REFUSED)
def test_what_parts_cannot_do_is_refused(key: str, runs: Any) -> None:
    with pytest.raises(ConfigError, match="sharding") as refused:
        TrainConfig.build({**{"model": "a:b", "data": {"sklearn": "digits"}}, **REFUSED[key], **PARTS})
    assert refused.value.key == key


def test_one_process_has_no_parts(place: Path) -> None:
    with pytest.raises(ConfigError, match="means nothing to one process"):
        list(alone(None, place / "cache", **PARTS))
