"""What people ask of a sweep while it runs: done once, written down, and the same after a driver that died anywhere."""

import shutil

import pytest

from sweeps.engine.desk import Desk
from sweeps.engine.signals import Interrupted, Signals
from sweeps.errors import Exit
from sweeps.records.builder import read_sweep
from sweeps.records.commands import Command, Kind, answer, submit, waiting
from sweeps.records.ledger import read_events
from sweeps.records.record import Reason, State
from sweeps.records.stop_file import StopWatch, stop_file
from tests.sweeps_tests.study_kit import (
    REPORTS,
    Clock,
    Died,
    FunctionWorker,
    LoopWorker,
    begin,
    play,
    run,
    shape,
    sweep_config,
)

ASHA = {"scheduler": "asha", "mode": "promotion", "reduction_factor": 2}


@pytest.fixture(autouse=True)
def _no_power_cuts(monkeypatch):
    monkeypatch.setattr("os.fsync", lambda file: None)


def desk_of(study):
    return Desk(study, Signals(), Clock())


def answers(folder):
    return [event for event in read_events(folder)[0] if event["event"] == "command"]


def started(tmp_path, steps, **settings):
    study, ledger = begin(sweep_config(tmp_path, reports=REPORTS, **settings), tmp_path / "sweep")
    study.busy = []
    play(study, slots=2, steps=steps, workers=study.busy)
    return study, ledger


def end(study, ledger):
    play(study, slots=2, workers=study.busy)
    study.close()
    study.write("sweep_end", state="finished")
    ledger.close()


@pytest.mark.parametrize("method", ["random", "tpe", "gp", "auto"])
def test_an_added_configuration_is_one_more_trial(tmp_path, method):
    study, ledger = started(tmp_path, 5, method=method)
    asked = submit(study.folder, Command(Kind.ADD, values={"x": 0.25}, by="ada@host"))
    desk_of(study).look()
    end(study, ledger)
    record = read_sweep(study.folder)
    added = next(trial for trial in record.trials if trial.by)
    assert (added.params["x"], added.state, added.by) == (0.25, State.FINISHED, "ada@host")
    assert added.params["k"] in (1, 2, 3)  # what was not given is at its middle
    assert (len(record.trials), record.planned) == (7, 7)
    assert len({trial.id for trial in record.trials}) == 7
    said = answer(read_events(study.folder)[0], asked.id)
    assert said["trial"] == added.id
    assert "7 trials are planned now" in said["text"]
    assert waiting(study.folder) == []


def test_a_grid_keeps_all_of_its_own(tmp_path):
    grid = {"x": {"values": [0.1, 0.2]}, "k": {"values": [1, 2]}}
    study, ledger = started(tmp_path, 5, method="grid", parameters=grid, trials=None)
    submit(study.folder, Command(Kind.ADD, values={"x": 0.2, "k": 2}))  # its turn would have come
    desk_of(study).look()
    end(study, ledger)
    tried = sorted((trial.params["x"], trial.params["k"]) for trial in read_sweep(study.folder).trials)
    assert tried == [(0.1, 1), (0.1, 2), (0.2, 1), (0.2, 2)]


def test_what_is_there_already_is_not_trained_again(tmp_path):
    study, ledger = started(tmp_path, 5)
    params = dict(study.record.trials[0].params)
    submit(study.folder, Command(Kind.ADD, values=params))
    desk_of(study).look()
    end(study, ledger)
    (said,) = answers(study.folder)
    assert (said["refused"], said["text"]) == (
        True,
        "these values are trained already, as t0001; change one of them",
    )
    assert len(read_sweep(study.folder).trials) == 6


def test_a_stopped_trial_leaves_its_worker_at_its_next_report(tmp_path):
    study, ledger = started(tmp_path, 2)
    submit(study.folder, Command(Kind.STOP, trial="t0002", by="ada@host"))
    desk_of(study).look()
    assert study.record.trials[1].state is State.RUNNING
    assert StopWatch(stop_file(study.folder, "t0002"))()
    end(study, ledger)
    trial = read_sweep(study.folder).trials[1]
    assert (trial.state, trial.reason.code, trial.reason.text) == (State.STOPPED, "by-hand", "stopped by ada@host")
    assert len(trial.reports) < REPORTS
    assert sum(other.state is State.FINISHED for other in read_sweep(study.folder).trials) == 5


def test_a_paused_trial_stops_at_once_and_never_goes_on(tmp_path):
    study, ledger = started(tmp_path, 4, early_stopping=ASHA, trials=12)
    paused = next(trial for trial in study.record.trials if trial.state is State.PAUSED)
    submit(study.folder, Command(Kind.STOP, trial=paused.id))
    desk_of(study).look()
    trial = next(one for one in study.record.trials if one.id == paused.id)
    assert (trial.state, trial.reason.code) == (State.STOPPED, "by-hand")
    end(study, ledger)
    assert read_sweep(study.folder).trials[int(paused.id[1:]) - 1].reports == paused.reports


