import json
import os

import pytest

from sweeps.records.builder import RecordBuilder, read_sweep
from sweeps.records.ledger import RECORDS, Ledger, LedgerError, read_events
from sweeps.records.lock import LOCK, SweepLock
from sweeps.records.record import Reason, State

SWEEP = {"name": "digits", "metric": "accuracy", "goal": "maximize", "planned": 2}


class Story:
    """Tells a builder events, numbered and a second apart."""

    def __init__(self):
        self.builder, self.n = RecordBuilder(), 0
        self("sweep", id="5eed", attempt=1, **SWEEP)
        self("trial", trial="t0001", params={"lr": 0.1}, number=1)

    def __call__(self, event, **fields):
        self.n += 1
        return self.builder.apply({"n": self.n, "time": 1000.0 + self.n, "sweep": "5eed", "event": event, **fields})

    def state(self, state, attempt=1, **fields):
        return self("state", trial="t0001", state=state, attempt=attempt, **fields)

    def report(self, number, attempt=1, value=0.5, checkpoint=None):
        metrics = {"accuracy": value}
        return self("report", trial="t0001", attempt=attempt, report=number, metrics=metrics, checkpoint=checkpoint)

    @property
    def trial(self):
        return self.builder.trial("t0001")

    @property
    def reports(self):
        return [(report.number, report.attempt) for report in self.trial.reports]


@pytest.fixture
def story():
    return Story()


def test_a_life_from_pending_to_finished(story):
    assert story.trial.state is State.PENDING
    story.state("running", worker={"node": "10.0.0.1", "pid": 7})
    assert story.report(1)
    assert story.report(2, value=0.75)
    story.state("finished", reason={"code": "completed", "text": "all 2 epochs"}, seconds=12.5)
    trial = story.trial
    assert (trial.state, trial.reason, trial.seconds) == (State.FINISHED, Reason("completed", "all 2 epochs"), 12.5)
    assert trial.best("accuracy", "maximize").number == 2
    assert trial.worker["pid"] == 7
    record = story.builder.record()
    assert (record.name, record.goal, record.planned, record.attempts) == ("digits", "maximize", 2, 1)
    assert record.trials == (trial,)


def test_a_later_attempt_replaces_reports_from_where_it_starts(story):
    for number in (1, 2, 3):
        story.report(number)
    story.state("running", attempt=2)
    assert story.reports == [(1, 1), (2, 1), (3, 1)]
    assert story.report(2, attempt=2)
    assert story.reports == [(1, 1), (2, 2)]
    assert story.report(3, attempt=2)
    assert story.reports == [(1, 1), (2, 2), (3, 2)]


def test_what_an_older_attempt_says_late_is_rejected(story):
    story.report(1)
    story.state("running", attempt=2)
    assert not story.report(2, attempt=1)  # FAULTS row 16
    assert not story.state("failed", attempt=1)
    assert story.reports == [(1, 1)]
    assert story.trial.state is State.RUNNING


def test_duplicates_and_gaps_never_appear(story):
    assert story.report(1, value=0.1)
    assert not story.report(1, value=0.9)
    assert not story.report(3)
    assert not story.report(0)
    assert story.reports == [(1, 1)]
    assert story.trial.reports[0].metrics == {"accuracy": 0.1}
    assert not story("trial", trial="t0001", params={"lr": 9}, number=1)
    assert story.trial.params == {"lr": 0.1}


def test_a_final_state_is_the_last_word_of_its_attempt(story):
    assert story.state("stopped", seconds=3.0)
    assert not story.state("finished", seconds=9.0)
    assert not story.report(1)
    assert story.trial.state is State.STOPPED
    assert story.state("running", attempt=2)  # extended
    assert story.state("finished", attempt=2, seconds=4.0)
    assert (story.trial.state, story.trial.seconds) == (State.FINISHED, 7.0)


def test_a_new_driver_finds_what_ran_interrupted(story):
    story.state("running")
    story("sweep", id="5eed", attempt=2, **SWEEP)
    assert story.trial.state is State.INTERRUPTED
    assert story.builder.record().attempts == 2


