"""What a report says of a sweep, before it is written as anything."""

from __future__ import annotations

import dataclasses

import pytest

from sweeps.records.builder import read_sweep
from sweeps.records.chronicle import read_chronicle
from sweeps.records.record import State
from sweeps.views.report.curves import curves_of, levels_of, usual_level
from sweeps.views.report.payload import payload
from sweeps.views.report.slices import label_of
from tests.sweeps_tests.report_kit import ASHA, recorded, told, understood


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return told(
        tmp_path_factory.mktemp("asha"),
        lambda p, n: p["x"] * (1 - 0.5**n) + 0.01 * p["k"],
        early_stopping=ASHA,
        trials=12,
    )


@pytest.fixture(scope="module")
def data(folder):
    return understood(folder)


def test_what_was_spent_by_each_report_adds_up_to_what_the_sweep_has_spent(folder):
    chronicle = read_chronicle(folder)
    assert chronicle.record == read_sweep(folder)
    assert len(chronicle.moments) == sum(len(trial.reports) for trial in chronicle.record.trials)
    assert chronicle.moments[-1].cost.trainings == pytest.approx(chronicle.record.cost.trainings)
    spent = [moment.cost.trainings for moment in chronicle.moments]
    assert spent == sorted(spent)


def test_the_best_so_far_ends_with_the_winner(data):
    steps = data.course.steps
    assert [step.value for step in steps] == sorted(step.value for step in steps)
    assert (steps[-1].trial, steps[-1].value) == (data.answer.best.trial, data.answer.best.value)
    assert len(data.course.bests) == 12
    assert data.course.end.trials == 12
    assert f"by {steps[-1].trial} at report" in data.course.sentence("score")
    assert "full trainings" in data.course.sentence("score")


def test_a_minimised_metric_falls(tmp_path):
    data = understood(told(tmp_path, lambda p, n: p["x"] / n, metric={"name": "score", "goal": "minimize"}, trials=8))
    values = [step.value for step in data.course.steps]
    assert values == sorted(values, reverse=True)
    assert data.answer.best.value == values[-1] == min(row.value for row in data.rows)


def test_levels_compare_trials_after_equal_training(data):
    for level in data.levels:
        for value, row in zip(level.values, data.rows, strict=True):
            assert (value is None) == (row.reached < level.report)
    assert data.levels[0].count == 12
    assert data.levels[data.level].count >= 6
    assert data.level == usual_level(data.levels)


def test_cost_adds_up_and_early_stopping_saves(data):
    record = data.sources.record
    assert data.cost.seconds == pytest.approx(record.cost.worker_seconds, abs=1.0)
    assert {group.name: group.trials for group in data.cost.groups}["won"] == 1
    assert sum(group.trials for group in data.cost.groups) == 12
    stopped = [trial for trial in record.trials if trial.state is State.STOPPED]
    # Two seconds of training for each report that was not made.
    assert data.cost.saved == pytest.approx(sum(2.0 * (4 - trial.reached) for trial in stopped))
    assert "early stopping saved" in data.cost.sentence


def test_the_front_is_of_trials_that_nothing_beats(data):
    for pareto in data.fronts:
        by_trial = {point.trial: point for point in pareto.points}
        for point in pareto.points:
            beaten = any(
                (other.cost <= point.cost and other.value > point.value)
                or (other.cost < point.cost and other.value >= point.value)
                for other in pareto.points
            )
            assert point.front == (not beaten) or any(
                other.front and (other.cost, other.value) == (point.cost, point.value) for other in pareto.points
            )
        assert pareto.front[-1].value == max(point.value for point in by_trial.values())
    assert {point.cost for point in data.fronts[1].points} == {1000, 2000, 3000}


def test_how_many_parameters_train_is_written_down_once(folder):
    lines = [line for line in (folder / "records.jsonl").read_text().splitlines() if '"trainable"' in line]
    assert len(lines) == 12


def test_slices_say_where_the_best_trials_are(data):
    x, k = data.slices
    assert (x.name, x.choices, x.log) == ("x", (), False)
    assert k.choices == ("1", "2", "3")
    assert x.sentence.startswith("the best 5 trials have it between")
    assert k.place(2) == 1
    assert k.place(7) is None


def test_labels_of_choices_are_all_different():
    values = [1, "1", True, "true", None, "null", [1], "[1]", "adamw"]
    assert len({label_of(value) for value in values}) == len(values)
    assert label_of("adamw") == "adamw"


def test_long_curves_are_thinned_and_keep_first_best_and_last(data):
    record = data.sources.record
    trial = record.trials[0]
    one = trial.reports[0]
    reports = tuple(
        dataclasses.replace(one, number=n, metrics={"score": 9.0 if n == 777 else n / 1e4}) for n in range(1, 2001)
    )
    (curve,) = curves_of(record.with_trials((dataclasses.replace(trial, reports=reports, parent=None),)))
    assert len(curve) <= 200
    assert (curve[0][0], curve[-1][0]) == (1, 2000)
    assert (777, 9.0) in curve


def test_levels_of_trials_with_many_lengths_are_few(data):
    record = data.sources.record
    trial = record.trials[0]
    made = [
        dataclasses.replace(
            trial,
            id=f"t{n:04}",
            reports=tuple(dataclasses.replace(trial.reports[0], number=i) for i in range(1, n + 1)),
        )
        for n in range(1, 40)
    ]
    levels = levels_of(record.with_trials(tuple(made)))
    assert len(levels) == 6
    assert (levels[0].report, levels[-1].report) == (1, 39)


def test_what_scripts_get_is_finite_and_complete(data):
    found = payload(data)
    columns = found["trials"]
    assert {len(column) for name, column in columns.items() if name != "params"} == {12}
    assert [len(column) for column in columns["params"]] == [12, 12]
    assert columns["id"][found["winner"]] == data.answer.best.trial
    assert found["course"]["end"][0] == 12
    assert [one["name"] for one in found["cost"]] == [group.name for group in data.cost.groups]


def test_a_sweep_without_progress_counts_trials(tmp_path):
    data = understood(recorded(tmp_path, trials=4))
    assert not data.course.trainings_known
    assert "after" in data.course.sentence("score")
    assert "trial" in data.course.sentence("score")
