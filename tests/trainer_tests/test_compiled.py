"""`compile`: the same training to rounding, and warm for the next trial of the process."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from tests.trainer_tests.toy import ToyTask, blobs, settings
from trainer.loop import train

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def losses(**more: Any) -> list[float]:
    reports = train(settings(**more), prepared=blobs(), task=ToyTask(), folder=None, device="cpu")
    return [report.metrics["loss"] for report in reports]


def graphs() -> int:
    return int(torch._dynamo.utils.counters["stats"]["unique_graphs"])  # the only place that counts


def test_it_trains_alike_and_stays_warm_for_trials_of_equal_shape() -> None:
    torch._dynamo.reset()
    torch._dynamo.utils.counters.clear()
    eager = losses(dropout=0.0)  # compiled code draws other numbers for it
    assert graphs() == 0
    assert losses(dropout=0.0, compile=True) == pytest.approx(eager, rel=1e-3)
    made = graphs()
    assert made > 0
    other = losses(dropout=0.0, compile=True, learning_rate=0.02, seed=5, batch_size=12)
    assert graphs() == made
    assert other != pytest.approx(eager, rel=1e-3)
