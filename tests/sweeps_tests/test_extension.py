"""Sweeps that are extended: what is used of them, what goes on, and that nothing is trained twice."""

import json

import pytest

from sweeps.errors import InputError
from sweeps.records.best import choose_best
from sweeps.records.builder import read_sweep
from sweeps.records.ledger import read_events
from sweeps.records.record import State
from sweeps.records.sweep_file import read_config
from tests.sweeps_tests.extension_kit import begin_extension, ended, extend, first, resume
from tests.sweeps_tests.study_kit import REPORTS, on_disk, shape

PROMOTION = {"scheduler": "asha", "mode": "promotion"}


@pytest.fixture(autouse=True)
def _no_power_cuts(monkeypatch):
    monkeypatch.setattr("os.fsync", lambda file: None)


def trainings(folder):
    """Each report of the ledger as trial and number: one that is there twice was trained twice."""
    return [(event["trial"], event["report"]) for event in read_events(folder / "sweep")[0] if "report" in event]


def once(folder):
    done = trainings(folder)
    assert len(done) == len(set(done))
    made = [event for event in read_events(folder / "sweep")[0] if event["event"] == "trial"]
    assert len({event["trial"] for event in made}) == len(made)
    trials = read_sweep(folder / "sweep").trials
    configs = [read_config(folder / "sweep", generation=one.generation) for one in trials]
    settings = [json.dumps(c.trial_settings(t.params), sort_keys=True) for c, t in zip(configs, trials, strict=True)]
    assert len(set(settings)) == len(settings)


LIKE_A_LONGER_ONE = {
    "random": {},
    "sobol": {"method": "sobol"},
    "tpe": {"method": "tpe"},
    "gp": {"method": "gp"},
    "auto": {"method": "auto"},
    "priors": {"method": "gp", "parameters": {"x": {"min": 0.0, "max": 1.0, "prior": 0.7}, "k": [1, 2, 3]}},
    "points": {"points": [{"x": 0.9, "k": 1}, {"x": 0.1, "k": 3}]},
    "grid": {"method": "grid", "parameters": {"x": [0.1, 0.9, 0.5, 0.3, 0.2], "k": [1, 2, 3, 4]}},
    "none left": {"method": "tpe", "parameters": {"x": [0.1, 0.9, 0.5], "k": [1, 2, 3, 4, 5]}},
}


CASES = [
    pytest.param(name, steps, marks=pytest.mark.slow if steps or name in {"gp", "priors", "none left"} else ())
    for name in LIKE_A_LONGER_ONE
    for steps in (None, 33)
]


@pytest.mark.parametrize(("name", "steps"), CASES)
def test_an_extended_sweep_ends_like_one_that_was_longer_from_the_start(tmp_path, name, steps):
    for folder in ("short", "long"):
        (tmp_path / folder).mkdir()
    ended(first(tmp_path / "short", **{**LIKE_A_LONGER_ONE[name], "trials": 9}), tmp_path / "short", steps=steps)
    longer = ended(first(tmp_path / "long", **{**LIKE_A_LONGER_ONE[name], "trials": 15}), tmp_path / "long")
    study = extend(tmp_path / "short", "trials=+6")
    assert shape(study) == shape(longer)
    assert study.record.planned == 15
    once(tmp_path / "short")


@pytest.mark.parametrize(
    "name", ["random", "tpe", pytest.param("gp", marks=pytest.mark.slow), pytest.param("auto", marks=pytest.mark.slow)]
)
def test_the_ledger_read_again_at_any_point_suggests_the_same(tmp_path, name):
    changes = ("trials=+8", "parameters.x={min: 0.2, max: 1.4}", "parameters.m={values: [1, 2]}")
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    for folder in (whole, cut):
        folder.mkdir()
        ended(
            first(folder, **{**LIKE_A_LONGER_ONE[name], "trainer": {"function": "toy:train", "m": 2}, "trials": 9}),
            folder,
        )
    expected = shape(extend(whole, *changes))
    extend(cut, *changes, steps=1)
    for _ in range(7):
        resume(cut, steps=4)
    assert shape(resume(cut)) == expected
    once(cut)


