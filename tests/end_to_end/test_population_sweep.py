"""A real population on Ray: what it is worth, and what is left of it after kill -9."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sweeps.records.builder import read_sweep
from sweeps.records.record import State
from tests.end_to_end.harness import Driver, events, gone, wait_for, write_sweep

pytestmark = [pytest.mark.ray, pytest.mark.slow]

REPORTS = 12
# The best learning rate falls from 0.1 to 0.001 while it trains: no fixed one is right for long.
FALLING = """
import math, pathlib, tempfile, time
import sweeps

def train(config):
    start = sweeps.get_checkpoint()
    step, score = map(float, (start / "state.txt").read_text().split()) if start else (0, 0.0)
    while step < config["reports"]:
        target = -1 - 2 * step / config["reports"]
        step, score = step + 1, score + 1 - abs(math.log10(config["lr"]) - target)
        time.sleep(config.get("pause", 0.02))
        folder = pathlib.Path(tempfile.mkdtemp())
        (folder / "state.txt").write_text(f"{step} {score}")
        sweeps.report({"score": score}, checkpoint=folder)
"""
PBT = {
    "scheduler": "pbt",
    "perturbation_interval": 1,
    "quantile_fraction": 0.5,
    "perturbation_factors": [2.0, 0.5],
}


def write(folder: Path, name: str, stopping: Any, **trainer: Any) -> Path:
    path = write_sweep(
        folder,
        name=name,
        function="falling:train",
        trainer={"reports": REPORTS, **trainer},
        parameters={"lr": {"distribution": "log_uniform_values", "min": 1e-4, "max": 1.0}},
        early_stopping=stopping,
        trials=4,
        reports=REPORTS,
        seed=2,
    )
    (folder / "falling.py").write_text(FALLING)
    return path


def sweep(folder: Path, path: Path) -> Any:
    driver = Driver("run", path.name, cwd=folder)
    try:
        assert driver.wait() == 0, driver.output
    finally:
        driver.end()
    return read_sweep(folder / "runs" / path.stem)


def test_a_population_follows_a_learning_rate_that_no_fixed_one_can(tmp_path: Path, drive: Any) -> None:
    alone = sweep(tmp_path, write(tmp_path, "alone", "none"))
    together = sweep(tmp_path, write(tmp_path, "together", PBT))
    best = {record.name: max(t.best("score", "maximize").metrics["score"] for t in record.trials if t.reports)  # type: ignore[union-attr]
            for record in (alone, together)}  # fmt: skip
    assert best["together"] > best["alone"]
    finished = [trial for trial in together.trials if trial.state is State.FINISHED]
    assert len(finished) == 4
    assert all(trial.reached == REPORTS for trial in finished)
    first = {trial.params["lr"] for trial in together.trials if trial.parent is None}
    assert any(trial.params["lr"] not in first for trial in finished)
    driver = drive("list", str(tmp_path / "runs" / "together"), "--json")
    assert driver.wait() == 0
    assert any(row["parent"] for row in json.loads(driver.output))
    driver = drive("export", str(tmp_path / "runs" / "together"), str(tmp_path / "model"))
    assert driver.wait() == 0, driver.output
    assert (tmp_path / "model" / "state.txt").is_file()


def test_a_killed_population_goes_on(tmp_path: Path, drive: Any) -> None:
    folder = tmp_path / "runs" / "killed"
    write(tmp_path, "killed", PBT, pause=0.1)
    driver = drive("run", "killed.yaml")

    def copied() -> bool:
        return any(event.get("parent") for event in events(folder, "trial"))

    wait_for(copied, what="a copy")
    children = driver.kill()
    assert gone(children)
    before = [event for event in events(folder, "trial") if event.get("parent")]
    resumed = drive("resume", str(folder))
    assert resumed.wait() == 0, resumed.output
    after = [event for event in events(folder, "trial") if event.get("parent")]
    assert after[: len(before)] == before
    record = read_sweep(folder)
    assert all(trial.state.final for trial in record.trials)
    assert sum(trial.parent is None for trial in record.trials) == 4
    assert sum(trial.state is State.FINISHED for trial in record.trials) == 4
    for trial in record.trials:
        start = trial.parent.report if trial.parent else 0
        assert [one.number for one in trial.reports] == list(range(start + 1, start + 1 + len(trial.reports)))


def test_pb2_makes_copies_too(tmp_path: Path) -> None:
    stopping = {"scheduler": "pb2", "perturbation_interval": 4, "quantile_fraction": 0.25}
    record = sweep(tmp_path, write(tmp_path, "pb2", stopping))
    assert any(trial.parent for trial in record.trials)
    assert sum(trial.state is State.FINISHED for trial in record.trials) == 4