def test_seconds_of_drivers_add_up_without_the_time_between(story):
    story("sweep_end", state="interrupted", seconds=40.0)
    story.n += 1000
    story("sweep", id="5eed", attempt=2, **SWEEP)
    story.n += 9
    story("note", text="killed without an end, ten seconds after its start")
    assert story.builder.record().seconds == 50.0  # 40 and 10
    assert story.builder.record().created == 1001.0


def test_a_clock_set_back_a_day_changes_no_order(story):
    story.report(1)
    story.n -= 86400
    assert story.report(2)
    assert story.reports == [(1, 1), (2, 1)]
    assert story.builder.record().seconds >= 0


def test_a_dropped_checkpoint_that_is_written_again_is_there_again(story):
    story.report(1, checkpoint="trials/t0001/checkpoints/1")
    story("dropped", trial="t0001", checkpoint="trials/t0001/checkpoints/1")
    assert story.trial.dropped == {"trials/t0001/checkpoints/1"}
    story.report(1, attempt=2, checkpoint="trials/t0001/checkpoints/1")
    assert story.trial.dropped == set()


def test_unknown_events_pass_and_impossible_ones_name_their_line(story):
    assert not story("from_the_future", anything=1)
    with pytest.raises(LedgerError, match=r"line 4 .*t0009"):
        story("state", trial="t0009", state="running", attempt=1)
    with pytest.raises(LedgerError, match="line 5"):
        story("state", trial="t0001", state="sleeping", attempt=1)


def tell(folder):
    with Ledger.open(folder, create=True) as ledger:
        live = RecordBuilder()
        for event, fields in [
            ("sweep", {**SWEEP, "attempt": 1}),
            ("trial", {"trial": "t0001", "params": {"lr": 0.1}, "number": 1}),
            ("state", {"trial": "t0001", "state": "running", "attempt": 1, "reason": None, "worker": None}),
            ("report", {"trial": "t0001", "attempt": 1, "report": 1, "metrics": {"accuracy": 0.5}}),
        ]:
            live.apply(ledger.append(event, **fields))
    return live.record()


def test_the_live_record_and_the_one_read_again_are_equal(tmp_path):
    live = tell(tmp_path)
    with SweepLock(tmp_path):
        assert read_sweep(tmp_path) == live
        assert live.state == "running"


def test_without_a_driver_what_ran_is_interrupted(tmp_path):
    tell(tmp_path)
    record = read_sweep(tmp_path)
    assert (record.state, record.trials[0].state) == ("interrupted", State.INTERRUPTED)


def test_the_folder_may_move(tmp_path):
    tell(tmp_path / "here")
    (tmp_path / "here").rename(tmp_path / "there")
    assert len(read_sweep(tmp_path / "there").trials) == 1


def test_damage_is_said_and_the_rest_is_read(tmp_path, caplog):
    tell(tmp_path)
    path = tmp_path / RECORDS
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:2], b"garbage\n", *lines[2:]]))
    assert len(read_sweep(tmp_path).trials) == 1
    assert "damaged in line 3" in caplog.text


def test_a_big_sweep_is_read_in_time(tmp_path):
    head = read_events_of(tmp_path)
    lines = [
        json.dumps({**head, "n": n, "event": "trial", "trial": f"t{n:05}", "params": {}}) for n in range(2, 10_002)
    ]
    with (tmp_path / RECORDS).open("a") as file:
        file.write("\n".join(lines) + "\n")
    assert len(read_sweep(tmp_path).trials) == 10_000


def read_events_of(folder):
    with Ledger.open(folder, create=True) as ledger:
        ledger.append("sweep", **SWEEP)
    event = read_events(folder)[0][0]
    return {"time": event["time"], "sweep": event["sweep"]}


def test_the_lock_of_a_killed_driver_counts_as_none(tmp_path):
    tell(tmp_path)
    with SweepLock(tmp_path) as lock:
        held = json.loads(lock.path.read_text())
    (tmp_path / LOCK).write_text(json.dumps({**held, "pid": os.getpid(), "started": "1"}))
    assert read_sweep(tmp_path).state == "interrupted"