def test_a_cold_copy_has_the_changed_value_and_the_others(tmp_path):
    study, ledger = started(tmp_path, 5)
    parent = study.record.trials[0]
    submit(study.folder, Command(Kind.CLONE, trial="t0001", values={"x": 0.123}))
    desk_of(study).look()
    end(study, ledger)
    copy = next(trial for trial in read_sweep(study.folder).trials if trial.by)
    assert copy.params == {**parent.params, "x": 0.123}
    assert copy.parent is None
    assert [report.number for report in copy.reports] == [1, 2, 3, 4]


@pytest.mark.parametrize("stopping", ["none", ASHA, {"scheduler": "hyperband", "reduction_factor": 2}])
def test_a_warm_copy_goes_on_from_the_checkpoint(tmp_path, stopping):
    study, ledger = started(tmp_path, 5, early_stopping=stopping)
    parent = study.record.trials[1]
    submit(study.folder, Command(Kind.CLONE, trial=parent.id, values={"x": 0.99}, warm=True))
    desk_of(study).look()
    (said,) = answers(study.folder)
    assert f"from report {parent.reached} of {parent.id}" in said["text"]
    end(study, ledger)
    copy = next(trial for trial in read_sweep(study.folder).trials if trial.by)
    assert (copy.parent.trial, copy.parent.report, copy.parent.replaces) == (parent.id, parent.reached, None)
    assert copy.reports[0].number == parent.reached + 1
    assert copy.params["x"] == 0.99


def test_winding_up_trains_the_best_to_its_end_and_nothing_else(tmp_path):
    study, ledger = started(tmp_path, 7, trials=20)
    submit(study.folder, Command(Kind.ADD, values={"x": 0.5, "k": 3}))
    desk_of(study).look()
    submit(study.folder, Command(Kind.FINISH, by="ada@host"))
    desk_of(study).look()
    submit(study.folder, Command(Kind.ADD, values={"x": 0.6, "k": 3}))
    desk_of(study).look()
    made = len(study.record.trials)
    end(study, ledger)
    record = read_sweep(study.folder)
    assert len(record.trials) == made < 10
    best = max(record.trials, key=lambda trial: max((r.metrics["score"] for r in trial.reports), default=0.0))
    assert best.state is State.FINISHED
    assert next(trial for trial in record.trials if trial.by).reports == ()  # it had not begun
    *_, late = answers(study.folder)
    assert late["refused"]
    assert "sweeps extend" in late["text"]


def test_a_sweep_that_was_wound_up_is_extended_like_any_other(tmp_path):
    from tests.sweeps_tests.extension_kit import extend, first

    study, ledger = begin(first(tmp_path, trials=9, early_stopping=ASHA, reports=REPORTS), tmp_path / "sweep")
    study.busy = []
    play(study, slots=2, steps=5, workers=study.busy)
    submit(study.folder, Command(Kind.EXTEND, values={"changes": ["trials=+5"]}))
    submit(study.folder, Command(Kind.FINISH, by="ada@host"))
    desk_of(study).look()
    waited, finish = answers(study.folder)
    assert (waited["refused"], waited["text"]) == (True, "not extended: ada@host wound the sweep up first")
    assert "1 that waited to extend it will not" in finish["text"]
    end(study, ledger)
    before = len(read_sweep(study.folder).trials)
    assert before < 9
    again = extend(tmp_path, "trials=+2")
    assert len(again.record.trials) == 11
    assert all(trial.state.final for trial in again.record.trials)
    assert len([trial for trial in again.record.trials if trial.state is State.FINISHED]) > 1


def test_nothing_is_wound_up_before_it_began(tmp_path):
    study, ledger = begin(sweep_config(tmp_path), tmp_path / "sweep")
    submit(study.folder, Command(Kind.FINISH))
    desk_of(study).look()
    (said,) = answers(study.folder)
    assert (said["refused"], study.open) == (True, 6)
    ledger.close()


def test_the_end_of_the_sweep_goes_to_whoever_drives_it(tmp_path):
    study, ledger = started(tmp_path, 3)
    signals = Signals()
    submit(study.folder, Command(Kind.STOP, by="ada@host"))
    Desk(study, signals, Clock()).look()
    with pytest.raises(Interrupted) as end:
        signals.check()
    assert (end.value.code, end.value.reason.text) == (
        Exit.INTERRUPTED,
        "the sweep is ended by ada@host; `sweeps resume` goes on with it",
    )
    ledger.close()


