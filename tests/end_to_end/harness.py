"""A driver in a process of its own, sweeps of toy functions, and the invariants that must hold afterwards."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import yaml

from sweeps.records.ledger import read_events

TOY = """
import os, pathlib, tempfile, time
import sweeps

def train(config):
    start = sweeps.get_checkpoint()
    step = int((start / "step.txt").read_text()) if start else 0
    while step < config["reports"]:
        step += 1
        time.sleep(config.get("pause", 0.05))
        folder = pathlib.Path(tempfile.mkdtemp())
        (folder / "step.txt").write_text(str(step))
        sweeps.report({"score": config["x"] * step, "pid": os.getpid()}, checkpoint=folder)

def fail(config):
    raise RuntimeError("this function always fails")

def diverge(config):
    sweeps.report({"score": 1.0})
    sweeps.report({"score": float("nan") if config["x"] > 0.5 else 2.0})

def silent(config):
    sweeps.report({"other": 1.0} if config["x"] > 0.5 else {"score": 1.0})
"""


def write_sweep(folder: Path, *, name: str = "toy", function: str = "toy:train", **settings) -> Path:
    (folder / "toy.py").write_text(TOY)
    content = {
        "name": name,
        "trainer": {"function": function, "reports": 4, "pause": 0.05, **settings.pop("trainer", {})},
        "metric": {"name": "score", "goal": "maximize"},
        "method": "random",
        "parameters": {"x": {"min": 0.0, "max": 1.0}},
        "trials": 6,
        "resources": {"cpus_per_trial": 1},
        **settings,
    }
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(content))
    return path


class Driver:
    """A ``sweeps`` command that runs beside the test; what it started is ended with it, by its ids."""

    def __init__(self, *arguments: str, cwd: Path) -> None:
        command = [sys.executable, "-m", "sweeps.cli", *arguments]
        self.process = subprocess.Popen(
            command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
        )
        self.output = ""

    def wait(self, timeout: float = 120) -> int:
        try:
            self.output = self.process.communicate(timeout=timeout)[0]
        except subprocess.TimeoutExpired:
            self.end()
            raise
        return self.process.returncode

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def kill(self) -> list[psutil.Process]:
        """kill -9; returns its descendants, which must end by themselves."""
        children = psutil.Process(self.process.pid).children(recursive=True)
        self.process.send_signal(signal.SIGKILL)
        self.process.communicate()
        return children

    def end(self) -> None:
        if self.process.poll() is None:
            for child in [*psutil.Process(self.process.pid).children(recursive=True), psutil.Process(self.process.pid)]:
                with contextlib.suppress(psutil.NoSuchProcess):
                    child.kill()
            self.process.communicate()


def wait_for(condition, timeout: float = 60, what: str = "the condition"):
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.02)
    raise AssertionError(f"{what} did not come within {timeout} s")


def events(folder: Path, kind: str | None = None) -> list[dict]:
    if not (folder / "records.jsonl").exists():
        return []
    return [event for event in read_events(folder)[0] if kind in {None, event["event"]}]


def gone(processes: list[psutil.Process], within: float = 20) -> bool:
    """Whether all have ended but Ray's two agents, which notice a killed driver only after a minute."""

    def name(process: psutil.Process) -> str:
        with contextlib.suppress(psutil.NoSuchProcess):
            return process.name()
        return ""

    _, alive = psutil.wait_procs([one for one in processes if "Agent" not in name(one)], timeout=within)
    return not [process for process in alive if process.status() != psutil.STATUS_ZOMBIE]


def pid_alive(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def check_invariants(folder: Path, *, trials: int, reports: int | None = None) -> None:
    """I1 to I4 of a sweep that has come to its end, read from the raw ledger."""
    final = {"stopped", "finished", "failed", "diverged"}
    made = events(folder, "trial")
    assert [event["number"] for event in made] == list(range(1, trials + 1))  # I1, I4: each made once
    states = events(folder, "state")
    for event in made:
        ends = [state for state in states if state["trial"] == event["trial"] and state["state"] in final]
        assert len(ends) == 1, (event["trial"], ends)
        numbers: list[int] = []
        for report in (one for one in events(folder, "report") if one["trial"] == event["trial"]):
            assert report["report"] <= len(numbers) + 1, "a gap"  # I2
            assert report["report"] >= len(numbers) - 0, "lost more than one checkpoint interval"  # I3
            numbers = [*numbers[: report["report"] - 1], report["report"]]
        assert numbers == list(range(1, len(numbers) + 1))
        if reports is not None and ends[0]["state"] == "finished":
            assert len(numbers) == reports
