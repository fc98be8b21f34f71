"""What MLflow (SQLite) and Weights & Biases (offline) really have of a sweep, also of one that was resumed."""

import json
import shutil
import time
from pathlib import Path

import pytest

from sweeps.config import load_sweep
from sweeps.config.trackers import MLflow, WandB
from sweeps.records.builder import read_sweep
from sweeps.records.ledger import read_events
from sweeps.records.record import Reason, State
from sweeps.records.sweep_file import write_config
from sweeps.views.trackers.feeding import Feeder
from sweeps.views.trackers.mlflow_sink import MLflowSink
from sweeps.views.trackers.process import tracked
from sweeps.views.trackers.wandb_sink import WandBSink
from tests.sweeps_tests.study_kit import begin, play, sweep_config
from tests.sweeps_tests.tracker_kit import mlflow_history, mlflow_runs, offline_runs

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def empty_mlflow(tmp_path_factory):
    """Its tables take seconds to make."""
    from mlflow.tracking import MlflowClient

    path = tmp_path_factory.mktemp("mlflow") / "empty.db"
    MlflowClient(f"sqlite:///{path}").search_experiments()
    return path


@pytest.fixture
def uri(empty_mlflow, tmp_path):
    return f"sqlite:///{shutil.copy(empty_mlflow, tmp_path / 'mlflow.db')}"


@pytest.fixture(scope="module", autouse=True)
def _no_service_left():
    """It starts a process of its own, which would stay with the tests that come after."""
    yield
    import wandb

    wandb.teardown()


def next_second():
    """The folders of its runs are named by the second."""
    time.sleep(1.0 - time.time() % 1.0 + 0.05)


@pytest.fixture
def offline(monkeypatch):
    monkeypatch.delenv("WANDB_DIR", raising=False)
    monkeypatch.delenv("WANDB_MODE", raising=False)
    return WandB(mode="offline")


def feed(make, settings, folder):
    feeder = Feeder(make(settings, tracked(folder)[0]))
    feeder.feed([read_events(folder)[0]])
    assert feeder.failure == ""


@pytest.fixture
def eventful(tmp_path):
    """A sweep with a finished trial, a failed one, one whose reports a later attempt takes back, and one that waits;
    and a function that tells its driver to go on with it."""
    folder = tmp_path / "toy"
    folder.mkdir()
    config = sweep_config(tmp_path, trials=4)
    write_config(folder, config)
    study, ledger = begin(config, folder)
    with ledger:
        first = study.start().trial
        for number in (1, 2):
            study.report(first, {"number": number, "metrics": {"score": 0.1 * number}, "step": 10 * number})
        study.ended(first, State.FINISHED, Reason("completed"))
        second = study.start().trial
        study.report(second, {"number": 1, "metrics": {"score": 0.9}, "step": 10})
        study.ended(second, State.DIVERGED, Reason("diverged", "loss is nan"))
        third = study.start().trial
        for number in (1, 2, 3):
            study.report(third, {"number": number, "metrics": {"score": 0.2 * number}, "step": 10 * number})
        study.interrupt(Reason("interrupted"))
        study.write("sweep_end", state="interrupted")

    def go_on():
        study, ledger = begin(config, folder)
        with ledger:
            assert study.start().trial == "t0003"
            for number in (2, 3):  # from the checkpoint of the first report, and not as before
                study.report("t0003", {"number": number, "metrics": {"score": 0.3 * number}, "step": 10 * number})
            study.ended("t0003", State.FINISHED, Reason("completed"))
            play(study)
            study.close()
            study.write("sweep_end", state="finished")

    return folder, go_on