def test_old_points_that_fit_are_used_and_the_others_stay_as_they_are(tmp_path):
    config = first(tmp_path, trainer={"function": "toy:train", "m": 2})
    before = {trial.id: trial for trial in ended(config, tmp_path).record.trials}
    extension, study, ledger = begin_extension(
        tmp_path, ["trials=+4", "parameters.x={min: 0.5, max: 1.0}", "parameters.m={values: [1, 2]}"]
    )
    ledger.close()
    assert extension.new == 4
    high = {trial for trial, one in before.items() if one.params["x"] >= 0.5}
    assert 0 < len(high) < len(before)
    assert set(extension.used) == high
    assert extension.outside.keys() == before.keys() - high
    for trial, why in extension.outside.items():
        assert why == f"x {before[trial].params['x']:g} is outside 0.5..1"
    study = resume(tmp_path)
    record = read_sweep(tmp_path / "sweep")
    assert record == study.record
    assert (record.generation, record.planned, len(record.trials)) == (2, 10, 10)
    for trial in record.trials:
        if trial.id in high:
            assert (trial.params, trial.generation, trial.outside) == ({**before[trial.id].params, "m": 2}, 2, "")
        elif trial.id in before:
            assert (trial.params, trial.generation) == (before[trial.id].params, 1)
            assert trial.outside == extension.outside[trial.id]
        else:
            assert (trial.params["x"] >= 0.5, trial.generation, trial.outside) == (True, 2, "")
    once(tmp_path)


def test_a_trial_that_no_longer_fits_may_be_the_best_by_its_own_configuration(tmp_path):
    study = ended(first(tmp_path, trainer={"function": "toy:train", "m": 2}), tmp_path)
    best = choose_best(study.record, tmp_path / "sweep")
    x = best.params["x"]
    extend(tmp_path, "trials=+2", f"parameters.x={{min: 0.0, max: {x / 4}}}", "trainer.m=3")
    record = read_sweep(tmp_path / "sweep")
    found = choose_best(record, tmp_path / "sweep")
    assert (found.trial, found.params, found.generation) == (best.trial, best.params, 1)
    assert f"x {x:g} is outside" in found.note
    settings = read_config(tmp_path / "sweep", generation=1).trial_settings(found.params)
    assert settings == {"m": 2, **best.params}
    assert read_config(tmp_path / "sweep").trial_settings(record.trials[-1].params)["m"] == 3
    assert all(trial.outside for trial in record.trials[:6])


def test_unfinished_trials_go_on_where_they_fit_and_are_ended_where_they_do_not(tmp_path):
    config = first(tmp_path)
    running = [trial for trial in ended(config, tmp_path, steps=7, slots=3).record.trials if not trial.state.final]
    fits, not_so = sorted(running, key=lambda trial: -trial.params["x"])[:2]
    extension, study, ledger = begin_extension(tmp_path, [f"parameters.x={{min: {fits.params['x']}, max: 1.0}}"])
    ledger.close()
    assert extension.unfinished == (fits.id,)
    ends = {trial.id: trial for trial in study.record.trials}
    assert ends[not_so.id].state is State.STOPPED
    assert ends[not_so.id].reason.code == "outside"
    assert ends[not_so.id].reason.text.startswith("it does not fit the extended sweep: x ")
    study = resume(tmp_path)
    ends = {trial.id: trial for trial in study.record.trials}
    assert [report.number for report in ends[fits.id].reports] == [1, 2, 3, 4]
    assert len(ends) == 6
    once(tmp_path)


def test_an_extension_of_an_extension_takes_back_what_fits_again(tmp_path):
    ended(first(tmp_path), tmp_path)
    x = sorted(trial.params["x"] for trial in read_sweep(tmp_path / "sweep").trials)
    extend(tmp_path, "trials=+2", f"parameters.x={{min: {x[3]}, max: 1.0}}")
    second = read_sweep(tmp_path / "sweep")
    assert sum(bool(trial.outside) for trial in second.trials) == 3
    extend(tmp_path, "trials=+2", f"parameters.x={{min: {x[1]}, max: 1.0}}", "keep_checkpoints=+1")
    third = read_sweep(tmp_path / "sweep")
    assert sum(bool(trial.outside) for trial in third.trials) == 1
    assert [trial.generation for trial in third.trials].count(3) == 9
    assert len(third.trials) == 10
    assert sorted(path.name for path in (tmp_path / "sweep").glob("sweep*.yaml")) == [
        "sweep.1.yaml",
        "sweep.2.yaml",
        "sweep.yaml",
    ]
    assert [read_config(tmp_path / "sweep", generation=n).space["x"].low for n in (1, 2, 3)] == [0.0, x[3], x[1]]
    assert len(on_disk(tmp_path / "sweep")) == 3
    once(tmp_path)


