"""An extended sweep of the real trainer: what is shown of it, and models of trials that no longer fit."""

import json
import shutil

import pytest

import sweeps
from sweeps.records.builder import read_sweep
from sweeps.records.ledger import read_events
from sweeps.records.record import State
from sweeps.records.sweep_file import read_config
from sweeps.study.extension import plan_extension
from sweeps.take_home.best import best_of
from sweeps.take_home.candidates import Generations, choose
from sweeps.take_home.export import export_trial
from sweeps.views.tensorboard import TensorBoardSink
from tests.sweeps_tests.local_sweep import extend_here, validation_rows

CHANGES = ("trials=+2", "parameters.model_args.layers={values: [2]}", "parameters.label_smoothing=[0.0, 0.1]")


@pytest.fixture(scope="module")
def before(finished, tmp_path_factory):
    """The sweep, with all its trials in TensorBoard."""
    folder = tmp_path_factory.mktemp("before") / "digits"
    shutil.copytree(finished, folder)
    sink, record = _sink(folder), read_sweep(folder)
    for trial in record.trials:
        sink.handle({"event": "state", "trial": trial.id, "replayed": True}, trial)
    sink.handle({"event": "note", "time": 1.0}, None)
    sink.close()
    assert {trial.params["model_args.layers"] for trial in record.trials} == {1, 2}
    return folder


@pytest.fixture(scope="module")
def extended(before, tmp_path_factory):
    folder = tmp_path_factory.mktemp("extended") / "digits"
    shutil.copytree(before, folder)
    sink = _sink(folder, plan_extension(folder, read_events(folder)[0], CHANGES).config)
    extension = extend_here(folder, *CHANGES, sink=sink)
    sink.close()
    return folder, extension


def _sink(folder, config=None):
    return TensorBoardSink(folder / "tensorboard", "accuracy", "maximize", (config or read_config(folder)).space)


def test_the_trainers_own_settings_say_who_fits(extended, before):
    folder, extension = extended
    record = read_sweep(folder)
    small = [trial.id for trial in read_sweep(before).trials if trial.params["model_args.layers"] == 1]
    assert extension.outside == dict.fromkeys(small, "model_args.layers 1 is not among 2")
    for trial in record.trials:
        assert trial.state in {State.FINISHED, State.STOPPED}
        assert ("label_smoothing" in trial.params) is not bool(trial.outside)
    assert len(record.trials) == 5
    old = read_config(folder, generation=1)
    for trial in record.trials[:3]:
        then = next(one for one in read_sweep(before).trials if one.id == trial.id)
        now = read_config(folder, generation=trial.generation).trial_settings(trial.params)
        assert now == old.trial_settings(then.params)


@pytest.mark.parametrize("outside", [True, False])
def test_every_trial_is_exported_by_its_own_configuration(extended, tmp_path, outside, monkeypatch):
    folder, _ = extended
    trials = [trial for trial in read_sweep(folder).trials if bool(trial.outside) is outside]
    for trial in trials:
        try:
            best = export_trial(folder, tmp_path / trial.id, trial.id)
        except sweeps.errors.NoUsableTrial:
            continue  # not one of those whose checkpoints are kept
        rows, labels = validation_rows(folder, dict(best.params), best.generation)
        right = sweeps.load(tmp_path / trial.id).predict_proba(rows).argmax(axis=1) == labels
        assert float(right.mean()) == pytest.approx(best.value, abs=1e-6)
        card = (tmp_path / trial.id / "README.md").read_text()
        assert f"| model_args.layers | {trial.params['model_args.layers']} |" in card
        assert ("outside its space now: model_args.layers 1 is not among 2" in card) is outside
        return
    pytest.fail("none of them has a checkpoint")


def test_tables_say_who_is_of_an_earlier_space(cli, extended):
    folder, extension = extended
    listed = json.loads(cli("list", folder, "--json").out)
    assert {one["trial"]: one["outside"] for one in listed if one["outside"]} == extension.outside
    header, *rows = cli("list", folder).out.splitlines()
    assert "space" in header
    assert [row.split()[0] for row in rows if " earlier " in row] == list(extension.outside)
    assert json.loads(cli("status", folder, "--json").out)["extensions"] == 1
    assert json.loads(cli("best", folder, "--json").out)["outside"] == (best_of(folder)[1].outside or None)


