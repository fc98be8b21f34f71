"""A process that serves one trial after another has its GPU memory back after each: finished, stopped and failed ones.

The first trial is not counted: libraries take workspaces then that they keep for good.
"""

from __future__ import annotations

import gc
import logging
import tempfile
from collections.abc import Iterator
from pathlib import Path

import torch

from scripts.gpu.outcome import Outcome
from scripts.gpu.problems import Sequences, sequences
from scripts.gpu.training import collect, run

OWN = """
import torch, sweeps

def train(config):
    model = torch.nn.Sequential(*[torch.nn.Linear(512, 512) for _ in range(4)]).to(config["device"])
    optimizer = torch.optim.AdamW(model.parameters())
    model.cycle = [model, optimizer]
    for step in range(4):
        loss = model(torch.randn(256, 512, device=config["device"])).square().mean()
        loss.backward()
        optimizer.step()
        sweeps.report({"loss": loss})
        if config["fail"]:
            raise RuntimeError("as planned")
"""


def check(device: torch.device) -> Iterator[Outcome]:
    problem, prepared = Sequences(), sequences(400)
    with tempfile.TemporaryDirectory(prefix="gpu-check-") as scratch:
        folder = Path(scratch)

        def loop_trial(name: str, **changes) -> None:
            run(problem, prepared, device, folder=folder / name, report_every={"steps": 2}, **changes)

        loop_trial("first")
        own_trial(folder, device)
        collect(device)
        start = in_use(device)
        for name, trial in (
            ("a finished trial", lambda: loop_trial("finished", batch_size=64)),
            ("a stopped trial", lambda: loop_trial("stopped", batch_size=16, stop_after=2)),
            ("a function that was stopped", lambda: own_trial(folder, device)),
            ("a function that failed", lambda: own_trial(folder, device, fail=True)),
        ):
            trial()
            collect(device)
            left = in_use(device) - start
            yield Outcome(f"memory after {name}", left <= 0, f"{left} bytes more than before it{_reserved(device)}")


def own_trial(folder: Path, device: torch.device, *, fail: bool = False) -> None:
    from sweeps.engine.attempt import attempt

    (folder / "gpu_check_own.py").write_text(OWN)
    task = {
        "function": "gpu_check_own:train",
        "base": str(folder),
        "folder": str(folder / "own"),
        "settings": {"device": str(device), "fail": fail},
    }
    logger = logging.getLogger("sweeps.engine.attempt")
    logger.disabled = True  # its failure is planned
    messages = attempt(task)
    for _ in range(2):
        next(messages)
    messages.close()
    logger.disabled = False


def in_use(device: torch.device) -> int:
    """Bytes of tensors on the device; on the CPU, where nobody counts them, those that Python can still find."""
    if device.type == "cuda":
        return torch.cuda.memory_allocated(device)
    # isinstance would ask proxies of other libraries for their class.
    return sum(one.nbytes for one in gc.get_objects() if issubclass(type(one), torch.Tensor))


def _reserved(device: torch.device) -> str:
    return f", {torch.cuda.memory_reserved(device) / 2**20:.0f} MiB reserved" if device.type == "cuda" else ""
