"""bf16 and fp16 train as fp32 does: the losses of 20 updates from the same weights on the same rows.

The bounds are multiples of a format's unit roundoff u (2^-8 and 2^-11), times the first loss: matrix products take
inputs rounded by u and add up in fp32, and weights and optimizer stay in fp32, so that errors neither pile up over
the updates nor add up over a sum: they average out. Seen on CPUs was a twentieth of u in both; allowed are two u
for bf16 and four for fp16, so 0.8 and 0.2 per cent. A wrong cast or a scale that is not taken back moves the losses
by far more. An update that fp16's loss scale skips leaves the curve behind by one update: that is allowed for.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import torch

from scripts.gpu.outcome import Outcome
from scripts.gpu.problems import Rows, Sequences, rows, sequences
from scripts.gpu.training import losses, run
from trainer.report import Report

STEPS = 20
BOUNDS = {"bf16": 2 * 2**-8, "fp16": 4 * 2**-11}


def check(device: torch.device) -> Iterator[Outcome]:
    size = 32
    count = STEPS * size * 8 // 7 + size
    for problem, prepared in ((Rows(), rows(count)), (Sequences(), sequences(count))):
        exact = losses(run(problem, prepared, device, batch_size=size)[:STEPS])
        for precision in ("bf16", "fp16"):
            name = f"{problem.name} in {precision} as in fp32"
            if precision == "fp16" and device.type == "cpu":
                yield Outcome(name, None, "fp16 needs a GPU")
                continue
            reports = run(problem, prepared, device, batch_size=size, precision=precision)[:STEPS]
            yield compare(name, exact, losses(reports), BOUNDS[precision], skipped=_skipped(reports))


def compare(name: str, exact: list[float], other: list[float], bound: float, *, skipped: int = 0) -> Outcome:
    """Both are losses by update; ``bound`` is a share of the first."""
    worst = max(abs(a - b) for a, b in zip(exact, other, strict=True)) / exact[0]
    bound += skipped * max(abs(a - b) for a, b in itertools.pairwise(exact)) / exact[0]
    learns = min(exact[-3:]) < 0.9 * exact[0]  # or there would be little to disagree about
    detail = f"losses of {len(exact)} updates within {worst:.3%} of the first (bound {bound:.2%})"
    curve = f"{exact[0]:.4f} to {exact[-1]:.4f} and {other[0]:.4f} to {other[-1]:.4f}"
    more = f", {skipped} skipped by the loss scale" if skipped else ""
    return Outcome(name, worst <= bound and learns and len(exact) == STEPS, f"{detail}; {curve}{more}")


def _skipped(reports: list[Report]) -> int:
    return sum("grad_norm" not in report.metrics for report in reports)
