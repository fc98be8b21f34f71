"""A sweep in a storage of Optuna's: whole, once, and as it goes on."""

import json
import threading
import time

import optuna
import pytest
from optuna.trial import TrialState

from sweeps.errors import InputError
from sweeps.records.builder import read_sweep
from sweeps.records.following import LedgerTail, follow
from sweeps.records.lock import SweepLock
from sweeps.records.record import Reason, State
from sweeps.records.sweep_file import write_config
from sweeps.take_home.optuna_export import export_to_optuna, optuna_url
from tests.sweeps_tests.study_kit import begin, play, run, sweep_config

ASHA = {"scheduler": "asha", "grace": 1, "reduction_factor": 2, "mode": "stopping"}


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "toy"
    made.mkdir()
    return made


def config(folder, **settings):
    made = sweep_config(folder, early_stopping=ASHA, trials=8, **settings)
    write_config(folder, made)
    return made


def loaded(folder, name="toy", **how):
    return optuna.load_study(study_name=name, storage=optuna_url(folder, None, journal=False), **how)


@pytest.fixture
def done(folder):
    run(config(folder), folder, slots=2)
    return folder


def test_a_study_has_every_trial_with_its_values_and_states(done):
    export_to_optuna(done)
    study, record = loaded(done), read_sweep(done)
    assert study.direction.name == "MAXIMIZE"
    assert study.metric_names == ["score"]
    assert [trial.user_attrs["trial"] for trial in study.trials] == [trial.id for trial in record.trials]
    for ours, theirs in zip(record.trials, study.trials, strict=True):
        assert theirs.params == dict(ours.params)
        assert theirs.intermediate_values == {one.number: one.metrics["score"] for one in ours.reports}
        assert theirs.value == ours.best("score", "maximize").metrics["score"]
        assert theirs.state is {State.FINISHED: TrialState.COMPLETE, State.STOPPED: TrialState.PRUNED}[ours.state]
    assert {trial.state for trial in study.trials} == {TrialState.COMPLETE, TrialState.PRUNED}
    assert (
        study.best_trial.user_attrs["trial"]
        == max(
            (trial for trial in record.trials if trial.state is State.FINISHED),
            key=lambda trial: trial.best("score", "maximize").metrics["score"],
        ).id
    )


def test_again_changes_nothing(done):
    export_to_optuna(done)
    before = [(trial._trial_id, trial) for trial in loaded(done).trials]
    seen = []
    export_to_optuna(done, say=lambda record, written: seen.append(written))
    assert (seen[0].added, seen[0].updated, seen[0].anew) == (0, 0, False)
    assert [(trial._trial_id, trial) for trial in loaded(done).trials] == before


def test_importance_and_every_plot_that_applies(done):
    from optuna import visualization as plots

    export_to_optuna(done)
    study = loaded(done)
    assert set(optuna.importance.get_param_importances(study)) == {"x", "k"}
    names = [name for name in plots.__all__ if name.startswith("plot_")]
    several = {"plot_pareto_front", "plot_hypervolume_history", "plot_terminator_improvement"}
    for name in set(names) - several:  # these are about several metrics, or want BoTorch's like
        figure = getattr(plots, name)(study)
        assert figure.to_dict()["data"], name


@pytest.mark.parametrize("journal", [False, True])
def test_a_sweep_that_goes_on_is_brought_up_to_date(folder, journal):
    settings = config(folder)
    study, ledger = begin(settings, folder)
    seen, url = [], optuna_url(folder, None, journal=journal)

    def export():
        export_to_optuna(folder, journal=journal, say=lambda record, written: seen.append(written))
        found = optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(url)) if journal else url
        return optuna.load_study(study_name="toy", storage=found).trials

    with SweepLock(folder), ledger:
        first = study.start()
        assert [trial.state for trial in export()] == [TrialState.RUNNING]
        study.report(first.trial, {"number": 1, "metrics": {"score": 0.5}})
        study.lost(first.trial, Reason("worker-lost"))
        (trial,) = export()
        assert (trial.state, trial.intermediate_values) == (TrialState.WAITING, {1: 0.5})
        assert trial.user_attrs["reason"] == "worker-lost"
        play(study, slots=2)
        study.close()
        study.write("sweep_end", state="finished")
    trials = export()
    assert [trial.user_attrs["state"] for trial in trials] == [str(one.state) for one in read_sweep(folder).trials]
    assert all(trial.state.is_finished() for trial in trials)
    assert (seen[0].added, seen[1].updated) == (1, 1)


