"""Sweeps that are cut off anywhere and go on: nothing is lost, nothing twice, and the result is the same."""

import shutil

import pytest

from sweeps.records.best import choose_best
from sweeps.records.builder import read_sweep
from sweeps.records.ledger import read_events
from sweeps.records.record import Reason, State
from sweeps.study.recovery import undelivered
from tests.end_to_end.harness import check_invariants
from tests.sweeps_tests.study_kit import (
    REPORTS,
    Died,
    FunctionWorker,
    LoopWorker,
    begin,
    on_disk,
    play,
    run,
    shape,
    sweep_config,
)
from trainer.manifest import write_manifest


@pytest.fixture(autouse=True)
def _no_power_cuts(monkeypatch):
    monkeypatch.setattr("os.fsync", lambda file: None)  # hundreds of sweeps, none of which outlives this process


KINDS = [FunctionWorker, LoopWorker]
METHODS = {
    "random": {"method": "random"},
    "grid": {"method": "grid", "trials": None, "parameters": {"x": [0.1, 0.9, 0.5], "k": [1, 2]}},
    "sobol": {"method": "sobol"},
    # Past their starts, which have no model.
    "bayesian": {"method": "bayesian", "trials": 14},
    "gp": {"method": "gp", "trials": 14},
    "auto": {"method": "auto", "trials": 14},
    # Beyond the trials that the process has no opinion of, which then says whom to promote.
    "guided": {"method": "ensemble", "early_stopping": {"scheduler": "asha", "mode": "promotion"}, "trials": 26},
    "promotion": {"early_stopping": {"scheduler": "asha", "mode": "promotion"}, "trials": 9},
}


CUTS = [
    pytest.param(method, steps, marks=pytest.mark.slow if method in ("gp", "auto", "guided") and steps < 13 else ())
    for method in METHODS
    for steps in (1, 6, 13)
]


@pytest.mark.parametrize(("method", "steps"), CUTS)
def test_an_interrupted_sweep_ends_like_one_that_was_not(tmp_path, method, steps):
    config = sweep_config(tmp_path, **{"early_stopping": "asha", **METHODS[method]})
    whole = run(config, tmp_path / "whole")
    study, ledger = begin(config, tmp_path / "cut")
    with ledger:
        play(study, steps=steps)
        study.interrupt(Reason("interrupted", "by a signal"))
    resumed = run(config, tmp_path / "cut")
    assert shape(resumed) == shape(whole)
    check_invariants(tmp_path / "cut", trials=config.planned)


# A death at every line is in the whole suite; the fast part has one at every seventh.
STEPS = pytest.mark.parametrize("step", [7, pytest.param(1, marks=pytest.mark.slow)])


def after_deaths(tmp_path, config, step, **how):
    """The study after each death and its resumption, with the number of lines that the first driver wrote."""
    lines = len(read_events(run(config, tmp_path / "whole", **how).folder)[0])
    assert lines > 20
    for line in range(1, lines, step):
        folder = tmp_path / "cut"
        with pytest.raises(Died):
            run(config, folder, line, **how)
        yield line, run(config, folder, **how)
        shutil.rmtree(folder)


@STEPS
@pytest.mark.parametrize("kind", KINDS)
def test_a_driver_that_dies_at_any_line_changes_nothing(tmp_path, kind, step):
    config = sweep_config(tmp_path, early_stopping="asha", method="bayesian", trials=5)
    expected = shape(run(config, tmp_path / "reference", kind=kind))
    for line, study in after_deaths(tmp_path, config, step, kind=kind):
        check_invariants(study.folder, trials=5, reports=REPORTS)
        assert shape(study) == expected, f"after line {line}"
        assert len(on_disk(study.folder)) == config.keep_checkpoints, f"after line {line}"


@STEPS
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("end", [{"trials": 7}, {"trials": None, "budget": {"trainings": 4}}])
def test_nor_where_trials_are_paused_and_go_on(tmp_path, kind, end, step):
    promotion = {"scheduler": "asha", "mode": "promotion", "reduction_factor": 2}
    config = sweep_config(tmp_path, early_stopping=promotion, reports=REPORTS, keep_paused=1, **end)
    reference = run(config, tmp_path / "reference", kind=kind)
    for line, study in after_deaths(tmp_path, config, step, kind=kind):
        check_invariants(study.folder, trials=len(reference.record.trials), reports=REPORTS)
        assert shape(study) == shape(reference), f"after line {line}"
        assert len(on_disk(study.folder)) == config.keep_checkpoints, f"after line {line}"


