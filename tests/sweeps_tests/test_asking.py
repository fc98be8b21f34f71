"""Asking something of a sweep: refused before anything is written, or left for its driver, whose answer comes back."""

import json
import threading

import pytest

from sweeps.api import open_sweep
from sweeps.cli import app
from sweeps.engine.desk import Desk
from sweeps.engine.signals import Signals
from sweeps.errors import InputError
from sweeps.records.builder import read_sweep
from sweeps.records.commands import Command, Kind, waiting
from sweeps.records.lock import SweepLock
from sweeps.study.asking import ask
from tests.sweeps_tests.extension_kit import ended, first
from tests.sweeps_tests.study_kit import REPORTS, Clock, begin, play

SPACE = {
    "x": {"min": 0.0, "max": 1.0},
    "k": {"values": [1, 2, 3]},
    "layers": {"values": [1, 2], "when": {"k": 3}},
}


@pytest.fixture
def finished(tmp_path):
    return ended(first(tmp_path, parameters=SPACE, reports=REPORTS), tmp_path).folder


def refused(folder, command, **how):
    with pytest.raises(InputError) as caught:
        ask(folder, command, **how)
    assert waiting(folder) == []
    line = str(caught.value)
    assert "\n" not in line
    return line


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, ["no value is given", "x, k, layers"]),
        ({"y": 1}, ["y", "no parameter of this sweep", "x, k, layers"]),
        ({"x": 2.0}, ["x", "cannot be 2.0", "min 0.0, max 1.0", "`sweeps extend` can widen it"]),
        ({"x": "abc"}, ["x", "cannot be 'abc'", "min 0.0, max 1.0"]),
        ({"k": 2, "layers": 1}, ["layers is inactive there", "k: 3"]),
    ],
)
def test_a_configuration_that_cannot_be(finished, values, words):
    line = refused(finished, Command(Kind.ADD, values=values))
    assert all(word in line for word in words), line


def test_trials_that_are_not_there_or_over(finished):
    assert "there is no trial t0077" in refused(finished, Command(Kind.STOP, trial="t0077"))
    assert "at its end already: it is finished" in refused(finished, Command(Kind.STOP, trial="t0001"))
    assert "there is no trial tt01; did you mean t0001" in refused(finished, Command(Kind.CLONE, trial="tt01"))
    assert ask(finished, Command(Kind.CLONE, trial="2", values={"k": 1})).command.trial == "t0002"


def test_a_warm_copy_needs_something_to_go_on_from(finished):
    trial = read_sweep(finished).trials[0]
    line = refused(finished, Command(Kind.CLONE, trial=trial.id, warm=True))
    assert "no checkpoint that is still there" in line or "at the end of its training" in line
    assert "--warm" in line


def test_what_the_shared_trainer_cannot_change_in_the_middle(tmp_path):
    from sweeps.config import from_mapping
    from sweeps.records.record import SweepRecord, TrialRecord
    from sweeps.study.requests import check

    config = from_mapping(
        {
            "name": "digits",
            "trainer": {
                "task": "classification",
                "model": "sweeps.recipes.digits_model:mlp",
                "data": {"sklearn": "digits"},
            },
            "metric": {"name": "accuracy", "goal": "maximize"},
            "parameters": {"learning_rate": {"min": 0.001, "max": 0.1}, "batch_size": [32, 64]},
            "trials": 2,
        },
        base=tmp_path,
        outside=False,
    )
    trial = TrialRecord("t0001", {"learning_rate": 0.01, "batch_size": 32})
    record = SweepRecord("digits", "accuracy", "maximize", "running", (trial,))
    command = Command(Kind.CLONE, trial="t0001", values={"per_device_train_batch_size": 64}, warm=True)
    with pytest.raises(InputError, match=r"batch_size: cannot be changed while a trial trains: .*leave out --warm"):
        check(command, config, record, tmp_path)


def test_a_population_is_joined_by_nobody(tmp_path):
    settings = {
        "early_stopping": {"scheduler": "pbt", "perturbation_interval": 1, "mutate": ["x"]},
        "parameters": SPACE,
    }
    folder = ended(first(tmp_path, **settings), tmp_path, steps=3, slots=6).folder
    assert "pbt trains a population" in refused(folder, Command(Kind.ADD, values={"x": 0.5}))


