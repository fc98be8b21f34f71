"""Sweeps that are killed, interrupted, damaged and moved: nothing is lost, and the exit code says what happened."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import time

import psutil
import pytest

from tests.end_to_end.harness import check_invariants, events, gone, pid_alive, wait_for, write_sweep

pytestmark = [pytest.mark.ray, pytest.mark.slow]


def resume(drive, folder) -> None:
    driver = drive("resume", str(folder))
    assert driver.wait() == 0, driver.output


def reports_of(folder, trial: str | None = None) -> list[dict]:
    return [event for event in events(folder, "report") if trial in {None, event["trial"]}]


def test_killed_worker_is_replaced_and_its_trial_goes_on(tmp_path, drive):
    driver = drive("run", str(write_sweep(tmp_path, trials=4, trainer={"reports": 6, "pause": 0.2})))
    folder = tmp_path / "runs" / "toy"
    first = wait_for(lambda: reports_of(folder), what="a report")[0]
    os.kill(int(first["pid"]), signal.SIGKILL)
    assert driver.wait() == 0, driver.output
    check_invariants(folder, trials=4, reports=6)
    lost = [event for event in events(folder, "state") if (event["reason"] or {}).get("code") == "worker-lost"]
    assert [event["trial"] for event in lost] == [first["trial"]]
    again = [report for report in reports_of(folder, first["trial"]) if report["attempt"] == 2]
    assert again[0]["report"] >= 2, "the second attempt began from nothing"


def test_worker_killed_at_every_try_fails_that_trial_alone(tmp_path, drive):
    toy = tmp_path / "doomed.py"
    sweep = write_sweep(tmp_path, function="doomed:train", trials=4, retries=1)
    toy.write_text(
        "import os, sweeps\n"
        "def train(config):\n"
        "    sweeps.report({'score': config['x']})\n"
        "    if 'doom' in os.environ or config['x'] > DOOM: os.kill(os.getpid(), 9)\n".replace(
            "DOOM", str(_second_largest(tmp_path, sweep))
        )
    )
    driver = drive("run", str(sweep))
    assert driver.wait() == 0, driver.output
    folder = tmp_path / "runs" / "toy"
    check_invariants(folder, trials=4)
    ends = {event["trial"]: event["state"] for event in events(folder, "state")}
    assert sorted(ends.values()) == ["failed", "finished", "finished", "finished"]


def _second_largest(tmp_path, sweep) -> float:
    from sweeps.config import load_sweep
    from sweeps.search import make_searcher

    (tmp_path / "doomed.py").write_text("def train(config): ...\n")
    config = load_sweep(sweep)
    searcher = make_searcher("random", config.space, seed=config.seed)
    return sorted(searcher.ask(number)["x"] for number in range(1, 5))[-2]


@pytest.mark.parametrize("moment", [0, 1, 2])
def test_killed_driver_loses_nothing(tmp_path, drive, moment):
    driver = drive("run", str(write_sweep(tmp_path, trials=6, trainer={"reports": 4, "pause": 0.1})))
    folder = tmp_path / "runs" / "toy"
    wait_for(lambda: len(reports_of(folder)) > 7 * moment, what="reports")
    time.sleep(random.Random(moment).uniform(0, 0.3))
    left = driver.kill()
    assert gone(left), "processes of a killed driver live on"
    before = {event["trial"]: event["params"] for event in events(folder, "trial")}
    if moment == 1:
        folder = folder.rename(tmp_path / "elsewhere")
    if moment == 2:
        shutil.rmtree(folder / "ray")
    resume(drive, folder)
    check_invariants(folder, trials=6, reports=4)
    after = {event["trial"]: event["params"] for event in events(folder, "trial")}
    assert before.items() <= after.items()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signal_ends_in_good_order(tmp_path, drive, number, code):
    driver = drive("run", str(write_sweep(tmp_path, trials=4, trainer={"reports": 5, "pause": 0.5})))
    folder = tmp_path / "runs" / "toy"
    wait_for(lambda: reports_of(folder), what="a report")
    children = psutil.Process(driver.process.pid).children(recursive=True)
    driver.signal(number)
    assert driver.wait(timeout=30) == code, driver.output
    assert f"sweeps resume {folder}" in driver.output
    assert gone(children)
    assert events(folder)[-1]["state"] == "interrupted"
    assert {event["state"] for event in events(folder, "state")} >= {"interrupted"}
    resume(drive, folder)
    check_invariants(folder, trials=4, reports=5)


def test_second_interrupt_ends_at_once(tmp_path, drive):
    driver = drive("run", str(write_sweep(tmp_path, trials=4, trainer={"reports": 5, "pause": 0.5})))
    folder = tmp_path / "runs" / "toy"
    wait_for(lambda: reports_of(folder), what="a report")
    driver.signal(signal.SIGINT)
    driver.signal(signal.SIGINT)
    since = time.monotonic()
    assert driver.wait(timeout=10) == 130
    assert time.monotonic() - since < 2.5


def test_damaged_checkpoint_falls_back_to_the_one_before(tmp_path, drive):
    driver = drive("run", str(write_sweep(tmp_path, trials=2, trainer={"reports": 6, "pause": 0.3})))
    folder = tmp_path / "runs" / "toy"
    wait_for(lambda: len(reports_of(folder, "t0001")) >= 3, what="three reports")
    assert gone(driver.kill())  # a worker finishes its step before it notices
    newest = sorted((folder / "trials" / "t0001" / "checkpoints").glob("r*"))[-1]
    (newest / "step.txt").write_text("999999")
    resume(drive, folder)
    check_invariants_but_for_depth(folder)
    again = [report for report in reports_of(folder, "t0001") if report["attempt"] == 2]
    assert again[0]["report"] == int(newest.name[1:])


def check_invariants_but_for_depth(folder) -> None:
    from sweeps.records.builder import read_sweep

    record = read_sweep(folder)
    assert [trial.state.value for trial in record.trials] == ["finished", "finished"]
    assert all([report.number for report in trial.reports] == [1, 2, 3, 4, 5, 6] for trial in record.trials)


def test_nan_ends_a_trial_as_diverged_and_never_wins(tmp_path, drive):
    driver = drive("run", str(write_sweep(tmp_path, function="toy:diverge", trials=6)))
    assert driver.wait() == 0, driver.output
    folder = tmp_path / "runs" / "toy"
    check_invariants(folder, trials=6)
    params = {event["trial"]: event["params"]["x"] for event in events(folder, "trial")}
    ends = {event["trial"]: event["state"] for event in events(folder, "state")}
    assert ends == {trial: "diverged" if x > 0.5 else "finished" for trial, x in params.items()}
    assert "diverged" in ends.values()


def test_metric_missing_in_one_trial_fails_that_trial_only(tmp_path, drive):
    driver = drive("run", str(write_sweep(tmp_path, function="toy:silent", trials=6)))
    assert driver.wait() == 0, driver.output
    states = events(tmp_path / "runs" / "toy", "state")
    assert {event["state"] for event in states} == {"running", "finished", "failed"}
    assert {event["reason"]["code"] for event in states if event["state"] == "failed"} == {"metric-missing"}


def test_every_trial_fails(tmp_path, drive):
    driver = drive("run", str(write_sweep(tmp_path, function="toy:fail", trials=3)))
    assert driver.wait() == 3, driver.output
    folder = tmp_path / "runs" / "toy"
    assert "3 failed (error)" in driver.output
    assert "this function always fails" in driver.output
    assert "this function always fails" in (folder / "trials" / "t0001" / "log.txt").read_text()
    export = drive("export", str(folder), str(tmp_path / "out"))
    assert export.wait() == 3
    assert not (tmp_path / "out").exists()


def test_impossible_resources_are_refused_before_ray(tmp_path, drive):
    since = time.monotonic()
    driver = drive("run", str(write_sweep(tmp_path)), "resources={gpus_per_trial: 512}")
    assert driver.wait() == 2
    assert time.monotonic() - since < 5
    assert "resources.gpus_per_trial" in driver.output
    assert "512" in driver.output
    assert not (tmp_path / "runs" / "toy").exists()


def test_one_driver_at_a_time_and_one_sweep_a_name(tmp_path, drive):
    sweep = write_sweep(tmp_path, trials=4, trainer={"reports": 5, "pause": 0.5})
    first = drive("run", str(sweep))
    folder = tmp_path / "runs" / "toy"
    wait_for(lambda: reports_of(folder), what="a report")
    again = drive("run", str(sweep))
    assert again.wait() == 2
    assert "--name" in again.output
    second = drive("resume", str(folder))
    assert second.wait() == 2, second.output
    assert str(first.process.pid) in second.output
    first.kill()
    # The lock is stale now: its process is gone.
    resume(drive, folder)
    check_invariants(folder, trials=4, reports=5)


def test_clock_that_jumps_a_day_back_changes_nothing(tmp_path, drive):
    driver = drive("run", str(write_sweep(tmp_path, trials=4, trainer={"reports": 4, "pause": 0.2})))
    folder = tmp_path / "runs" / "toy"
    wait_for(lambda: len(reports_of(folder)) > 4, what="reports")
    driver.kill()
    ledger = folder / "records.jsonl"
    lines = [json.loads(line) for line in ledger.read_text().splitlines()]
    ledger.write_text("".join(json.dumps({**line, "time": line["time"] + 86400}) + "\n" for line in lines))
    resume(drive, folder)
    check_invariants(folder, trials=4, reports=4)


def test_closed_output_does_not_end_the_sweep(tmp_path, drive):
    driver = drive("run", str(write_sweep(tmp_path, trials=4)))
    driver.process.stdout.close()
    assert driver.process.wait(timeout=90) == 0
    folder = tmp_path / "runs" / "toy"
    check_invariants(folder, trials=4, reports=4)
    assert not pid_alive(driver.process.pid)


def test_driver_killed_before_its_first_trial_leaves_the_name_free(tmp_path, drive):
    sweep = write_sweep(tmp_path, trials=2)
    driver = drive("run", str(sweep))
    folder = tmp_path / "runs" / "toy"
    wait_for(lambda: (folder / "driver.lock").exists(), what="the lock")
    driver.kill()
    assert not events(folder, "trial")
    again = drive("run", str(sweep))
    assert again.wait() == 0, again.output
    check_invariants(folder, trials=2, reports=4)
