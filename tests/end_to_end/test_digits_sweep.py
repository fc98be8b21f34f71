"""One sweep of the digits recipe as a user runs it, and everything that can be done with it afterwards."""

from __future__ import annotations

import json
import shutil
import socket
import urllib.error
import urllib.request

import numpy as np
import pytest

import sweeps
from sweeps.records.builder import read_sweep
from tests.end_to_end.harness import Driver, check_invariants, events, wait_for
from tests.sweeps_tests.local_sweep import validation_rows
from trainer.manifest import MANIFEST, verify

pytestmark = [pytest.mark.ray, pytest.mark.slow]

KEPT = 3  # keep_checkpoints, where a sweep says nothing of it


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The driver, at its end, and the sweep's folder."""
    place = tmp_path_factory.mktemp("digits")
    driver = Driver("run", "digits", "--name", "digits", cwd=place)
    try:
        driver.wait()
    finally:
        driver.end()
    return driver, place / "runs" / "digits"


@pytest.fixture
def folder(run):
    return run[1]


@pytest.fixture
def best(folder, drive):
    return ask(drive, "best", folder)


def ask(drive, command, folder):
    driver = drive(command, str(folder), "--json")
    assert driver.wait() == 0, driver.output
    return json.loads(driver.output)


def test_it_ends_well_and_says_where_the_best_model_is(run, best):
    driver, folder = run
    assert driver.process.returncode == 0, driver.output
    *_, ends, found, next_step = driver.output.splitlines()
    assert ends.startswith("digits: finished; ")
    assert found.startswith(f"best: {best['trial']} accuracy={best['value']:.6g} at report {best['report']}")
    assert next_step == f"take it home: sweeps export {folder} OUT"


def test_it_finds_a_good_model(best):
    assert best["value"] >= 0.97


def test_every_trial_is_there_once_and_whole(folder):
    check_invariants(folder, trials=20, reports=8)
    assert {event["state"] for event in events(folder, "state")} == {"running", "paused", "finished", "stopped"}


def test_no_more_processes_train_than_there_are_slots(folder):
    (slots,) = [event["text"] for event in events(folder, "note") if "at once" in event["text"]]
    pids = {event["pid"] for event in events(folder, "report")}
    assert 1 <= len(pids) <= int(slots.split()[0])


def test_checkpoints_on_disk_are_few_and_whole(folder, best):
    there = sorted(path.parent for path in folder.glob(f"trials/*/checkpoints/*/{MANIFEST}"))
    assert len(there) <= KEPT
    assert folder / best["checkpoint"] in there
    for checkpoint in there:
        verify(checkpoint)
    assert sorted(folder.glob("trials/*/checkpoints/*")) == there
    assert not list(folder.glob("trials/*/checkpoints/.*"))


def test_list_status_and_best_agree(folder, drive, best):
    trials, status = ask(drive, "list", folder), ask(drive, "status", folder)
    assert len(trials) == 20
    assert status["trials"] == {
        state: sum(trial["state"] == state for trial in trials) for state in ("finished", "stopped")
    }
    assert (status["state"], status["done"], status["best"]) == ("finished", 20, best)
    assert max(trial["value"] for trial in trials) == best["value"]
    assert 0 < status["seconds"] < 300


def test_the_best_is_what_the_raw_ledger_says_and_what_is_exported_scores_it(folder, drive, best, tmp_path):
    reports = [event for event in events(folder, "report") if event["checkpoint"]]
    top = max(report["metrics"]["accuracy"] for report in reports)
    assert best["value"] == top
    driver = drive("export", str(folder), str(tmp_path / "out"))
    assert driver.wait() == 0, driver.output
    assert driver.output.startswith(f"{best['trial']} (accuracy=")
    rows, labels = validation_rows(folder, best["params"])
    model = sweeps.load(tmp_path / "out")
    chances = model.predict_proba(rows)
    assert float(np.mean(np.array(model.predict(rows)) == labels)) == pytest.approx(top, abs=1e-6)
    logged = next(one for one in reports if one["trial"] == best["trial"] and one["report"] == best["report"])
    loss = -np.log(chances[np.arange(len(labels)), labels]).mean()
    assert loss == pytest.approx(logged["metrics"]["loss"], abs=1e-6)


def test_resuming_what_is_finished_does_nothing(folder, drive):
    before = (folder / "records.jsonl").read_bytes()
    driver = drive("resume", str(folder))
    assert driver.wait(timeout=30) == 0, driver.output
    assert (folder / "records.jsonl").read_bytes() == before


def test_tensorboard_serves_every_trial_with_its_best_value(folder, drive):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    board = drive("tensorboard", str(folder), "--port", str(port))
    address = f"http://127.0.0.1:{port}/data/plugin/hparams"

    def answer():
        assert board.process.poll() is None, "TensorBoard has ended"
        everything = {
            "experimentName": "", "colParams": [], "startIndex": 0, "sliceSize": 100,
            "allowedStatuses": ["STATUS_UNKNOWN", "STATUS_SUCCESS", "STATUS_FAILURE", "STATUS_RUNNING"],
        }  # fmt: skip
        request = urllib.request.Request(f"{address}/session_groups", json.dumps(everything).encode())
        request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=10) as reply:
                groups = json.load(reply).get("sessionGroups", [])
        except (urllib.error.URLError, ConnectionError):
            return None
        return groups if len(groups) == 20 else None

    shown = {}
    for group in wait_for(answer, what="the table of TensorBoard"):
        shown[group["name"].split()[0]] = {one["name"]["tag"]: one["value"] for one in group["metricValues"]}
    for trial in read_sweep(folder).trials:
        value = trial.best("accuracy", "maximize").metrics["accuracy"]
        assert shown[trial.id]["best/accuracy"] == pytest.approx(value, abs=1e-6)


def test_a_ledger_that_lost_its_end_is_gone_on_with(folder, drive, tmp_path):
    copy = shutil.copytree(folder, tmp_path / "copy")
    lines = (copy / "records.jsonl").read_text().splitlines(keepends=True)
    lines[len(lines) * 2 // 3] = '{"n": 1, "half a li\n'
    (copy / "records.jsonl").write_text("".join(lines))
    driver = drive("resume", str(copy))
    assert driver.wait() == 0, driver.output
    record = read_sweep(copy)
    assert [trial.id for trial in record.trials] == [f"t{number:04d}" for number in range(1, 21)]
    assert all(trial.state.final for trial in record.trials)
    assert all(
        [one.number for one in trial.reports] == list(range(1, len(trial.reports) + 1)) for trial in record.trials
    )
    assert any("the ledger was damaged in line" in event["text"] for event in events(copy, "note"))
    (aside,) = copy.glob("records.damaged-*.jsonl")
    assert aside.read_text().splitlines(keepends=True) == lines[len(lines) * 2 // 3 :]
