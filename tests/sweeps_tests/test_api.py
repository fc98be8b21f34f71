"""The Python door: a sweep as an object, and what came of it."""

import pytest

import sweeps
from sweeps import Sweep, open_sweep
from sweeps.config import load_sweep
from sweeps.engine.driver import RunOutcome
from sweeps.errors import Exit, InputError, NoUsableTrial
from sweeps.records.builder import read_sweep
from sweeps.take_home.best import best_of
from tests.sweeps_tests.local_sweep import DIGITS, run_here

SETTINGS = {
    "name": "mine",
    "trainer": {"task": "classification", "model": "net:build", "data": {"sklearn": "iris"}, "epochs": 2},
    "metric": "accuracy",
    "parameters": {"learning_rate": {"min": 0.001, "max": 0.1}},
    "method": "random",
    "trials": 2,
}
NET = """
from torch import nn

def build(inputs, classes):
    return nn.Linear(inputs, classes)
"""


@pytest.fixture
def without_ray(monkeypatch):
    """The same sweeps, trial by trial in this process; remembers how they were asked for."""
    asked = {}

    def run(config, storage, *, address=None, sinks=()):
        asked.update(address=address, sinks=list(sinks))
        folder = run_here(config, storage)
        return RunOutcome(folder, read_sweep(folder), Exit.DONE)

    monkeypatch.setattr("sweeps.engine.driver.run_sweep", run)
    return asked


def test_a_recipe_with_settings_is_the_sweep_of_the_command_line():
    assert Sweep("digits", **DIGITS).config == load_sweep("digits", DIGITS)


def test_a_sweep_is_built_from_plain_settings(tmp_path):
    (tmp_path / "net.py").write_text(NET)
    sweep = Sweep(base=tmp_path, **SETTINGS)
    assert (sweep.config.name, sweep.config.planned, sweep.config.space.names) == ("mine", 2, ("learning_rate",))


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"trials": "many"}, "trials: expected a whole number"),
        ({"trails": 3}, "did you mean trials?"),
        ({"parameters": {"learning_rte": [1]}}, "did you mean learning_rate?"),
        ({"trainer": {**SETTINGS["trainer"], "model": "net:biuld"}}, "did you mean build?"),
    ],
)
def test_bad_settings_are_refused_when_the_sweep_is_made(tmp_path, changes, part):
    (tmp_path / "net.py").write_text(NET)
    with pytest.raises(InputError) as refused:
        Sweep(base=tmp_path, **{**SETTINGS, **changes})
    assert part in str(refused.value)
    assert str(refused.value).startswith("Sweep: ")


def test_a_run_gives_back_its_best_trial_and_the_model(tmp_path, without_ray):
    (tmp_path / "net.py").write_text(NET)
    result = Sweep(base=tmp_path, **SETTINGS).run(tmp_path / "runs", quiet=True)
    assert result.code is Exit.DONE
    assert [trial.id for trial in result.trials] == ["t0001", "t0002"]
    best = result.best
    assert best.value == max(trial.best("accuracy", "maximize").metrics["accuracy"] for trial in result.trials)
    assert best.params.keys() == {"learning_rate"}
    assert (best.checkpoint / "manifest.json").is_file()
    model = sweeps.load(best.export(tmp_path / "out"))
    assert set(model.predict([[5.1, 3.5, 1.4, 0.2], [6.7, 3.0, 5.2, 2.3]])) <= {"setosa", "versicolor", "virginica"}


def test_a_run_passes_on_where_ray_is_and_whether_to_show_progress(tmp_path, without_ray, capsys):
    (tmp_path / "net.py").write_text(NET)
    Sweep(base=tmp_path, **SETTINGS).run(tmp_path / "runs", address="10.0.0.1:6379", quiet=True)
    assert without_ray["address"] == "10.0.0.1:6379"
    (progress,) = without_ray["sinks"]
    progress.handle({"event": "note", "text": "shown"}, None)
    assert capsys.readouterr().out == ""


def test_a_folder_is_opened_as_it_stands(finished):
    result = open_sweep(finished)
    assert result.best.trial == best_of(finished)[1].trial
    assert result.folder == finished


def test_all_trials_as_a_table(finished):
    frame = open_sweep(finished).to_pandas()
    assert list(frame["trial"]) == ["t0001", "t0002", "t0003"]
    assert {"state", "reason", "reports", "seconds", "best_accuracy", "last_accuracy"} <= set(frame.columns)
    assert frame["params.learning_rate"].between(1e-3, 5e-2).all()
    assert frame["best_accuracy"].max() == best_of(finished)[1].value
    assert (frame["best_accuracy"] >= frame["last_accuracy"]).all()


def test_resuming_what_is_finished_gives_the_same(own_copy):
    before = open_sweep(own_copy)
    after = before.resume(quiet=True)
    assert (after.code, after.record) == (Exit.DONE, before.record)


def test_a_folder_without_a_sweep_is_refused(tmp_path):
    with pytest.raises(InputError, match="no sweep here"):
        open_sweep(tmp_path)


def test_a_sweep_without_a_usable_trial_has_no_best(own_copy):
    for manifest in own_copy.glob("trials/*/checkpoints/*/manifest.json"):
        manifest.unlink()
    with pytest.raises(NoUsableTrial):
        _ = open_sweep(own_copy).best


def test_names_are_there_when_they_are_asked_for_and_others_are_not():
    for name in sweeps.__all__:
        assert getattr(sweeps, name) is not None
    with pytest.raises(AttributeError, match="has no attribute 'Swep'"):
        _ = sweeps.Swep
