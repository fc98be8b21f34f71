"""A trial that was stopped and resumed goes on as if it had not been, dropout and all.

On a CPU bit for bit. On a GPU kernels may add up in a different order from run to run, so the bound is a few
roundings of fp32, amplified by the updates after the resume; the same run twice, uninterrupted, is shown beside it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import torch

from scripts.gpu.outcome import Outcome
from scripts.gpu.problems import Sequences, sequences
from scripts.gpu.training import run

BOUND = 1e-3
NAMES = ("loss", "train_loss", "accuracy")


def check(device: torch.device) -> Iterator[Outcome]:
    problem, prepared = Sequences(), sequences(600)
    formats = ("fp32",) if device.type == "cpu" else ("fp32", "fp16")
    for precision in formats:
        chosen = {"report_every": {"steps": 4}, "dropout": 0.1, "precision": precision}
        whole, again = (run(problem, prepared, device, **chosen) for _ in range(2))
        with tempfile.TemporaryDirectory(prefix="gpu-check-") as folder:
            parts = run(problem, prepared, device, folder=Path(folder), stop_after=2, **chosen)
            parts += run(problem, prepared, device, folder=Path(folder), resume=True, **chosen)
        apart, noise = _apart(whole, parts), _apart(whole, again)
        bound = 0.0 if device.type == "cpu" else BOUND
        how = "bit for bit" if apart == 0 else f"within {apart:.1e}"
        yield Outcome(
            f"resume in {precision}",
            len(parts) == len(whole) and apart <= bound,
            f"{how} over {len(whole)} reports (bound {bound:g}); the same run twice: {noise:.1e}",
        )


def _apart(one, other) -> float:
    pairs = zip(one, other, strict=True)
    return max(abs(a.metrics[name] - b.metrics[name]) for a, b in pairs for name in NAMES)