def test_nobody_is_there_to_stop(finished):
    assert "nobody runs this sweep now" in refused(finished, Command(Kind.STOP))
    assert "has finished already" in refused(finished, Command(Kind.FINISH))


def test_without_a_driver_it_waits_for_the_next_one(finished):
    asked = ask(finished, Command(Kind.ADD, values={"x": 0.5, "k": 1}))
    assert not asked.done
    assert f"sweeps resume {finished}" in asked.text
    (found,) = waiting(finished)
    assert (found.values, found.id) == ({"x": 0.5, "k": 1}, asked.command.id)
    assert "@" in found.by


def test_what_waits_is_shown(finished, capsys):
    ask(finished, Command(Kind.CLONE, trial="1", values={"k": 1}, by="ada@host"))
    ask(finished, Command(Kind.EXTEND, values={"changes": ["trials=+2"]}, now=True, by="ada@host"))
    app(["status", str(finished)], standalone_mode=False)
    shown = capsys.readouterr().out
    assert "waiting  clone t0001 k=1, asked for by ada@host" in shown
    assert "waiting  extend trials=+2 --now, asked for by ada@host" in shown
    app(["status", str(finished), "--json"], standalone_mode=False)
    assert len(json.loads(capsys.readouterr().out)["waiting"]) == 2


def test_the_driver_answers_while_one_waits(tmp_path):
    config = first(tmp_path, parameters=SPACE, reports=REPORTS)
    study, ledger = begin(config, tmp_path / "sweep")
    play(study, steps=3)
    desk, over = Desk(study, Signals(), Clock()), threading.Event()

    def drive():
        while not over.wait(0.02):
            desk.look()

    driver = threading.Thread(target=drive)
    with ledger, SweepLock(study.folder):
        driver.start()
        try:
            asked = ask(study.folder, Command(Kind.ADD, values={"x": 0.5, "k": 1}, by="ada@host"))
            assert asked.done
            assert asked.text == "t0002 joins the queue, asked for by ada@host: x=0.5 k=1; 7 trials are planned now"
            with pytest.raises(InputError, match="trained already, as t0002"):
                ask(study.folder, Command(Kind.ADD, values={"x": 0.5, "k": 1}))
            later = ask(study.folder, Command(Kind.EXTEND, values={"changes": ["trials=+1"]}))
            assert "when its trials are over" in later.text
        finally:
            over.set()
            driver.join()


def test_a_driver_that_is_busy_is_not_waited_for_without_end(tmp_path):
    config = first(tmp_path, parameters=SPACE)
    study, ledger = begin(config, tmp_path / "sweep")
    with ledger, SweepLock(study.folder):
        asked = ask(study.folder, Command(Kind.FINISH), wait=0.1)
    assert (asked.done, asked.text) == (False, "left for the driver of toy, which takes it up soon; it is busy")


def test_on_the_command_line(finished, capsys):
    with pytest.raises(InputError, match="leave out the trials, or --finish"):
        app(["stop", str(finished), "t0001", "--finish"], standalone_mode=False)
    app(["add", str(finished), "x=0.25", "k=1"], standalone_mode=False)
    app(["clone", str(finished), "t0001", "x=0.125"], standalone_mode=False)
    assert capsys.readouterr().out.count("takes it up") == 2
    assert [dict(one.values) for one in waiting(finished)] == [{"x": 0.25, "k": 1}, {"x": 0.125}]


def test_from_python(finished):
    sweep = open_sweep(finished)
    assert "takes it up" in sweep.add({"x": 0.25, "k": 1})
    assert "takes it up" in sweep.clone("t0001", {"x": 0.125})
    assert [str(one.kind) for one in waiting(finished)] == ["add", "clone"]
    with pytest.raises(InputError, match="nobody runs this sweep now"):
        sweep.stop()
    with pytest.raises(InputError, match="has finished already"):
        sweep.stop(finish=True)
    with pytest.raises(InputError, match="at its end already"):
        sweep.stop("t0001")
