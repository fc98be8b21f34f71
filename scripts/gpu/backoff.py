"""A batch that does not fit goes through in smaller parts: the same updates, the same losses, whatever fits.

On a GPU the error is a real one: this process is allowed less memory than the whole batch takes, and more than an
eighth of it. On a CPU the problem raises it itself.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from scripts.gpu.outcome import Outcome
from scripts.gpu.problems import Rows, rows
from scripts.gpu.training import collect, losses, run
from trainer.manifest import latest_valid
from trainer.progress import Progress

UPDATES = 6
# The parts are added up in another order than a whole batch is: a few roundings of fp32 (2^-24) a row, and six
# updates on top. The same parts give the same sums, so against those the bound is tighter.
SAME, WHOLE = 1e-5, 1e-3


class Limited(Rows):
    """Fails above so many rows, as a device without memory for them does."""

    at_most: int | None = None

    def loss(self, model, batch, *, label_smoothing=0.0):
        if self.at_most is not None and len(batch["labels"]) > self.at_most:
            raise torch.OutOfMemoryError("CUDA out of memory (simulated)")
        return super().loss(model, batch, label_smoothing=label_smoothing)


def check(device: torch.device) -> Iterator[Outcome]:
    on_gpu = device.type == "cuda"
    batch, width = (8192, 2048) if on_gpu else (256, 32)
    problem, prepared = Limited(), rows(UPDATES * batch * 8 // 7 + batch)

    def trial(**changes) -> tuple[list[float], int, int]:
        with tempfile.TemporaryDirectory(prefix="gpu-check-") as folder:
            sizes = {"batch_size": batch, "eval_batch_size": batch // 16, "model_args": {"width": width}}
            reports = run(problem, prepared, device, folder=Path(folder), **{**sizes, **changes})
            newest, _ = latest_valid(Path(folder) / "checkpoints")
            return losses(reports), reports[-1].step, Progress.read(newest).micro_batch_size

    whole, steps, _ = trial()
    problem.at_most = None if on_gpu else batch // 3
    with _limited(device, trial, part=batch // 8) as allowed:
        found, found_steps, size = trial()
    problem.at_most = None
    small, _, _ = trial(micro_batch_size=size)
    apart = [max(abs(a - b) for a, b in zip(found, other, strict=True)) / whole[0] for other in (small, whole)]
    passed = size < batch and found_steps == steps and apart[0] <= SAME and apart[1] <= WHOLE
    yield Outcome(
        "back-off on out-of-memory",
        passed,
        f"{allowed}: batch of {batch} in parts of {size}, {found_steps} updates as without; losses within "
        f"{apart[0]:.1e} of explicit parts (bound {SAME:g}) and {apart[1]:.1e} of the whole batch (bound {WHOLE:g})",
    )


@contextmanager
def _limited(device: torch.device, trial: Callable[..., object], *, part: int) -> Iterator[str]:
    if device.type == "cpu":
        yield "simulated"
        return
    most, least = _peak(device, trial), _peak(device, trial, micro_batch_size=part)
    allowed = (most + least) // 2
    collect(device)
    torch.cuda.set_per_process_memory_fraction(allowed / torch.cuda.get_device_properties(device).total_memory, device)
    try:
        sizes = [f"{size / 2**20:.0f} MiB" for size in (allowed, most, least)]
        yield "allowed {}, where the whole batch takes {} and an eighth {}".format(*sizes)
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0, device)


def _peak(device: torch.device, trial: Callable[..., object], **changes) -> int:
    collect(device)
    torch.cuda.reset_peak_memory_stats(device)
    trial(**changes)
    return torch.cuda.max_memory_reserved(device)