def test_a_stop_that_comes_too_late_does_not_end_the_next_driver(tmp_path):
    study, ledger = started(tmp_path, 3)
    ledger.close()
    submit(study.folder, Command(Kind.STOP))
    study, ledger = begin(study.config, study.folder)
    study.busy = []
    signals = Signals()
    Desk(study, signals, Clock()).open()
    signals.check()
    assert [event["refused"] for event in answers(study.folder)] == [True]
    end(study, ledger)


def test_an_extension_waits_unless_it_is_urgent(tmp_path):
    study, ledger = started(tmp_path, 3)
    signals = Signals()
    submit(study.folder, Command(Kind.EXTEND, values={"changes": ["trials=+1"]}))
    desk = Desk(study, signals, Clock())
    desk.look()
    signals.check()
    submit(study.folder, Command(Kind.EXTEND, values={"changes": ["trials=+1"]}, now=True))
    desk.look()
    with pytest.raises(Interrupted) as end:
        signals.check()
    assert (end.value.code, end.value.reason.code) == (Exit.DONE, "extended")
    assert len(waiting(study.folder)) == 2  # until they are made
    ledger.close()


def test_a_file_that_is_no_command_is_refused_and_harms_nothing(tmp_path):
    study, ledger = started(tmp_path, 3)
    submit(study.folder, Command(Kind.ADD, values={"x": 0.5, "k": 1}))
    (study.folder / "commands" / "0.json").write_text("{")
    (study.folder / "commands" / "00.json").write_text('{"kind": "burn"}')
    desk_of(study).look()
    assert [event["refused"] for event in answers(study.folder)] == [True, True, False]
    assert waiting(study.folder) == []
    end(study, ledger)


@pytest.mark.parametrize("kind", [FunctionWorker, LoopWorker])
@pytest.mark.parametrize("step", [7, pytest.param(1, marks=pytest.mark.slow)])
def test_a_driver_that_dies_at_any_line_does_each_command_once(tmp_path, kind, step):
    """Whatever the line, the next driver makes of the commands what this one would have."""
    config = sweep_config(tmp_path, reports=REPORTS, method="tpe")

    def steered(folder, lines=None):
        study, ledger = begin(config, folder, lines)
        with ledger:
            desk = desk_of(study)
            desk.open()
            busy = []
            play(study, slots=1, steps=6, kind=kind, workers=busy)
            if not (folder / "commands").exists():
                submit(folder, Command(Kind.ADD, values={"x": 0.25, "k": 2}, by="a@b"))
                submit(folder, Command(Kind.CLONE, trial="t0001", values={"x": 0.33}, by="a@b"))
                submit(folder, Command(Kind.STOP, trial="t0002", by="a@b"))
            desk.look()
            play(study, slots=1, kind=kind, workers=busy)
            study.close()
            study.write("sweep_end", state="finished")
        return study

    whole = steered(tmp_path / "whole")
    lines = len(read_events(whole.folder)[0])
    asked = next(event["n"] for event in read_events(whole.folder)[0] if event.get("command"))
    for line in range(asked - 1, lines - 1, step):
        folder = tmp_path / "cut"
        with pytest.raises(Died):
            steered(folder, lines=line)
        again = steered(folder)
        assert read_sweep(folder) == again.record
        assert [event["refused"] for event in answers(folder)] == [False] * 3, f"after line {line}"
        assert sorted(trial.params["x"] for trial in again.record.trials if trial.by) == [0.25, 0.33]
        assert len(again.record.trials) == len(whole.record.trials) == 8
        assert shape(again)[0] == shape(whole)[0]
        stopped = again.record.trials[1]  # how far it came depends on when its worker heard of it
        assert (stopped.state, stopped.reason) == (State.STOPPED, Reason("by-hand", "stopped by a@b"))
        assert len(stopped.reports) < REPORTS
        shutil.rmtree(folder)


def test_an_extension_counts_what_was_asked_for_besides(tmp_path):
    from tests.sweeps_tests.extension_kit import extend, first

    config = first(tmp_path)
    study, ledger = begin(config, tmp_path / "sweep")
    study.busy = []
    submit(study.folder, Command(Kind.ADD, values={"x": 0.5}))
    desk_of(study).look()
    end(study, ledger)
    before = len(read_sweep(study.folder).trials)
    again = extend(tmp_path, "trials=+2")
    assert len(again.record.trials) == before + 2
    assert again.record.planned == before + 2


def test_a_sweep_without_commands_is_what_it_was(tmp_path):
    study = run(sweep_config(tmp_path, reports=REPORTS), tmp_path / "sweep")
    desk_of(study).look()
    assert answers(study.folder) == []
