"""A command that is given the wrong folder says what that is, and names the sweeps that are near."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sweeps.records.finding import no_sweep

# A folder below the storage `runs`, what is said of it, and the mend.
WRONG = {
    "the storage": ("runs", "holds 2 sweeps, and is none itself", "name one: runs/digits, runs/texts"),
    "a trial": ("runs/digits/trials/t0003", "is the folder of the trial t0003", "name the sweep's folder: runs/digits"),
    "a checkpoint": (
        "runs/digits/trials/t0003/checkpoints/r0001",
        "is a part of the trial t0003",
        "name the sweep's folder: runs/digits",
    ),
    "another part": (
        "runs/digits/tensorboard",
        "is a part of a sweep, tensorboard",
        "the sweep's folder: runs/digits",
    ),
    "its file": ("runs/digits/records.jsonl", "is a part of a sweep, records.jsonl", "runs/digits"),
    "an export": ("model", "no sweep here: this is an exported model", "name the folder of a sweep"),
    "a wrong name": ("runs/digts", "no sweep here: there is no such folder", "did you mean runs/digits?"),
    "no storage": ("digits", "no sweep here: there is no such folder", "did you mean runs/digits?"),
    "nothing like it": ("elsewhere", "no sweep here: there is no such folder", "there are runs/digits, runs/texts"),
    "some folder": ("other", "no sweep here: it has no records.jsonl", "there are runs/digits, runs/texts"),
    "a file": ("file", "no sweep here: it is a file", "there are runs/digits, runs/texts"),
}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("digits", "texts"):
        (tmp_path / "runs" / name / "trials" / "t0003" / "checkpoints" / "r0001").mkdir(parents=True)
        (tmp_path / "runs" / name / "tensorboard").mkdir()
        (tmp_path / "runs" / name / "records.jsonl").write_text("")
    (tmp_path / "other").mkdir()
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "sweepwright.json").write_text("{}")
    (tmp_path / "file").write_text("")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_folder_is_named_for_what_it_is(case: str, here: Path) -> None:
    folder, message, mend = WRONG[case]
    error = no_sweep(Path(folder))
    assert (error.where, error.message) == (folder, message)
    assert mend in error.mend


def test_many_sweeps_are_cut_to_a_few(here: Path) -> None:
    for number in range(30):
        (here / "runs" / f"s{number}").mkdir()
        (here / "runs" / f"s{number}" / "records.jsonl").write_text("")
    assert no_sweep(Path("runs")).mend.endswith(" and 26 more")
    assert len(str(no_sweep(Path("elsewhere")))) < 300


@pytest.mark.parametrize("command", ["status", "list", "best", "resume", "tensorboard"])
@pytest.mark.parametrize("part", ["", "trials/t0001"])
def test_every_command_says_it(cli, own_copy: Path, command: str, part: str) -> None:
    wrong = own_copy / part if part else own_copy.parent
    said = cli(command, wrong)
    assert (said.code, said.out, said.err.count("\n")) == (2, "", 1)
    assert str(own_copy) in said.err
    assert said.err.startswith(f"sweeps: {wrong}: {'is the folder of the trial t0001' if part else 'holds a sweep'}")
    assert not (wrong / "driver.lock").exists()


def test_the_right_folder_is_taken_wherever_it_lies(cli, own_copy: Path) -> None:
    assert json.loads(cli("status", own_copy, "--json").out)["name"] == "digits"
