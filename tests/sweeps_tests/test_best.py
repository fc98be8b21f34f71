import dataclasses

import pytest

from sweeps.records.best import choose_best
from sweeps.records.record import ReportRecord, State, SweepRecord, TrialRecord
from trainer.manifest import write_manifest


def checkpoint_of(trial, number):
    return f"trials/{trial}/checkpoints/r{number:04}"


def make_trial(number, values, state=State.FINISHED, **fields):
    id = f"t{number:04}"
    reports = tuple(
        ReportRecord(place, {"accuracy": value}, 1, 0.0, checkpoint=checkpoint_of(id, place))
        for place, value in enumerate(values, 1)
    )
    return TrialRecord(id, {"lr": number}, state, reports=reports, **fields)


def make_sweep(*trials, goal="maximize"):
    return SweepRecord("digits", "accuracy", goal, "finished", trials)


@pytest.fixture
def write(tmp_path):
    def write(record):
        for trial in record.trials:
            for report in trial.reports:
                folder = tmp_path / report.checkpoint
                folder.mkdir(parents=True)
                (folder / "model.safetensors").write_bytes(b"weights of " + report.checkpoint.encode())
                write_manifest(folder, {"number": report.number})
        return record

    return write


def test_the_best_report_wins_not_the_last(tmp_path, write):
    record = write(make_sweep(make_trial(1, [0.5, 0.75, 0.6]), make_trial(2, [0.7, 0.7])))
    best = choose_best(record, tmp_path)
    assert (best.trial, best.report, best.value, best.params) == ("t0001", 2, 0.75, {"lr": 1})
    assert (tmp_path / best.checkpoint / "model.safetensors").exists()
    assert best.note == ""
    lowest = choose_best(dataclasses.replace(record, goal="minimize"), tmp_path)
    assert (lowest.trial, lowest.report) == ("t0001", 1)


@pytest.mark.parametrize("state", [State.FAILED, State.DIVERGED])
def test_a_trial_that_failed_never_wins(tmp_path, write, state):
    record = write(make_sweep(make_trial(1, [0.9], state), make_trial(2, [0.1])))
    assert choose_best(record, tmp_path).trial == "t0002"
    assert choose_best(make_sweep(make_trial(1, [0.9], state)), tmp_path, usable_only=False) is None


def test_of_equals_the_earlier_wins(tmp_path, write):
    record = write(make_sweep(make_trial(1, [0.5, 0.5]), make_trial(2, [0.5])))
    best = choose_best(record, tmp_path)
    assert (best.trial, best.report) == ("t0001", 1)


@pytest.mark.parametrize("damage", ["flip", "truncate", "manifest", "missing"])
def test_a_damaged_checkpoint_is_passed_over_for_the_next_best_value(tmp_path, write, damage, caplog):
    record = write(make_sweep(make_trial(1, [0.6, 0.9]), make_trial(2, [0.7])))
    folder = tmp_path / checkpoint_of("t0001", 2)
    weights = folder / "model.safetensors"
    if damage == "flip":
        weights.write_bytes(b"W" + weights.read_bytes()[1:])
    elif damage == "truncate":
        weights.write_bytes(weights.read_bytes()[:-1])
    elif damage == "manifest":
        (folder / "manifest.json").unlink()
    else:
        folder.rename(tmp_path / "elsewhere")
    best = choose_best(record, tmp_path)
    assert (best.trial, best.value) == ("t0002", 0.7)
    assert bool(caplog.records) == (damage != "missing")


def test_the_trials_own_next_best_counts_with_its_own_value(tmp_path, write):
    record = write(make_sweep(make_trial(1, [0.8, 0.9])))
    (tmp_path / checkpoint_of("t0001", 2) / "manifest.json").unlink()
    best = choose_best(record, tmp_path)
    assert (best.report, best.value, best.checkpoint) == (1, 0.8, checkpoint_of("t0001", 1))


def test_a_dropped_checkpoint_cannot_be_taken_home(tmp_path, write):
    record = write(
        make_sweep(make_trial(1, [0.9], dropped=frozenset({checkpoint_of("t0001", 1)})), make_trial(2, [0.1]))
    )
    assert choose_best(record, tmp_path).trial == "t0002"
    shown = choose_best(record, tmp_path, usable_only=False)
    assert (shown.trial, shown.checkpoint) == ("t0001", None)


def test_a_running_trial_counts_for_the_status(tmp_path):
    record = make_sweep(make_trial(1, [0.9], State.RUNNING), make_trial(2, [0.1]))
    best = choose_best(record, tmp_path, usable_only=False)
    assert (best.trial, best.state, best.note) == ("t0001", State.RUNNING, "t0001 is not at its end: running")
    assert choose_best(record, tmp_path) is None


def test_it_says_that_the_holder_was_stopped_early_and_can_prefer_finished_ones(tmp_path, write):
    record = write(make_sweep(make_trial(1, [0.9], State.STOPPED), make_trial(2, [0.1])))
    best = choose_best(record, tmp_path)
    assert best.stopped_early
    assert "stopped early" in best.note
    assert choose_best(record, tmp_path, prefer_finished=True).trial == "t0002"


def test_without_any_report_there_is_no_best(tmp_path):
    other = TrialRecord("t0001", {}, State.FINISHED, reports=(ReportRecord(1, {"loss": 1.0}, 1, 0.0),))
    assert choose_best(make_sweep(other, make_trial(2, [])), tmp_path, usable_only=False) is None
