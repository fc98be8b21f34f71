"""Disks that are full or cannot be written: said in one line, and nothing that was written is lost."""

from __future__ import annotations

import subprocess
import time

import pytest

from sweeps.records.ledger import read_events
from tests.end_to_end.harness import check_invariants, events, write_sweep

pytestmark = [pytest.mark.ray, pytest.mark.slow]

HEAVY = """
import pathlib, tempfile
import sweeps

def train(config):
    start = sweeps.get_checkpoint()
    step = int((start / "step.txt").read_text()) if start else 0
    while step < config["reports"]:
        step += 1
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, "step.txt").write_text(str(step))
            pathlib.Path(folder, "weights.bin").write_bytes(bytes(config["bytes"]))
            sweeps.report({"score": config["x"] * step}, checkpoint=folder)
"""


def mount(options: str, place) -> None:
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)], capture_output=True, text=True)
    if done.returncode != 0:
        pytest.skip(f"needs the right to mount: {done.stderr.strip()}")


@pytest.fixture
def small_disk(tmp_path):
    place = tmp_path / "disk"
    place.mkdir()
    mount("size=8m", place)
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def heavy_sweep(folder):
    (folder / "heavy.py").write_text(HEAVY)
    return write_sweep(folder, function="heavy:train", trainer={"bytes": 1_500_000}, trials=6)


def test_full_disk_ends_the_sweep_early_and_it_goes_on_when_there_is_room(tmp_path, small_disk, drive):
    driver = drive("run", str(heavy_sweep(tmp_path)), "--storage", str(small_disk))
    assert driver.wait() == 1, driver.output
    folder = small_disk / "toy"
    assert "No space left on device" in driver.output
    assert f"sweeps resume {folder}" in driver.output or "then resume" in driver.output
    _, damage = read_events(folder)
    assert damage is None
    assert {event["state"] for event in events(folder, "state")} <= {"running", "interrupted", "finished"}
    before = events(folder, "report")
    assert before
    mount("remount,size=64m", small_disk)
    again = drive("resume", str(folder))
    assert again.wait() == 0, again.output
    check_invariants(folder, trials=6, reports=4)
    assert events(folder, "report")[: len(before)] == before


def test_read_only_storage_is_refused_before_ray_starts(tmp_path, small_disk, drive):
    sweep = write_sweep(tmp_path)
    mount("remount,ro", small_disk)
    since = time.monotonic()
    driver = drive("run", str(sweep), "--storage", str(small_disk))
    assert driver.wait() == 2, driver.output
    assert time.monotonic() - since < 5
    assert driver.output.count("\n") == 1
    assert "Read-only file system" in driver.output
    assert "--storage" in driver.output


def test_sweep_on_storage_that_became_read_only_can_be_looked_at_but_not_resumed(tmp_path, small_disk, drive):
    driver = drive("run", str(write_sweep(tmp_path, trials=2)), "--storage", str(small_disk))
    assert driver.wait() == 0, driver.output
    mount("remount,ro", small_disk)
    resumed = drive("resume", str(small_disk / "toy"))
    assert resumed.wait() == 2
    assert "Read-only file system" in resumed.output
    for command in ("status", "list", "best"):
        look = drive(command, str(small_disk / "toy"))
        assert look.wait() == 0, look.output
