"""What ``report`` and ``get_checkpoint`` promise to a training function, and which checkpoints are left."""

from __future__ import annotations

import contextlib
import threading

import numpy as np
import pytest
import torch

import sweeps
from sweeps import session
from sweeps.session import StopTrial
from tests.sweeps_tests.session_kit import saved


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


def test_a_session_that_ends_late_does_not_end_its_successor(tmp_path):
    earlier, later = (session.Session(tmp_path / name, lambda report: None) for name in ("earlier", "later"))
    session.enter(earlier)
    session.enter(later)
    session.leave(earlier)
    assert session.current() is later
    session.leave(later)
    assert session.current() is None
