"""Samples a second in each number format. Nothing to pass but being finite and above zero."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from scripts.gpu.outcome import Outcome
from scripts.gpu.problems import Sequences, sequences
from scripts.gpu.training import run


def check(device: torch.device) -> Iterator[Outcome]:
    on_gpu = device.type == "cuda"
    batch, length, width, layers = (64, 128, 768, 12) if on_gpu else (8, 16, 32, 1)
    steps = 30 if on_gpu else 4
    prepared = sequences(3 * steps * batch * 8 // 7 + batch, length=length)
    found = []
    for precision in ("fp32", "bf16", "fp16") if on_gpu else ("fp32", "bf16"):
        reports = run(
            Sequences(),
            prepared,
            device,
            batch_size=batch,
            precision=precision,
            report_every={"steps": steps},
            model_args={"width": width, "layers": layers},
        )
        # The first reports have the start-up of kernels in them.
        found.append((precision, max(report.metrics["samples_per_second"] for report in reports[1:])))
    shown = ", ".join(f"{precision} {speed:,.0f}" for precision, speed in found)
    sizes = f"BERT of {layers} layers, width {width}, {length} tokens, batch {batch}"
    yield Outcome("throughput", all(speed > 0 for _, speed in found), f"samples/s {shown} ({sizes})")
