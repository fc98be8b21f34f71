"""Models that write texts, adapted: they train, resume exactly, generate, and leave as whole models."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.trainer_tests.language_models import build_decoder, build_encoder_decoder
from trainer import predict
from trainer.adapt.exporting import finish
from trainer.config import TrainConfig
from trainer.errors import ConfigError
from trainer.loop import train
from trainer.tasks import get_task

ROWS = [{"ask": f"{word} {word}", "say": word} for word in ("cat", "dog", "film", "food")]


def config(folder: Path, task: str, **settings: Any) -> TrainConfig:
    file = folder / "rows.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    source = "text" if task == "seq2seq" else "prompt"
    data = {"train": str(file), "validation": str(file), source: "ask", "label": "say"}
    build = build_encoder_decoder if task == "seq2seq" else build_decoder
    course = {"epochs": 4, "report_every": 2, "batch_size": 2, "learning_rate": 0.02}
    if task == "seq2seq":
        course["generation"] = {"always": True, "max_new_tokens": 4}
    return TrainConfig.build({"task": task, "model": str(build(folder / "model")), "data": data, **course, **settings})


@pytest.mark.parametrize("task", ["seq2seq", "causal-lm"])
@pytest.mark.parametrize("way", [{"peft": "lora", "lora_rank": 2}, {"freeze": "embeddings"}])
def test_adapted_training_goes_on_exactly_and_leaves_a_whole_model(
    tmp_path: Path, task: str, way: dict[str, Any]
) -> None:
    kind = get_task(task)
    settings = config(tmp_path, task, **way)
    prepared = kind.prepare(settings, tmp_path / "cache")
    whole = list(train(settings, prepared=prepared, task=kind, folder=tmp_path / "whole", device="cpu"))
    cut = tmp_path / "cut"
    first = list(itertools.islice(train(settings, prepared=prepared, task=kind, folder=cut, device="cpu"), 1))
    rest = list(train(settings, prepared=prepared, task=kind, folder=cut, resume=True, device="cpu"))
    assert [r.metrics["loss"] for r in first + rest] == [r.metrics["loss"] for r in whole]
    checkpoint = next((cut / "checkpoints").glob("r0002"))
    torch.manual_seed(settings.seed)
    out = tmp_path / "out"
    finished = finish(kind.build_model(settings, prepared), settings, checkpoint, out)
    kind.export(finished.model, settings, prepared, out)
    found = predict.evaluate(out, str(tmp_path / "rows.jsonl"))
    assert found == pytest.approx({name: whole[-1].metrics[name] for name in found}, rel=1e-4)
    assert len(predict.load(out, "cpu").predict(["cat", "dog dog"])) == 2


def test_drawn_weights_are_not_to_be_frozen(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"init: what is frozen of random weights would never be trained \(leave out"):
        config(tmp_path, "causal-lm", init="random", peft="lora")