def test_budgets_count_on(tmp_path):
    limits = {"trials": None, "budget": {"trainings": 3.0}, "reports": REPORTS}
    assert ended(first(tmp_path, **limits), tmp_path).spent.trainings == 3.0
    study = extend(tmp_path, "budget.trainings=+2")
    assert study.spent.trainings == 5.0
    assert len(study.record.trials) == 5
    assert study.config.limits.trainings == 5.0
    once(tmp_path)


def test_patience_and_target_count_what_was_before(tmp_path):
    config = first(tmp_path, trials=None, stop_when={"no_better_for": 3})
    before = ended(config, tmp_path)
    assert before.closed == "3 trials came to nothing better"
    with pytest.raises(InputError, match="leaves nothing to do: 3 trials came to nothing better"):
        extend(tmp_path, "retries=5")
    after = extend(tmp_path, "stop_when.no_better_for=+2")
    assert len(after.record.trials) > len(before.record.trials)
    assert after.closed == "5 trials came to nothing better"
    with pytest.raises(InputError, match="leaves nothing to do: the target was reached by"):
        extend(tmp_path, "stop_when={target: 0.01}", "trials=40")


@pytest.mark.parametrize(
    ("changes", "cells"),
    [
        (["parameters.k=[1, 2, 3]"], {(x, k) for x in (0.1, 0.9, 0.5) for k in (1, 2, 3)}),
        (["parameters.x=[0.9, 0.5, 0.7]"], {(x, k) for x in (0.9, 0.5, 0.7) for k in (1, 2)}),
        (["parameters.k=[3]"], {(x, 3) for x in (0.1, 0.9, 0.5)}),
        (["parameters.x=[0.7, 0.1]", "parameters.k={value: 1}"], {(0.7, 1), (0.1, 1)}),
        (["parameters.k=[1, 2, 3]", "points=[{x: 0.5, k: 3}]"], {(x, k) for x in (0.1, 0.9, 0.5) for k in (1, 2, 3)}),
    ],
)
@pytest.mark.parametrize("steps", [pytest.param(None, marks=pytest.mark.slow), 6])
def test_every_cell_of_a_grid_that_grew_is_tried_once(tmp_path, changes, cells, steps):
    parameters = {"x": [0.1, 0.9, 0.5], "k": [1, 2]}
    ended(first(tmp_path, method="grid", trials=None, parameters=parameters), tmp_path, steps=steps)
    before = [(trial.params["x"], trial.params["k"]) for trial in read_sweep(tmp_path / "sweep").trials]
    extend(tmp_path, *changes, steps=5)
    study = resume(tmp_path)
    tried = [(trial.params["x"], trial.params["k"]) for trial in study.record.trials]
    assert set(tried) == cells | set(before)
    assert len(tried) == len(set(tried))
    assert study.record.planned == len(tried)
    assert {trial.id for trial in study.record.trials if trial.outside} == {
        f"t{at:04}" for at, cell in enumerate(before, 1) if cell not in cells
    }
    if "points" in changes[-1]:
        assert tried[len(before)] == (0.5, 3)
    once(tmp_path)


def test_a_grid_after_another_method_leaves_out_what_that_tried(tmp_path):
    ended(first(tmp_path, method="tpe", trials=4, parameters={"x": [0.1, 0.9, 0.5], "k": [1, 2, 3]}), tmp_path)
    study = extend(tmp_path, "method=grid", "trials=20")
    assert len(study.record.trials) == 9 == study.record.planned
    once(tmp_path)


def test_auto_may_choose_another_searcher_for_another_number_of_trials(tmp_path):
    ended(first(tmp_path, method="auto", trials=4, parameters={"x": [0.1, 0.9, 0.5], "k": [1, 2]}), tmp_path)
    study = extend(tmp_path, "trials=+6")
    assert len(study.record.trials) == 6
    assert study.closed
    with pytest.raises(InputError, match="leaves nothing to do: all 6 configurations of the space were tried"):
        extend(tmp_path, "trials=+1")
    once(tmp_path)


@pytest.mark.parametrize("method", ["random", "tpe", "grid"])
def test_points_given_with_the_extension_are_tried_next(tmp_path, method):
    parameters = {"x": [0.1, 0.9, 0.5, 0.4, 0.3], "k": [1, 2, 3]}
    ended(first(tmp_path, method=method, trials=4, parameters=parameters, points=[{"x": 0.4, "k": 2}]), tmp_path)
    study = extend(tmp_path, "trials=+4", "points=[{x: 0.4, k: 2}, {x: 0.3, k: 3}, {x: 0.9, k: 3}]", steps=2)
    study = resume(tmp_path)
    tried = [(trial.params["x"], trial.params["k"]) for trial in study.record.trials]
    assert tried.count((0.4, 2)) == tried.count((0.3, 3)) == tried.count((0.9, 3)) == 1
    fresh = [one for one in tried[4:6] if one in [(0.3, 3), (0.9, 3)]]
    assert fresh == [one for one in [(0.3, 3), (0.9, 3)] if one not in tried[:4]]
    assert len(tried) == 8