def test_a_sweep_that_was_never_extended_has_no_such_column(cli, finished):
    assert "space" not in cli("list", finished).out.splitlines()[0]
    assert json.loads(cli("status", finished, "--json").out)["extensions"] == 0


def test_tensorboard_has_one_run_a_trial_under_the_names_of_now(extended, before):
    folder, extension = extended
    runs = {path.name.split()[0]: path.name for path in (folder / "tensorboard").iterdir() if path.is_dir()}
    assert len(runs) == len([path for path in (folder / "tensorboard").iterdir() if path.is_dir()]) == 5
    for trial in extension.used:
        assert "ls=0" in runs[trial]
    for path in (before / "tensorboard").iterdir():
        assert path.is_file() or path.name.split()[0] in runs


def test_a_dry_run_says_what_would_be_and_changes_nothing(cli, before):
    files = {path: path.read_bytes() for path in before.rglob("*") if path.is_file()}
    said = cli("extend", before, *CHANGES, "--dry-run")
    assert said.code == 0
    assert said.out.splitlines() == [
        "digits is extended",
        "  trainer.label_smoothing: 0.0 -> searched",
        "  parameters.model_args.layers.values: [1, 2] -> [2]",
        "  parameters.label_smoothing: {values: [0.0, 0.1]}",
        "  trials: 3 -> 5",
        *_used(before),
        "may go on, since they were paused when the sweep ended: t0003",
        "new trials: 2 at most",
    ]
    assert {path: path.read_bytes() for path in before.rglob("*") if path.is_file()} == files


def _used(folder):
    small = [trial.id for trial in read_sweep(folder).trials if trial.params["model_args.layers"] == 1]
    return [
        f"used: {3 - len(small)} of 3 earlier trials",
        f"not used: {len(small)}, which stay in the sweep with their results",
        f"  {', '.join(small)}: model_args.layers 1 is not among 2",
    ]


REFUSED = {
    "nothing to add to": (["budget.hours=+1"], "command line: budget.hours: the sweep has no budget.hours"),
    "too few": (["trials=2"], "command line: trials: leaves nothing to do: 3 trials were begun already, and 2 is all"),
    "metric": (["metric=loss"], "command line: metric.name: cannot change from 'accuracy' to 'loss'"),
    "nothing": ([], "command line: nothing is given that would change; as in trials=+20"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_bad_changes_are_one_line_and_exit_2(cli, before, name):
    changes, expected = REFUSED[name]
    said = cli("extend", before, *changes)
    assert said.code == 2
    assert expected in said.err
    assert len(said.err.splitlines()) == 1
    assert not (before / "sweep.1.yaml").exists()


def test_a_running_sweep_is_left_to_its_driver(cli, before):
    from sweeps.records.commands import waiting
    from sweeps.records.lock import SweepLock

    with SweepLock(before):
        sweeps.open_sweep(before).extend(trials="+1")
        assert "when its trials are over" in cli("extend", before, "trials=+1").out
        assert cli("extend", before, "trials=+0").code == 2
    assert [dict(one.values) for one in waiting(before)] == [
        {"settings": {"trials": "+1"}},
        {"changes": ["trials=+1"]},
    ]


def test_trials_that_no_longer_fit_are_candidates_for_a_confirmation_by_their_own_configuration(extended):
    folder, extension = extended
    record, generations = read_sweep(folder), Generations(folder, read_events(folder)[0])
    found = choose(generations.of, record, folder, top=5)
    outside = [best for best in found.trials if best.trial in extension.outside]
    assert outside
    for best in outside:
        assert generations.of(best) == read_config(folder, generation=1)
        assert generations.of(best).trial_settings(best.params)["model_args"]["layers"] == 1
    assert not found.passed_over.keys() & extension.outside.keys()
