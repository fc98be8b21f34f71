"""A worker whose process cannot be trusted any more is replaced, and the trial after it is clean."""

from __future__ import annotations

import pytest

from tests.end_to_end.harness import check_invariants, events, write_sweep

pytestmark = [pytest.mark.ray, pytest.mark.slow]

POISON = """
import time
import sweeps

# Whatever a trial leaves in its process: the next trial of that process would find it here.
POISONED = []

def train(config):
    if POISONED:
        raise RuntimeError("this process was poisoned by an earlier trial")
    sweeps.report({"score": config["x"]})
    if config["x"] == 2:
        POISONED.append(True)
        poison()
    sweeps.report({"score": config["x"]})

def poison():
    # As torch words it, deep inside of somebody's own handling of errors.
    try:
        raise RuntimeError("CUDA error: device-side assert triggered\\nCompile with `TORCH_USE_CUDA_DSA` to enable")
    except RuntimeError as error:
        raise ValueError("the batch could not be trained") from error

def stuck(config):
    try:
        sweeps.report({"score": config["x"]})
        sweeps.report({"score": config["x"]})
    except BaseException:
        while True:
            time.sleep(1)
"""


def sweep_of_one_slot(folder, function: str, **settings):
    (folder / "poison.py").write_text(POISON)
    grid = {"method": "grid", "parameters": {"x": {"values": [1, 2, 3, 4]}}, "trials": 4}
    resources = {"cpus_per_trial": 1, "max_parallel": 1}
    return write_sweep(folder, function=function, resources=resources, **{**grid, **settings})


def test_process_is_replaced_after_a_device_side_assert_and_the_next_trial_is_clean(tmp_path, drive):
    driver = drive("run", str(sweep_of_one_slot(tmp_path, "poison:train")))
    assert driver.wait() == 0, driver.output
    folder = tmp_path / "runs" / "toy"
    check_invariants(folder, trials=4, reports=2)
    values = {event["trial"]: event["params"]["x"] for event in events(folder, "trial")}
    ends = {values[event["trial"]]: event["state"] for event in events(folder, "state")}
    assert ends == {1: "finished", 2: "failed", 3: "finished", 4: "finished"}
    processes = pids(folder)
    assert processes[1] == processes[2] != processes[3] == processes[4]


def test_process_is_replaced_after_a_function_that_ignores_its_stop(tmp_path, drive):
    stopping = {"scheduler": "asha", "mode": "stopping", "reduction_factor": 2}
    values = {"x": {"values": [3, 2, 4]}}  # the second is stopped at its first report
    sweep = sweep_of_one_slot(tmp_path, "poison:stuck", early_stopping=stopping, parameters=values, trials=3)
    driver = drive("run", str(sweep))
    assert driver.wait() == 0, driver.output
    folder = tmp_path / "runs" / "toy"
    check_invariants(folder, trials=3, reports=2)
    ends = {event["trial"]: event["state"] for event in events(folder, "state")}
    assert list(ends.values()) == ["finished", "stopped", "finished"]
    processes = pids(folder)
    assert processes[3] == processes[2] != processes[4]


def pids(folder) -> dict[int, int]:
    """The process that trained each value of x."""
    values = {event["trial"]: event["params"]["x"] for event in events(folder, "trial")}
    return {values[event["trial"]]: event["pid"] for event in events(folder, "report")}
