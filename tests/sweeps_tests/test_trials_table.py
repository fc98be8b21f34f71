"""The table of trials: whole in a pipe, and readable in whatever room there is."""

import io

import pytest
from rich.console import Console

from sweeps.records.record import Reason, ReportRecord, State, SweepRecord, TrialRecord
from sweeps.views.output import Output
from sweeps.views.show import plain, show
from sweeps.views.trials_table import TrialsTable

NAMES = ("learning_rate", "batch_size", "weight_decay", "dropout", "model_args.layers", "model_args.hidden")
VALUES = ((0.0003221, 64, 0.000753, 0.0566, 1, 80), (0.0116, 64, 0.0101, 0.2382, 2, 192), (0.01, 64, 0.0, 0.5, 1, 8))
MESSAGE = "RuntimeError: mat1 and mat2 shapes [3x4] cannot be multiplied (mlp.py:12)"


def trial(number, state, reason, value=None):
    reports = () if value is None else (ReportRecord(1, {"accuracy": value}, 1, 0.0),)
    return TrialRecord(
        f"t{number:04d}", dict(zip(NAMES, VALUES[number - 1], strict=True)), state, reason, reports, seconds=16.7
    )


DONE = (
    trial(1, State.FINISHED, Reason("completed"), 0.9618),
    trial(2, State.STOPPED, Reason("asha", "rung 1: 0.9444 is not in the top 1/3"), 0.9444),
)
FAILED = trial(3, State.FAILED, Reason("error", MESSAGE))


def record(*trials):
    return SweepRecord("digits", "accuracy", "maximize", "finished", trials)


def lines(width, *trials):
    out = io.StringIO()
    Console(file=out, width=width).print(TrialsTable(record(*trials)))
    return out.getvalue().splitlines()


def test_in_a_pipe_nothing_is_cut_or_wrapped():
    text = plain(TrialsTable(record(*DONE, FAILED)))
    assert len(text.splitlines()) == 5
    assert text.splitlines()[0].split()[-3:] == ["layers", "hidden", "message"]
    assert MESSAGE in text
    assert "no room" not in text
    assert not any(line.endswith(" ") for line in text.splitlines())


def test_a_stream_that_is_no_terminal_gets_it_whole(monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    out = io.StringIO()
    show(TrialsTable(record(*DONE, FAILED)), Output(out))
    assert MESSAGE in out.getvalue()


def test_eighty_columns_show_every_parameter_and_leave_out_what_matters_less():
    shown = lines(80, *DONE)
    assert shown[0].split() == ["trial", "state", "accuracy", "lr", "bs", "wd", "do", "layers", "hidden"]
    assert shown[1].split() == ["t0001", "finished", "*0.9618", "3.22e-4", "64", "7.53e-4", "0.0566", "1", "80"]
    assert shown[3] == "no room for reports, seconds: widen the terminal, or use --json"


def test_the_parameter_that_never_varies_goes_before_those_that_do():
    shown = lines(74, *DONE)
    assert "bs" not in shown[0].split()
    assert shown[0].split()[-1] == "hidden"


@pytest.mark.parametrize("width", range(32, 140, 6))
def test_numbers_are_never_cut_and_lines_never_wrap(width):
    shown = lines(width, *DONE, FAILED)
    assert len([line for line in shown if line.startswith("t0")]) == 3
    assert all(len(line) <= width for line in shown)
    assert all("…" not in line for line in shown[:3])  # only the text of a failure may end in dots
    assert shown[1].split()[:3] == ["t0001", "finished", "*0.9618"]


def test_a_failure_says_why_as_far_as_there_is_room():
    shown = lines(100, *DONE, FAILED)
    assert "failed (error)" in shown[3]
    assert "RuntimeError: mat1 and" in shown[3]
    assert shown[3].rstrip().endswith("…")


def test_the_reason_stands_beside_the_state_where_it_says_more():
    text = plain(TrialsTable(record(*DONE, trial(3, State.DIVERGED, Reason("diverged", "loss is nan"), 0.1))))
    assert [line.split("  ")[1] for line in text.splitlines()[1:4]] == ["finished", "stopped (asha)", "diverged"]
    assert text.splitlines()[3].endswith("loss is nan")


def test_the_best_trial_is_marked_and_only_that():
    text = plain(TrialsTable(record(*DONE, FAILED)))
    assert [line.split()[0] for line in text.splitlines() if "*" in line] == ["t0001", "*"]
    assert text.splitlines()[-1] == "* the best accuracy"
    assert "*" not in plain(TrialsTable(record(FAILED)))


def test_texts_are_no_markup():
    odd = TrialRecord("t0001", {"model": "[red]x"}, State.FAILED, Reason("error", "no [way]"))
    text = plain(TrialsTable(record(odd)))
    assert "[red]x" in text
    assert "no [way]" in text


def test_a_sweep_without_trials_has_only_a_head():
    assert plain(TrialsTable(record())).split() == ["trial", "state", "accuracy", "reports", "seconds"]
