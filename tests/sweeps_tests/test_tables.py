import io
import json

import pytest
from rich.console import Console

from sweeps.records.best import choose_best
from sweeps.records.record import Reason, ReportRecord, State, SweepRecord, TrialRecord
from sweeps.views import tables
from sweeps.views.scores import metrics_table
from sweeps.views.text import duration, short_number, short_value


def reports(*values):
    return tuple(ReportRecord(n, {"accuracy": v}, 1, 0.0, step=n, epoch=n / 2) for n, v in enumerate(values, 1))


RECORD = SweepRecord(
    "digits",
    "accuracy",
    "maximize",
    "running",
    (
        TrialRecord(
            "t0001", {"learning_rate": 3e-4, "model": "[red]x"}, State.STOPPED, Reason("asha"), reports(0.5, 0.9)
        ),
        TrialRecord("t0002", {"learning_rate": 1e-4, "model": "y"}, State.FAILED, Reason("error", "no [way]"), ()),
        TrialRecord("t0003", {"learning_rate": 1e-3}, State.RUNNING, None, reports(0.25), seconds=1.5),
        TrialRecord("t0004", {"learning_rate": 1e-3}),
    ),
    planned=8,
    seconds=90.0,
)


def show(renderable):
    out = io.StringIO()
    Console(file=out, width=120).print(renderable)
    return out.getvalue()


def test_trials_as_json():
    rows = [tables.trial_json(RECORD, trial) for trial in RECORD.trials]
    assert json.loads(json.dumps(rows, allow_nan=False)) == rows
    assert rows[0] | {"extra": 0} == rows[0] | {
        "extra": 0, "trial": "t0001", "params": {"learning_rate": 3e-4, "model": "[red]x"}, "state": "stopped",
        "value": 0.9, "best_report": 2, "last_value": 0.9, "reports": 2, "seconds": 0.0,
        "reason": {"code": "asha", "text": ""},
    }  # fmt: skip
    assert (rows[1]["value"], rows[1]["reports"], rows[1]["reason"]["code"]) == (None, 0, "error")
    assert rows[3]["reason"] is None


def test_status_as_json():
    status = tables.status_json(RECORD)
    assert json.loads(json.dumps(status, allow_nan=False)) == status
    assert status["trials"] == {"stopped": 1, "failed": 1, "running": 1, "pending": 1}
    assert (status["name"], status["state"], status["seconds"], status["done"]) == ("digits", "running", 90.0, 2)
    assert (status["best"]["trial"], status["best"]["value"]) == ("t0001", 0.9)
    assert status["failures"] == {"error": 1}
    empty = tables.status_json(SweepRecord("new", "accuracy", "maximize", "running", ()))
    assert (empty["best"], empty["trials"]) == (None, {})


def test_best_as_json():
    best = choose_best(RECORD, "unused", usable_only=False)
    found = tables.best_json(RECORD, best)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    for key, value in {"trial": "t0001", "metric": "accuracy", "value": 0.9, "report": 2, "checkpoint": None}.items():
        assert found[key] == value
    assert (found["state"], found["stopped_early"]) == ("stopped", True)


def test_the_best_panel_says_what_to_know_of_its_trial():
    text = show(tables.best_panel(RECORD, choose_best(RECORD, "unused", usable_only=False)))
    for part in ("t0001 of digits", "0.9", "0.0003", "[red]x", "stopped early"):
        assert part in text


def test_the_status_is_short():
    text = show(tables.status_view(RECORD))
    for part in (
        "digits: running, 90 s",
        "2 of 8 done",
        "1 running",
        "1 error",
        "t0003",
    ):
        assert part in text
    assert "none yet" in show(tables.status_view(SweepRecord("new", "accuracy", "maximize", "running", ())))


def test_in_a_narrow_terminal_only_the_parameters_of_running_trials_are_cut():
    params = {f"model_args.argument_{n}": 0.123 for n in range(6)}
    running = TrialRecord("t0001", params, State.RUNNING, None, reports(0.25))
    out = io.StringIO()
    record = SweepRecord("digits", "accuracy", "maximize", "running", (running,), planned=2)
    Console(file=out, width=60).print(tables.status_view(record))
    head, row = out.getvalue().splitlines()[-2:]
    assert head.split() == ["running", "report", "accuracy", "parameters"]
    assert row.split()[:4] == ["t0001", "1", "0.25", "argument_0=0.123"]
    assert row.rstrip().endswith("…")


def test_metrics_are_listed():
    assert show(metrics_table({"accuracy": 0.123456789, "rows": 3})).split() == [
        "accuracy",
        "0.123457",
        "rows",
        "3",
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.00031, "3.1e-4"), (1e-4, "1e-4"), (0.01, "0.01"), (0.1 + 0.2, "0.3"), (0.0, "0"), (32, "32"),
        (12345.6, "12346"),
        (-1.5e-7, "-1.5e-7"), (2_500_000, "2.5e6"), (99999.0, "99999"), (0.009999, "1e-2"),
    ],
)  # fmt: skip
def test_numbers_are_short(value, text):
    assert short_number(value) == text


def test_values_of_all_kinds_have_a_text():
    values = [None, True, "adamw", (1, 2), {"a": [1]}]
    assert [short_value(value) for value in values] == ["none", "true", "adamw", "[1,2]", '{"a":[1]}']


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (59.6, "60 s"), (600, "10 min"), (7300, "2 h 2 min"), (190_000, "2 d 4 h"), (-1, "0 s")],
)
def test_durations_are_short(seconds, text):
    assert duration(seconds) == text