def test_reports_that_were_superseded_are_not_kept(folder):
    study, ledger = begin(config(folder), folder)
    with SweepLock(folder), ledger:
        first = study.start()
        for number in (1, 2, 3):
            study.report(first.trial, {"number": number, "metrics": {"score": 0.1 * number}})
        export_to_optuna(folder)
        study.lost(first.trial, Reason("worker-lost"))
        assert study.start().trial == first.trial
        study.report(first.trial, {"number": 1, "metrics": {"score": 0.7}})
        seen = []
        export_to_optuna(folder, say=lambda record, written: seen.append(written))
    assert loaded(folder).trials[0].intermediate_values == {1: 0.7}
    assert seen[0].anew


def test_a_trial_that_ended_long_ago_has_the_time_of_then(folder):
    study, ledger = begin(config(folder), folder)
    with SweepLock(folder), ledger:
        study.start()
        export_to_optuna(folder)
        study.ended("t0001", State.FAILED, Reason("error", "x"))  # the kit's ledger has a clock that stands at 0
    export_to_optuna(folder)
    (trial,) = loaded(folder).trials
    assert (trial.state, trial.datetime_complete.year) == (TrialState.FAIL, 1970)


def test_what_is_no_study_of_this_sweep_is_refused(done, tmp_path):
    url = optuna_url(done, None, journal=False)
    optuna.create_study(study_name="toy", storage=url)
    with pytest.raises(InputError, match="has a study toy that is not of a sweep; give another --study"):
        export_to_optuna(done)
    assert len(loaded(done).trials) == 0
    export_to_optuna(done, study="toy-2")
    assert len(loaded(done, "toy-2").trials) == 8
    other = tmp_path / "other"
    other.mkdir()
    run(config(other), other)
    with pytest.raises(InputError, match="that is another sweep's"):
        export_to_optuna(other, url, study="toy-2")


@pytest.mark.parametrize("url", ["nonsense", "sqlite:////none/of/it/x.db", "oracle://x/y"])
def test_a_storage_that_cannot_be_is_one_line(cli, done, url):
    said = cli("optuna", done, "--storage", url)
    assert (said.code, said.out, said.err.count("\n")) == (2, "", 1)
    assert said.err.startswith(f"sweeps: {url}: ")


def test_one_writer_at_a_time(done):
    from filelock import FileLock

    with FileLock(done / "optuna.lock"), pytest.raises(InputError, match="another process is writing"):
        export_to_optuna(done)


def test_the_command_says_where_it_is(cli, done):
    said = cli("optuna", done)
    assert said.code == 0
    url = optuna_url(done, None, journal=False)
    assert said.out == f"8 trials are study toy in {url}\nlook at it: optuna-dashboard {url}\n"
    assert cli("optuna", done, "--journal", "--follow").out.startswith("8 trials, 8 new, 0 updated\n")
    assert cli("optuna", "none").code == 2


def test_following_sees_every_event_once_and_ends_with_the_sweep(folder):
    settings, seen = config(folder), []
    (folder / "records.jsonl").touch()
    study, ledger = begin(settings, folder)
    with SweepLock(folder):
        reader = threading.Thread(target=lambda: seen.extend(e for batch in follow(folder, every=0.01) for e in batch))
        reader.start()
        with ledger:
            play(study, slots=2)
            study.close()
            assert reader.is_alive()
            study.write("sweep_end", state="finished")
        reader.join(10)
    assert not reader.is_alive()
    assert [event["n"] for event in seen] == list(range(1, len(seen) + 1))
    assert seen[-1]["event"] == "sweep_end"


def test_following_ends_when_the_driver_is_gone(folder):
    study, ledger = begin(config(folder), folder)
    with ledger:
        study.start()
    started = time.monotonic()
    assert [event["event"] for batch in follow(folder, every=60) for event in batch][-1] == "state"
    assert time.monotonic() - started < 10


def test_half_a_line_waits_for_its_end(done):
    path = done / "records.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:3]) + lines[3][:10])
    tail = LedgerTail(done)
    assert len(tail()) == 3
    assert tail() == []
    path.write_bytes(b"".join(lines))
    assert len(tail()) == len(lines) - 3
    path.write_bytes(lines[0])
    path.write_bytes(b"".join(lines) + json.dumps({"n": 2, "event": "x"}).encode() + b"\n")
    with pytest.raises(InputError, match="is numbered 2"):
        tail()
