"""A sweep of digits and its confirmation by the real driver: killed in the middle, gone on with, and tested once."""

from __future__ import annotations

import json

import pytest

from tests.end_to_end.harness import check_invariants, events, gone, wait_for

pytestmark = [pytest.mark.ray, pytest.mark.slow]

SHORT = ("trials=4", "trainer.epochs=6", "early_stopping=none", "method=random", "resources.max_parallel=2")


def test_a_killed_confirmation_goes_on_and_tests_the_winner_once(tmp_path, drive):
    driver = drive("run", "digits", *SHORT)
    assert driver.wait() == 0, driver.output
    folder = tmp_path / "runs" / "digits"
    repeats = folder / "confirm" / "repeats-1"
    asked = ("confirm", str(folder), "--top", "2", "--seeds", "3", "--json")

    killed = drive(*asked)
    wait_for(lambda: len(events(repeats, "report")) >= 4, what="four reports of repeats")
    assert gone(killed.kill())
    assert events(folder, "confirmed") == []

    driver = drive(*asked)
    assert driver.wait() == 0, driver.output
    found = json.loads(driver.output)
    check_invariants(repeats, trials=6, reports=3)
    assert len(events(repeats, "sweep")) == 2
    assert [sorted(one["seed"] for one in row["repeats"]) for row in found["candidates"]] == [[1, 2, 3], [1, 2, 3]]
    assert all(repeat["value"] > 0.8 for row in found["candidates"] for repeat in row["repeats"])
    assert found["winner"] == found["candidates"][0]["trial"] == found["test"]["trial"]
    assert found["test"]["metrics"]["accuracy"] > 0.9
    assert found["test"]["checkpoint"].startswith(f"trials/{found['winner']}/")
    assert found["test"]["validation"] == pytest.approx(found["test"]["reported"], abs=1e-6)
    assert len(events(folder, "confirmed")) == len(events(folder, "tested")) == 1

    driver = drive("best", str(folder), "--json")
    assert driver.wait() == 0, driver.output
    best = json.loads(driver.output)
    assert (best["trial"], best["confirmed"], best["looks"]) == (found["winner"], True, 1)
    before = (folder / "records.jsonl").read_bytes()
    driver = drive(*asked)  # nothing is left to do, so no Ray is started
    assert driver.wait(timeout=60) == 0, driver.output
    assert json.loads(driver.output)["test"]["number"] == 1
    assert (folder / "records.jsonl").read_bytes() == before
