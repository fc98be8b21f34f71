"""A sweep that finished on this machine makes the next one of its kind begin where it ended."""

from __future__ import annotations

import signal

import pytest
import yaml

from sweeps.records.builder import read_sweep
from tests.end_to_end.harness import events, wait_for, write_sweep

pytestmark = [pytest.mark.ray, pytest.mark.slow]


def test_the_next_sweep_begins_with_what_did_well_and_stays_the_same_after_an_interruption(
    tmp_path, drive, monkeypatch
):
    monkeypatch.setenv("SWEEPWRIGHT_ARCHIVE", str(tmp_path / "archive"))
    fast = {"reports": 2, "pause": 0.01}
    first = write_sweep(tmp_path, name="first", trials=8, trainer=fast, method="auto")
    driver = drive("run", str(first))
    assert driver.wait() == 0, driver.output
    assert "begins with" not in driver.output
    best = max(trial.params["x"] for trial in read_sweep(tmp_path / "runs" / "first").trials)

    second = write_sweep(tmp_path, name="second", trials=5, trainer={**fast, "pause": 0.3}, method="auto")
    driver = drive("run", str(second))
    folder = tmp_path / "runs" / "second"
    wait_for(lambda: len(events(folder, "report")) >= 2, what="a report")
    driver.signal(signal.SIGINT)
    assert driver.wait() == 130, driver.output
    assert "begins with what did well in first (8 trials); to begin from nothing: archive: off" in driver.output
    assert read_sweep(folder).trials[0].params["x"] == best
    frozen = yaml.safe_load((folder / "sweep.yaml").read_text())["past"]
    assert [one["name"] for one in frozen] == ["first"]

    (tmp_path / "archive").rename(tmp_path / "gone")
    driver = drive("resume", str(folder))
    assert driver.wait() == 0, driver.output
    assert len(read_sweep(folder).trials) == 5
    assert len(list((tmp_path / "archive").glob("*.json"))) == 1  # and it is remembered itself

    driver = drive("run", str(second), "--name", "cold", "archive=off")
    assert driver.wait() == 0, driver.output
    assert "begins with" not in driver.output
