"""What ``report`` and ``get_checkpoint`` promise to a training function, and which checkpoints are left."""

from __future__ import annotations

import contextlib
import threading
from pathlib import Path

import numpy as np
import pytest
import torch

import sweeps
from sweeps import session
from sweeps.session import Session, StopTrial
from trainer.manifest import numbered, verify


@pytest.fixture
def told():
    return []


@pytest.fixture
def start(tmp_path, told):
    def begin(**settings) -> Session:
        here = Session(tmp_path / "trial", told.append, **{"metric": "score", "goal": "maximize", **settings})
        session.enter(here)
        return here

    yield begin
    session.enter(None)


def saved(tmp_path, text: str = "1"):
    folder = tmp_path / "mine"
    folder.mkdir(exist_ok=True)
    (folder / "step.txt").write_text(text)
    return folder


def kept(tmp_path) -> list[int]:
    return list(numbered(tmp_path / "trial" / "checkpoints"))


def test_outside_of_a_sweep_a_report_is_printed_and_there_is_no_checkpoint(capsys, caplog):
    sweeps.report({"score": 0.5})
    assert "score=0.5" in caplog.text
    assert sweeps.get_checkpoint() is None


def test_reports_are_numbered_and_their_numbers_plain(start, told):
    start()
    sweeps.report({"score": np.float32(0.5), "a": torch.tensor(2.0), "b": np.array([3]), "c": True})
    sweeps.report({"score": 1})
    assert told[0] == {
        "number": 1,
        "step": 1,
        "metrics": {"score": 0.5, "a": 2.0, "b": 3.0, "c": 1.0},
        "checkpoint": None,
    }
    assert all(type(value) is float for report in told for value in report["metrics"].values())
    assert [report["number"] for report in told] == [1, 2]


@pytest.mark.parametrize("value", ["0.5", None, [1], torch.ones(2), np.ones(2), 1j, 10**400])
def test_value_that_is_no_number_is_named(start, told, value):
    start()
    with pytest.raises(ValueError, match="'odd' must be a number"):
        sweeps.report({"score": 1.0, "odd": value})
    assert told == []


def test_metrics_that_are_no_mapping_are_explained(start):
    start()
    with pytest.raises(TypeError, match="names and numbers"):
        sweeps.report(0.9)


def careless(metrics) -> None:
    with contextlib.suppress(Exception):
        sweeps.report(metrics)


@pytest.mark.parametrize("name", ["score", "eval_loss"])
def test_metric_or_loss_that_is_not_finite_ends_the_trial_whatever_the_function_catches(start, told, name):
    here = start()
    with pytest.raises(StopTrial):
        careless({"score": 1.0, name: float("nan")})
    assert told == []
    assert here.diverged.what == name


def test_other_values_that_are_not_finite_are_left_out(start, told, caplog):
    start()
    sweeps.report({"score": 1.0, "perplexity": float("inf")})
    assert told[0]["metrics"] == {"score": 1.0}
    assert "perplexity is inf" in caplog.text


def test_checkpoint_that_is_no_folder_leaves_no_gap_in_the_numbers(start, told, tmp_path):
    start()
    (tmp_path / "file").write_text("")
    for wrong in (tmp_path / "file", tmp_path / "nothing"):
        with pytest.raises(FileNotFoundError, match="is not a folder"):
            sweeps.report({"score": 1.0}, checkpoint=wrong)
    sweeps.report({"score": 1.0}, checkpoint=saved(tmp_path))
    assert [report["number"] for report in told] == [1]


def test_checkpoint_that_holds_the_trial_or_takes_our_name_is_refused(start, tmp_path):
    start()
    with pytest.raises(ValueError, match="holds the whole trial"):
        sweeps.report({"score": 1.0}, checkpoint=tmp_path)
    mine = saved(tmp_path)
    (mine / "manifest.json").write_text("{}")
    with pytest.raises(ValueError, match=r"manifest\.json"):
        sweeps.report({"score": 1.0}, checkpoint=mine)


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


def test_threads_of_the_trial_report_one_after_another(start, told):
    start()
    threads = [threading.Thread(target=sweeps.report, args=({"score": number},)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [report["number"] for report in told] == list(range(1, 21))


def test_thread_left_by_an_earlier_trial_cannot_report_for_this_one(start, told):
    go, outcome = threading.Event(), []

    def late():
        go.wait()
        try:
            sweeps.report({"score": 666})
        except StopTrial:
            outcome.append("stopped")

    thread = threading.Thread(target=late)
    thread.start()
    start()
    go.set()
    thread.join()
    assert outcome == ["stopped"]
    assert told == []
