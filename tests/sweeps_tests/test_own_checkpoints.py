"""Which checkpoints of a training function are kept, and from which one it goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

import sweeps
from tests.sweeps_tests.session_kit import kept, saved
from trainer.manifest import verify


def test_folder_may_be_reused_after_its_report(start, told, tmp_path):
    start()
    for text in ("1", "2"):
        sweeps.report({"score": 1.0}, checkpoint=saved(tmp_path, text))
    saved(tmp_path, "spoiled")
    first, second = (verify_and_read(report["checkpoint"]) for report in told)
    assert (first, second) == ("1", "2")


def verify_and_read(checkpoint) -> str:
    folder = Path(checkpoint)
    verify(folder)
    return (folder / "step.txt").read_text()


def test_full_disk_while_copying_leaves_the_earlier_checkpoint_and_the_number(start, told, tmp_path, monkeypatch):
    start()
    sweeps.report({"score": 1.0}, checkpoint=saved(tmp_path))

    def full(*_args, **_kwargs):
        raise OSError(28, "No space left on device")

    mine = saved(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr("shutil.copy2", full)
        with pytest.raises(OSError, match="No space"):
            sweeps.report({"score": 2.0}, checkpoint=mine)
    assert [path.name for path in (tmp_path / "trial" / "checkpoints").iterdir()] == ["r0001"]
    sweeps.report({"score": 2.0})
    assert [report["number"] for report in told] == [1, 2]


@pytest.mark.parametrize(
    ("goal", "scores", "expected"),
    [
        ("maximize", [1, 9, 3, 4, 5], [2, 4, 5]),
        ("minimize", [1, 9, 3, 4, 5], [1, 4, 5]),
        ("maximize", [5, 5, 5, 5], [1, 3, 4]),  # equal is not better, as everywhere
        ("maximize", [1, 2, 3, 4], [3, 4]),
    ],
)
def test_best_last_and_one_before_are_kept(start, tmp_path, goal, scores, expected):
    start(goal=goal)
    for score in scores:
        sweeps.report({"score": score}, checkpoint=saved(tmp_path))
    assert kept(tmp_path) == expected


def test_nothing_is_dropped_before_the_sweep_has_the_report(start, tmp_path):
    seen = []
    here = start()
    here._deliver = lambda report: seen.append(kept(tmp_path))
    for score in (1, 2, 3, 4):
        sweeps.report({"score": score}, checkpoint=saved(tmp_path))
    assert seen == [[1], [1, 2], [1, 2, 3], [2, 3, 4]]


def test_resumed_session_remembers_the_best_and_goes_on_counting(start, told, tmp_path):
    start()
    for score in (9, 1, 2):
        sweeps.report({"score": score}, checkpoint=saved(tmp_path, str(score)))
    start()
    assert (sweeps.get_checkpoint() / "step.txt").read_text() == "2"
    for score in (3, 4):
        sweeps.report({"score": score}, checkpoint=saved(tmp_path))
    assert [report["number"] for report in told] == [1, 2, 3, 4, 5]
    assert kept(tmp_path) == [1, 4, 5]


def test_damaged_checkpoint_is_passed_over_and_removed(start, told, tmp_path):
    start()
    for score in (1, 2):
        sweeps.report({"score": score}, checkpoint=saved(tmp_path, str(score)))
    (tmp_path / "trial" / "checkpoints" / "r0002" / "step.txt").write_text("?")
    partial = tmp_path / "trial" / "checkpoints" / ".r0003.partial"
    partial.mkdir()
    start()
    assert sweeps.get_checkpoint().name == "r0001"
    assert kept(tmp_path) == [1]
    assert not partial.exists()
    sweeps.report({"score": 3})
    assert told[-1]["number"] == 2


def test_reports_without_a_checkpoint_are_made_again(start, told, tmp_path):
    start()
    sweeps.report({"score": 1}, checkpoint=saved(tmp_path))
    sweeps.report({"score": 2})
    sweeps.report({"score": 3})
    start()
    assert sweeps.get_checkpoint().name == "r0001"
    sweeps.report({"score": 2})
    assert told[-1]["number"] == 2


def test_function_that_never_asks_for_its_checkpoint_starts_and_counts_from_the_beginning(start, told, tmp_path):
    start()
    for score in (1, 2):
        sweeps.report({"score": score}, checkpoint=saved(tmp_path))
    start()
    sweeps.report({"score": 1})
    assert told[-1]["number"] == 1
    # Else a driver would take the old second report for one that it missed.
    assert kept(tmp_path) == []


def test_checkpoint_that_was_gone_on_from_may_be_reported_again(start, told, tmp_path):
    start()
    sweeps.report({"score": 1}, checkpoint=saved(tmp_path))
    start()
    sweeps.report({"score": 2}, checkpoint=sweeps.get_checkpoint())
    assert kept(tmp_path) == [1, 2]
    for number in (1, 2):
        assert verify(tmp_path / "trial" / "checkpoints" / f"r000{number}")["report"]["number"] == number


def test_linked_checkpoint_shares_its_files(start, told, tmp_path):
    here = start()
    mine = saved(tmp_path)
    here.report({"score": 1}, mine, link=True)
    assert (mine / "step.txt").samefile(told[0]["checkpoint"] + "/step.txt")
    here.report({"score": 1}, mine)
    assert not (mine / "step.txt").samefile(told[1]["checkpoint"] + "/step.txt")
