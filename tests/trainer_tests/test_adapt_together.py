"""Adapters and frozen parts together with averages, layer-wise rates, a head's own rate, other optimizers."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.trainer_tests.adapt_kit import Runs, facts
from tests.trainer_tests.conftest import build_encoder

TOGETHER: dict[str, Any] = {"ema": 0.8, "layer_decay": 0.5, "head_learning_rate": 0.02, "gradient_checkpointing": True}
WAYS: dict[str, dict[str, Any]] = {
    "whole": {},
    "lora": {"peft": "lora", "lora_rank": 2},
    "thawing": {"freeze": "backbone", "unfreeze_every": 0.6},
    "muon": {"optimizer": "muon"},
}


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    return Runs(build_encoder(tmp_path / "model", layers=2), tmp_path)


@pytest.mark.parametrize("way", WAYS)
def test_resumed_run_equals_uninterrupted_run(runs: Runs, way: str) -> None:
    course = {**TOGETHER, **WAYS[way]}
    whole = list(runs.train("whole", **course))
    first = list(itertools.islice(runs.train("cut", **course), 2))
    torch.manual_seed(99)
    assert facts(first + list(runs.train("cut", resume=True, **course))) == facts(whole)
    for name in ("model", "trained"):
        files = [runs.folder / run / "checkpoints" / "r0005" / f"{name}.safetensors" for run in ("whole", "cut")]
        assert files[0].read_bytes() == files[1].read_bytes()
        assert len(files[0].read_bytes()) > 0
