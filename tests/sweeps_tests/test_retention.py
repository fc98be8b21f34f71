import random

import pytest

from sweeps.errors import InputError
from sweeps.records.best import choose_best
from sweeps.records.record import ReportRecord, State, SweepRecord, TrialRecord
from sweeps.records.retention import Retention, delete, strays, to_drop


def make_trial(number, values, state=State.FINISHED, **fields):
    id = f"t{number:04}"
    reports = tuple(
        ReportRecord(place, {"accuracy": value}, 1, 0.0, checkpoint=f"trials/{id}/checkpoints/r{place:04}")
        for place, value in enumerate(values, 1)
    )
    return TrialRecord(id, {}, state, reports=reports, **fields)


def make_sweep(*trials, goal="maximize"):
    return SweepRecord("digits", "accuracy", goal, "running", trials)


def short(drops):
    return sorted(checkpoint.replace("trials/", "").replace("/checkpoints/", " ") for _, checkpoint in drops)


def test_the_best_checkpoint_of_the_best_trials_stays():
    record = make_sweep(make_trial(1, [0.1, 0.3]), make_trial(2, [0.9, 0.8]), make_trial(3, [0.5]))
    assert short(to_drop(record, keep=2)) == ["t0001 r0001", "t0001 r0002", "t0002 r0002"]
    assert short(to_drop(make_sweep(*record.trials, goal="minimize"), keep=1)) == [
        "t0001 r0002", "t0002 r0001", "t0002 r0002", "t0003 r0001",
    ]  # fmt: skip


@pytest.mark.parametrize("state", [State.RUNNING, State.PAUSED, State.INTERRUPTED, State.PENDING])
def test_a_trial_that_is_to_go_on_keeps_everything_and_displaces_nobody(state):
    record = make_sweep(make_trial(1, [0.9, 0.95], state), make_trial(2, [0.1]))
    assert to_drop(record, keep=1) == []


@pytest.mark.parametrize("state", [State.FAILED, State.DIVERGED])
def test_failed_trials_go_first_even_where_there_is_room(state):
    record = make_sweep(make_trial(1, [0.9], state), make_trial(2, [0.1]))
    assert short(to_drop(record, keep=5)) == ["t0001 r0001"]


def test_of_equals_the_earlier_stays_beyond_four_digits_too():
    record = make_sweep(make_trial(9999, [0.5, 0.5]), make_trial(10000, [0.5]))
    assert short(to_drop(record, keep=1)) == ["t10000 r0001", "t9999 r0002"]


def test_what_is_gone_is_not_named_again_and_what_is_pinned_not_at_all():
    gone = frozenset({"trials/t0001/checkpoints/r0001"})
    record = make_sweep(make_trial(1, [0.1, 0.2, 0.3], dropped=gone), make_trial(2, [0.9]))
    assert short(to_drop(record, keep=1)) == ["t0001 r0002", "t0001 r0003"]
    assert short(to_drop(record, keep=1, pinned={"trials/t0001/checkpoints/r0003"})) == ["t0001 r0002"]


def test_trial_by_trial_comes_to_the_same_and_the_best_is_never_dropped():
    draw = random.Random(7)
    trials = [
        make_trial(n, [draw.randint(0, 9) / 10 for _ in range(4)], draw.choice(list(State))) for n in range(1, 200)
    ]
    for goal in ("maximize", "minimize"):
        record = make_sweep(*trials, goal=goal)
        retention = Retention(keep=3, metric="accuracy", goal=goal)
        live = [drop for trial in trials if trial.state.final for drop in retention.ended(trial)]
        assert live == to_drop(record, keep=3)
        assert len(set(live)) == len(live)
        assert len(retention.kept) == 3
        ended = make_sweep(*[trial for trial in trials if trial.state.final], goal=goal)
        best = choose_best(ended, "unused", usable_only=False)
        assert best.checkpoint in retention.kept


def test_an_extended_trial_is_ranked_again_at_its_new_end():
    retention = Retention(keep=1, metric="accuracy", goal="maximize")
    retention.ended(make_trial(1, [0.5]))
    retention.goes_on("t0001")
    assert retention.kept == set()
    assert short(retention.ended(make_trial(1, [0.5, 0.6]))) == ["t0001 r0001"]
    assert short(retention.ended(make_trial(1, [0.5, 0.6]))) == ["t0001 r0001"]
    assert retention.kept == {"trials/t0001/checkpoints/r0002"}


def test_keeping_none_is_refused():
    with pytest.raises(ValueError, match="got 0"):
        to_drop(make_sweep(), keep=0)


@pytest.fixture
def checkpoint(tmp_path):
    folder = tmp_path / "sweep/trials/t0001/checkpoints/r0001"
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(b"weights")
    return folder


def test_delete_takes_the_manifest_first(tmp_path, checkpoint, monkeypatch):
    def rmtree(path):
        assert not (path / "manifest.json").exists()
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr("shutil.rmtree", rmtree)
        assert not delete(tmp_path / "sweep", "trials/t0001/checkpoints/r0001")
    assert delete(tmp_path / "sweep", "trials/t0001/checkpoints/r0001")
    assert not checkpoint.exists()
    assert delete(tmp_path / "sweep", "trials/t0001/checkpoints/r0001")


@pytest.mark.parametrize(
    "where", ["", ".", "trials", "../other", "trials/../../other", "/etc", "trials/link", "records.jsonl"]
)
def test_delete_stays_among_the_trials(tmp_path, checkpoint, where):
    (tmp_path / "other").mkdir()
    (tmp_path / "sweep/trials/link").symlink_to(tmp_path / "other")
    with pytest.raises(InputError, match="lies outside"):
        delete(tmp_path / "sweep", where)
    assert (tmp_path / "other").exists()
    assert checkpoint.exists()


def test_checkpoints_of_a_superseded_attempt_are_found(tmp_path, checkpoint):
    checkpoint.with_name("r0002").mkdir()
    assert strays(tmp_path / "sweep", make_trial(1, [0.5])) == [("t0001", "trials/t0001/checkpoints/r0002")]
    assert strays(tmp_path / "sweep", make_trial(2, [0.5])) == []