def test_mlflow_has_a_run_for_the_sweep_and_one_for_each_trial(finished, uri):
    feed(MLflowSink, MLflow(uri), finished)
    parent, *trials = mlflow_runs(uri, "digits")
    record = read_sweep(finished)
    assert [run.tags["sweepwright.trial"] for run in trials] == [trial.id for trial in record.trials]
    assert {run.tags["mlflow.parentRunId"] for run in trials} == {parent.id}
    for ours, run in zip(record.trials, trials, strict=True):
        best = ours.best("accuracy", "maximize")
        assert {name: json.loads(value) for name, value in run.params.items()} == dict(ours.params)
        expected = [(report.step, report.metrics["accuracy"]) for report in ours.reports]
        assert mlflow_history(uri, run.id, "accuracy") == expected
        assert (run.tags["state"], run.tags["reason"]) == (str(ours.state), ours.reason.code)
        assert float(run.tags["best_accuracy"]) == best.metrics["accuracy"]
        assert run.status == "FINISHED"
        assert run.start == round(ours.created * 1000)
        assert run.start <= run.end
        assert run.name.startswith(f"{ours.id} lr=")
    winner = max(record.trials, key=lambda trial: trial.best("accuracy", "maximize").metrics["accuracy"])
    best = winner.best("accuracy", "maximize")
    assert (parent.name, parent.status, parent.tags["state"]) == ("digits", "FINISHED", "finished")
    assert (parent.tags["best.trial"], parent.latest["best_accuracy"]) == (winner.id, best.metrics["accuracy"])
    assert parent.tags["best.checkpoint"] == str(finished / best.checkpoint)
    assert json.loads(parent.tags["best.params.learning_rate"]) == winner.params["learning_rate"]
    assert parent.start == round(record.created * 1000)


def test_mlflow_has_nothing_twice(finished, uri):
    feed(MLflowSink, MLflow(uri, "mine"), finished)
    before = mlflow_runs(uri, "mine")
    histories = [mlflow_history(uri, run.id, "accuracy") for run in before]
    bests = mlflow_history(uri, before[0].id, "best_accuracy")
    feed(MLflowSink, MLflow(uri, "mine"), finished)
    assert mlflow_runs(uri, "mine") == before
    assert [mlflow_history(uri, run.id, "accuracy") for run in before] == histories
    assert mlflow_history(uri, before[0].id, "best_accuracy") == bests


def test_mlflow_after_a_resume_has_what_counts(eventful, uri):
    folder, go_on = eventful
    feed(MLflowSink, MLflow(uri), folder)
    parent, *trials = mlflow_runs(uri, "toy")
    assert parent.status == "KILLED"
    assert [run.status for run in trials] == ["FINISHED", "FAILED", "KILLED"]
    assert trials[1].tags["reason_text"] == "loss is nan"
    assert mlflow_history(uri, trials[2].id, "score") == [(10, 0.2), (20, 0.4), (30, pytest.approx(0.6))]
    go_on()
    feed(MLflowSink, MLflow(uri), folder)
    again, *later = mlflow_runs(uri, "toy")
    assert (again.id, again.status) == (parent.id, "FINISHED")
    assert [run.id for run in later[:2]] == [run.id for run in trials[:2]]
    assert [run.tags["sweepwright.trial"] for run in later] == ["t0001", "t0002", "t0003", "t0004"]
    assert mlflow_history(uri, later[2].id, "score") == [(10, 0.2), (20, 0.6), (30, pytest.approx(0.9))]
    assert again.tags["best.trial"] != "t0002"  # it had more, and diverged


def test_wandb_has_a_run_for_each_trial_in_the_group_of_the_sweep(own_copy, offline):
    feed(WandBSink, offline, own_copy)
    runs, record = offline_runs(own_copy), read_sweep(own_copy)
    assert list(runs) == [trial.id for trial in record.trials]
    for ours in record.trials:
        run, best = runs[ours.id], ours.best("accuracy", "maximize")
        assert (run.id, run.group, run.project, run.job) == (f"{record.id}-{ours.id}", "digits", "digits", "trial")
        assert {name: run.config[name] for name in ours.params} == dict(ours.params)
        assert [one["accuracy"] for one in run.history] == [report.metrics["accuracy"] for report in ours.reports]
        assert [one["_step"] for one in run.history] == [report.step for report in ours.reports]
        assert [one["_timestamp"] for one in run.history] == pytest.approx([report.time for report in ours.reports])
        assert (run.summary["state"], run.summary["best_accuracy"]) == (str(ours.state), best.metrics["accuracy"])
        assert run.exit_code == 0