@STEPS
@pytest.mark.parametrize("kind", KINDS)
def test_with_two_workers_the_best_is_the_same_and_can_be_used(tmp_path, kind, step):
    config = sweep_config(tmp_path, trials=4)
    reference = run(config, tmp_path / "reference", kind=kind, slots=2)
    best = choose_best(reference.record, reference.folder)
    for line, study in after_deaths(tmp_path, config, step, kind=kind, slots=2):
        check_invariants(study.folder, trials=4, reports=REPORTS)
        found = choose_best(read_sweep(study.folder), study.folder)
        assert found == best, f"after line {line}"
        assert len(on_disk(study.folder)) == config.keep_checkpoints, f"after line {line}"


@pytest.mark.parametrize("lines", [4, 5, 9])
def test_a_driver_that_dies_again_and_again_comes_to_the_same_end(tmp_path, lines):
    config = sweep_config(tmp_path, early_stopping="asha", method="bayesian", trials=5)
    expected = shape(run(config, tmp_path / "whole"))
    deaths, study = 0, None
    while study is None:
        try:
            study = run(config, tmp_path / "cut", lines)
        except Died:
            deaths += 1
    assert deaths > 2
    assert shape(study) == expected
    check_invariants(tmp_path / "cut", trials=5, reports=REPORTS)


@pytest.mark.parametrize("kind", KINDS)
def test_the_report_of_a_checkpoint_that_the_ledger_never_got_is_written_before_the_trial_goes_on(tmp_path, kind):
    config = sweep_config(tmp_path, trials=1)
    with pytest.raises(Died):
        run(config, tmp_path / "cut", 4, kind=kind)  # sweep, trial, running, report 1; checkpoint 2 is on disk
    (ahead,) = undelivered(tmp_path / "cut" / "trials" / "t0001", known=1)
    assert ahead["number"] == 2
    assert ahead["checkpoint"].endswith("trials/t0001/checkpoints/r0002")
    study = run(config, tmp_path / "cut", kind=kind)
    attempts = [(event["report"], event["attempt"]) for event in read_events(study.folder)[0] if "report" in event]
    assert attempts == [(1, 1), (2, 2), (3, 2), (4, 2)]


def test_a_loop_that_was_several_reports_ahead_loses_none(tmp_path):
    config = sweep_config(tmp_path, trials=1)
    study, ledger = begin(config, tmp_path / "cut")
    with ledger:
        worker = LoopWorker(study, study.start())
        for number in (1, 2, 3):
            worker.number = number
            worker.save(worker.message())
    assert [message["number"] for message in undelivered(tmp_path / "cut" / "trials" / "t0001", known=0)] == [1, 2, 3]
    resumed = run(config, tmp_path / "cut", kind=LoopWorker)
    assert len(resumed.record.trials[0].reports) == REPORTS
    check_invariants(tmp_path / "cut", trials=1, reports=REPORTS)


def test_a_checkpoint_of_another_version_fails_its_trial_and_not_the_sweep(tmp_path):
    config = sweep_config(tmp_path, trials=2)
    with pytest.raises(Died):
        run(config, tmp_path / "cut", 5, kind=LoopWorker)
    newest = on_disk(tmp_path / "cut")[-1]
    (newest / "progress.json").write_text('{"from": "the future"}')
    write_manifest(newest, {})
    study = run(config, tmp_path / "cut", kind=LoopWorker)
    assert [trial.state for trial in study.record.trials] == [State.FAILED, State.FINISHED]
    assert study.record.trials[0].reason.code == "checkpoint"
    assert "progress.json: cannot be read" in study.record.trials[0].reason.text


def test_trials_that_were_never_started_are_asked_for_as_if_nothing_had_happened(tmp_path):
    config = sweep_config(tmp_path)
    with pytest.raises(Died):
        run(config, tmp_path / "cut", 1)
    assert shape(run(config, tmp_path / "cut")) == shape(run(config, tmp_path / "whole"))


def test_what_a_dead_worker_left_of_an_ended_trial_is_cleared_on_resume(tmp_path):
    config = sweep_config(tmp_path, trials=2)
    with pytest.raises(Died):
        run(config, tmp_path / "cut", 9)
    ended = read_sweep(tmp_path / "cut").trials[0]
    assert ended.state is State.FINISHED
    stray = tmp_path / "cut" / "trials" / ended.id / "checkpoints" / "r0009"
    stray.mkdir()
    run(config, tmp_path / "cut")
    assert not stray.exists()
    assert len(on_disk(tmp_path / "cut")) == 2
