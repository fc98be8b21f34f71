"""Our trials as Optuna's: states, values, distributions, and a study that takes them all."""

import dataclasses
from pathlib import Path

import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import TrialState

from search_spaces import SearchSpace
from search_spaces.normal import Normal
from search_spaces.parameters import Categorical, Constant, Float, Int
from sweeps.records.builder import read_sweep
from sweeps.records.record import Parent, Reason, ReportRecord, State, SweepRecord, TrialRecord
from sweeps.views.optuna_trials import distributions_of, frozen_trials
from tests.sweeps_tests.study_kit import run, sweep_config

SPACE = SearchSpace(
    [
        Float("lr", 1e-5, 1e-1, log=True),
        Float("drop", 0.0, 0.5, step=0.1),
        Int("layers", 1, 4),
        Int("hidden", 32, 256, log=True, step=32),
        Categorical("opt", ["adamw", "sgd", None]),
        Float("momentum", 0.0, 1.0, when={"opt": "sgd"}),
        Constant("seed", 3),
    ]
)
PARAMS = {"lr": 1e-3, "drop": 0.3, "layers": 2, "hidden": 64, "opt": "adamw", "seed": 3}


def reports(*values, start=1):
    return tuple(
        ReportRecord(start + place, {"acc": value, "loss": 1 - value}, 1, 1000.0 + place)
        for place, value in enumerate(values)
    )


def trial(state=State.FINISHED, values=(0.5, 0.7, 0.6), params=PARAMS, **fields):
    return TrialRecord("t0001", params, state, Reason("why", "a text"), reports(*values), 1, 9.0, 990.0, **fields)


def sweep(*trials, **fields):
    numbered = tuple(dataclasses.replace(one, id=f"t{place:04}") for place, one in enumerate(trials, 1))
    return SweepRecord("toy", "acc", "maximize", "finished", numbered, **fields)


def one(*args, **fields):
    (found,) = frozen_trials(sweep(trial(*args, **fields)), SPACE)
    return found


def test_distributions_have_values_as_people_read_them():
    assert distributions_of(SPACE) == {
        "lr": FloatDistribution(1e-5, 1e-1, log=True),
        "drop": FloatDistribution(0.0, 0.5, step=0.1),
        "layers": IntDistribution(1, 4),
        "hidden": IntDistribution(32, 256, log=True),
        "opt": CategoricalDistribution(["adamw", "sgd", None]),
        "momentum": FloatDistribution(0.0, 1.0),
    }


def test_what_can_be_drawn_of_a_normal_distribution_is_its_range():
    found = distributions_of(SearchSpace([Normal("a", 1.0, 2.0), Normal("b", 0.0, 1.0, log=True), Normal("c", step=1)]))
    assert found["a"].low < -10 < 10 < found["a"].high
    assert found["b"].log
    assert found["b"].low > 0
    assert found["c"]._contains(-3)


@pytest.mark.parametrize(
    ("choices", "expected"),
    [
        ([1, True], ("1", "true")),
        (["a", [1, 2]], ("a", "[1, 2]")),
        ([{"x": 1}, None], ('{"x": 1}', None)),
    ],
)
def test_choices_that_optuna_cannot_tell_apart_or_hold_are_texts(choices, expected):
    space = SearchSpace([Categorical("c", choices)])
    assert distributions_of(space)["c"].choices == expected
    found = frozen_trials(sweep(*(trial(params={"c": choice}) for choice in choices)), space)
    assert tuple(one.params["c"] for one in found) == expected


@pytest.mark.parametrize(
    ("state", "expected", "value"),
    [
        (State.FINISHED, TrialState.COMPLETE, 0.7),
        (State.STOPPED, TrialState.PRUNED, 0.7),
        (State.FAILED, TrialState.FAIL, None),
        (State.DIVERGED, TrialState.FAIL, None),
        (State.RUNNING, TrialState.RUNNING, None),
        (State.PAUSED, TrialState.RUNNING, None),
        (State.INTERRUPTED, TrialState.RUNNING, None),
        (State.PENDING, TrialState.WAITING, None),
    ],
)
def test_states_and_values(state, expected, value):
    found = one(state)
    found._validate()
    assert (found.state, found.value) == (expected, value)
    assert found.intermediate_values == {1: 0.5, 2: 0.7, 3: 0.6}
    assert found.user_attrs["state"] == state.value


def test_attributes_and_times_come_from_the_record():
    found = one()
    assert found.user_attrs == {
        "trial": "t0001", "state": "finished", "reason": "why", "reason_text": "a text", "seconds": 9.0, "reports": 3,
        "best_report": 2, "metrics.loss": pytest.approx(0.3),
    }  # fmt: skip
    assert (found.datetime_start.timestamp(), found.datetime_complete.timestamp()) == (990.0, 1002.0)


def test_inactive_and_constant_parameters_are_absent():
    assert set(one().params) == {"lr", "drop", "layers", "hidden", "opt"}


def test_a_copy_counts_on_from_its_parents_report():
    copy = dataclasses.replace(trial(), reports=reports(0.8, 0.9, start=5), parent=Parent("t0000", 4))
    (found,) = frozen_trials(sweep(copy), SPACE)
    assert found.intermediate_values == {5: 0.8, 6: 0.9}
    assert found.user_attrs["parent"] == "t0000@4"


def test_values_outside_of_the_space_are_attributes_and_spoil_no_study():
    old = trial(params={**PARAMS, "lr": 0.9, "opt": "lion", "gone": 1}, outside="learning rates end at 0.1 now")
    found = frozen_trials(sweep(old, trial()), SPACE)
    assert set(found[0].params) == {"drop", "layers", "hidden"}
    assert found[0].user_attrs["outside_params"] == {"lr": 0.9, "opt": "lion", "gone": 1}
    assert found[0].user_attrs["outside"].startswith("learning rates")
    study = optuna.create_study(direction="maximize")
    study.add_trials(found)
    assert [one.number for one in study.trials] == [0, 1]


def test_a_finished_trial_whose_reports_all_break_a_bound_is_failed():
    unfit = dataclasses.replace(trial(), reports=tuple(dataclasses.replace(r, fits=False) for r in reports(0.9)))
    (found,) = frozen_trials(sweep(unfit), SPACE)
    found._validate()
    assert (found.state, found.value) == (TrialState.FAIL, None)


def test_a_trial_without_a_report_or_without_the_metric():
    bare = trial(values=())
    other = dataclasses.replace(trial(State.STOPPED), reports=(ReportRecord(1, {"loss": 1.0}, 1, 1000.0),))
    found = frozen_trials(sweep(dataclasses.replace(bare, state=State.STOPPED), other), SPACE)
    for each in found:
        each._validate()
        assert (each.state, each.value, each.intermediate_values) == (TrialState.PRUNED, None, {})


def test_a_recorded_sweep_makes_a_study_that_optuna_understands(tmp_path: Path):
    config = sweep_config(tmp_path, early_stopping={"scheduler": "asha", "grace": 1}, trials=9)
    run(config, tmp_path / "toy", slots=2)
    record = read_sweep(tmp_path / "toy")
    study = optuna.create_study(direction=record.goal)
    study.add_trials(frozen_trials(record, config.space))
    assert {one.state for one in study.trials} == {TrialState.COMPLETE, TrialState.PRUNED}
    assert study.best_trial.value == max(report.metrics["score"] for t in record.trials for report in t.reports)