def test_wandb_has_nothing_twice_and_does_nothing_the_second_time(own_copy, offline, monkeypatch):
    feed(WandBSink, offline, own_copy)
    before = offline_runs(own_copy)
    monkeypatch.setattr("wandb.init", lambda **_: pytest.fail("all of it was sent"))
    feed(WandBSink, offline, own_copy)
    assert offline_runs(own_copy) == before


def test_wandb_after_a_resume_has_what_counts(eventful, offline):
    folder, go_on = eventful
    feed(WandBSink, offline, folder)
    runs = offline_runs(folder)
    assert list(runs) == ["t0001", "t0002", "t0003"]
    assert [runs[id].exit_code for id in runs] == [0, 1, 0]
    assert runs["t0003"].summary["state"] == "interrupted"
    go_on()
    next_second()
    feed(WandBSink, offline, folder)
    later = offline_runs(folder)
    assert list(later) == ["t0001", "t0002", "t0003", "t0004"]
    assert [one["score"] for one in later["t0003"].history] == pytest.approx([0.2, 0.6, 0.9])
    assert later["t0003"].summary["state"] == "finished"


def test_wandb_keeps_few_runs_open(tmp_path, offline, monkeypatch):
    monkeypatch.setattr("sweeps.views.trackers.wandb_sink.MOST_OPEN", 2)
    folder = tmp_path / "toy"
    folder.mkdir()
    config = sweep_config(tmp_path, trials=4)
    write_config(folder, config)
    study, ledger = begin(config, folder)
    with ledger:
        trials = [study.start().trial for _ in range(4)]
        for number in (1, 2):
            for trial in trials:
                study.report(trial, {"number": number, "metrics": {"score": 0.1 * number}})
        study.interrupt(Reason("interrupted"))
    events = read_events(folder)[0]
    sink = WandBSink(offline, tracked(folder)[0])
    most = []

    def batches():
        for place in range(0, len(events), 3):
            yield events[place : place + 3]
            most.append(len(sink._open))

    Feeder(sink).feed(batches())
    assert max(most) == 2
    runs = offline_runs(folder)
    assert sorted(runs) == trials
    assert all([one["score"] for one in run.history] == pytest.approx([0.1, 0.2]) for run in runs.values())


def test_wandb_mode_of_the_environment_is_respected(own_copy, monkeypatch):
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_DIR", str(own_copy))
    feed(WandBSink, WandB(project="other", tags=("baseline",)), own_copy)
    runs = offline_runs(own_copy)
    assert {run.project for run in runs.values()} == {"other"}
    assert all("baseline" in run.tags for run in runs.values())


@pytest.mark.ray
def test_a_real_sweep_sends_to_both_while_it_runs(tmp_path, uri):
    from sweeps.engine.driver import run_sweep

    trackers = [{"name": "mlflow", "tracking_uri": uri}, {"name": "wandb", "mode": "offline"}]
    config = load_sweep("digits", {"trials": 4, "trainer.epochs": 4, "trackers": trackers})
    folder = run_sweep(config, tmp_path / "runs").folder
    record = read_sweep(folder)
    assert [Path(log).read_text() for log in folder.glob("trackers/*.log")] == ["", ""]
    parent, *runs = mlflow_runs(uri, "digits")
    assert [run.tags["sweepwright.trial"] for run in runs] == [trial.id for trial in record.trials]
    assert parent.status == "FINISHED"
    found = offline_runs(folder)
    for trial in record.trials:
        assert [one["accuracy"] for one in found[trial.id].history] == [
            one.metrics["accuracy"] for one in trial.reports
        ]
