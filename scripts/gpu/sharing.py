"""Sweeps on one GPU: two trials at the same time, and a worker that is replaced after its process was poisoned."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import torch

from scripts.gpu.outcome import Outcome

OWN = """
import pathlib, time, torch, sweeps

def together(config):
    meeting = pathlib.Path(config["meeting"])
    weight = torch.randn(512, 512, device=config["device"])
    (meeting / str(config["x"])).touch()
    until = time.monotonic() + 60
    # Each has its part of the GPU, and waits there for the other.
    while (there := len(list(meeting.iterdir()))) < 2 and time.monotonic() < until:
        weight = torch.tanh(weight @ weight)
    sweeps.report({"score": there, "sum": weight.sum()})

def poison(config):
    if config["x"] == 2:
        if config["device"] == "cpu":
            raise RuntimeError("CUDA error: device-side assert triggered (simulated)")
        table = torch.nn.Embedding(4, 4).to("cuda")
        print(table(torch.tensor([4], device="cuda")).sum().item())
    # A poisoned process fails here, whatever it is asked.
    sweeps.report({"score": float(torch.ones(3, device=config["device"]).sum())})
"""


def check(device: torch.device) -> Iterator[Outcome]:
    if importlib.util.find_spec("ray") is None:
        yield Outcome("two trials on one GPU", None, "Ray is not installed")
        yield Outcome("a poisoned worker is replaced", None, "Ray is not installed")
        return
    with tempfile.TemporaryDirectory(prefix="gpu-check-") as scratch:
        folder = Path(scratch)
        (folder / "gpu_check_sweeps.py").write_text(OWN)
        yield _together(folder, device)
        yield _poisoned(folder, device)


def _together(folder: Path, device: torch.device) -> Outcome:
    share = {"gpus_per_trial": 0.5, "cpus_per_trial": 1} if device.type == "cuda" else {"cpus_per_trial": 1}
    (folder / "meeting").mkdir()
    events = _sweep(folder, "together", device, [1, 2], {**share, "max_parallel": 2})
    met = [event["metrics"]["score"] for event in events if event["event"] == "report"]
    pids = {event["pid"] for event in events if event["event"] == "report"}
    passed = met == [2, 2] and len(pids) == 2
    return Outcome("two trials on one GPU", passed, f"{len(met)} trials in {len(pids)} processes, which met: {passed}")


def _poisoned(folder: Path, device: torch.device) -> Outcome:
    share = {"gpus_per_trial": 1} if device.type == "cuda" else {}
    events = _sweep(folder, "poison", device, [1, 2, 3], {**share, "cpus_per_trial": 1, "max_parallel": 1})
    values = {event["trial"]: event["params"]["x"] for event in events if event["event"] == "trial"}
    ends = {values[event["trial"]]: event for event in events if event["event"] == "state"}
    pids = {values[event["trial"]]: event["pid"] for event in events if event["event"] == "report"}
    states = {x: event["state"] for x, event in ends.items()}
    passed = states == {1: "finished", 2: "failed", 3: "finished"} and pids[1] != pids[3]
    reason = ((ends.get(2) or {}).get("reason") or {}).get("text", "nothing")
    return Outcome("a poisoned worker is replaced", passed, f"states {states}, processes {pids}; it said: {reason}")


def _sweep(folder: Path, function: str, device: torch.device, values: list[int], resources: dict) -> list[dict]:
    sweep = {
        "name": function,
        "trainer": {
            "function": f"gpu_check_sweeps:{function}",
            "device": device.type,
            "meeting": str(folder / "meeting"),
        },
        "metric": {"name": "score", "goal": "maximize"},
        "method": "grid",
        "parameters": {"x": {"values": values}},
        "resources": resources,
    }
    file = folder / f"{function}.yaml"
    file.write_text(json.dumps(sweep))  # which is YAML too
    command = [sys.executable, "-m", "sweeps.cli", "run", str(file), "--storage", str(folder / "runs"), "--quiet"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=200)
    if done.returncode not in (0, 3):
        raise RuntimeError(f"sweeps run ended with {done.returncode}: {(done.stdout + done.stderr).strip()[-300:]}")
    lines = (folder / "runs" / function / "records.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]