def test_new_priors_are_leant_on_from_the_extension_on(tmp_path):
    ended(first(tmp_path, trials=12), tmp_path)
    study = extend(tmp_path, "trials=+8", "parameters.x={min: 0.0, max: 1.0, prior: 0.123}")
    assert study.record.trials[12].params["x"] == 0.123
    near = [trial for trial in study.record.trials[13:] if abs(trial.params["x"] - 0.123) < 0.2]
    assert near


def test_paused_losers_may_go_on_where_their_newest_checkpoint_is_still_there(tmp_path):
    stopping = {**PROMOTION, "reduction_factor": 2}
    config = first(tmp_path, early_stopping=stopping, reports=REPORTS, trials=9, keep_checkpoints=3)
    before = ended(config, tmp_path)
    stopped = {trial.id for trial in before.record.trials if trial.state is State.STOPPED}
    there = {path.parent.parent.name: path.name for path in on_disk(tmp_path / "sweep")}
    extension, study, ledger = begin_extension(tmp_path, ["trials=+9"])
    ledger.close()
    assert set(extension.reopened) == {one for one in there if one in stopped}
    assert extension.reopened
    assert len(on_disk(tmp_path / "sweep")) == 3  # no more than before
    assert {t.id for t in study.record.trials if t.state is State.PAUSED} == set(extension.reopened)
    study = resume(tmp_path, steps=3)
    study = resume(tmp_path)
    again = [t for t in study.record.trials if t.id in extension.reopened and t.attempt > 1]
    assert again, "the best of those that waited is promoted when as many others have come"
    assert all(trial.state.final for trial in study.record.trials)
    assert len(study.record.trials) == 18
    assert len(on_disk(tmp_path / "sweep")) == 3
    once(tmp_path)


def test_another_scheduler_takes_what_happened_as_it_happened(tmp_path):
    """Trials that the new one would have stopped have gone on, and those that it would not have paused go on now."""
    ended(first(tmp_path, reports=REPORTS, trials=6), tmp_path, steps=17, slots=2)
    extend(tmp_path, "early_stopping={scheduler: asha, mode: promotion}", "trials=+6", steps=9, slots=2)
    extend(tmp_path, "early_stopping=none", "trials=+2", steps=3, slots=2)
    study = resume(tmp_path, slots=2)
    ends = {trial.state for trial in study.record.trials}
    assert ends <= {State.FINISHED, State.STOPPED}
    assert all(len(t.reports) == REPORTS for t in study.record.trials if t.state is State.FINISHED)
    assert len(study.record.trials) == 14
    once(tmp_path)


BEFORE = {"asha": "asha", "median": "median", "patience": "patience", "pasha": "pasha", "promotion": PROMOTION}
AFTER = {"asha": "asha", "none": "none", "median": "median", "brackets": "{scheduler: hyperband, mode: promotion}"}
PAIRS = [
    pytest.param(before, after, marks=() if (before, after) in {("promotion", "none")} else pytest.mark.slow)
    for before in BEFORE
    for after in AFTER
]


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_any_scheduler_after_any_other_comes_to_an_end(tmp_path, before, after):
    ended(first(tmp_path, early_stopping=BEFORE[before], reports=REPORTS, trials=6), tmp_path, slots=2)
    extend(tmp_path, f"early_stopping={AFTER[after]}", "trials=+5", "finish=2", slots=2, steps=6)
    study = resume(tmp_path, slots=2)
    assert study.settled
    assert all(trial.state.final for trial in study.record.trials)
    assert len(study.record.trials) == 11
    once(tmp_path)


def test_more_checkpoints_are_kept_where_the_extension_says_so(tmp_path):
    ended(first(tmp_path, keep_checkpoints=1), tmp_path)
    study = extend(tmp_path, "trials=+6", "keep_checkpoints=4")
    kept = {path.parent.parent.name for path in on_disk(tmp_path / "sweep")}
    assert len(kept) == 4  # though more than three of the first six were better than some of them, and are gone
    assert choose_best(study.record, tmp_path / "sweep").trial in kept
