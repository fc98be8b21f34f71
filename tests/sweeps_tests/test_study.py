"""The study: what it writes in which order, what it decides, and what becomes of workers that are lost."""

import math

import pytest

from sweeps.records.builder import read_sweep
from sweeps.records.ledger import read_events
from sweeps.records.record import Reason, State
from sweeps.schedule import Decision
from sweeps.study.told import HOPELESS
from tests.sweeps_tests.study_kit import REPORTS, begin, on_disk, play, sweep_config

STOPPING = {"scheduler": "asha", "mode": "stopping"}


@pytest.fixture
def start(tmp_path):
    opened = []

    def make(**settings):
        study, ledger = begin(sweep_config(tmp_path, **settings), tmp_path / "sweep")
        opened.append(ledger)
        return study

    yield make
    for ledger in opened:
        ledger.close()


def report(number, value, **more):
    return {"number": number, "metrics": {"score": value}, **more}


def state_of(study, trial):
    record = next(one for one in study.record.trials if one.id == trial)
    return record.state, record.reason.code if record.reason else None


def written(study, *kinds):
    return [event for event in read_events(study.folder)[0] if event["event"] in kinds]


def test_a_trial_is_made_started_reported_and_ended_in_this_order(start):
    study = start(trials=1)
    trial = study.start().trial
    study.report(trial, report(1, 0.5))
    study.ended(trial, State.FINISHED, Reason("completed"))
    story = [(event["event"], event.get("state")) for event in read_events(study.folder)[0]]
    assert story == [
        ("sweep", None), ("trial", None), ("state", "running"), ("report", None), ("state", "finished"),
    ]  # fmt: skip


def test_an_assignment_carries_the_fixed_settings_and_the_parameters(start):
    assignment = start(trainer={"function": "toy:train", "rate": 3}).start()
    assert (assignment.trial, assignment.attempt) == ("t0001", 1)
    assert assignment.settings.keys() == {"rate", "x", "k"}


def test_no_more_trials_are_started_than_were_asked_for(start):
    study = start(trials=2)
    assert [study.start().trial, study.start().trial] == ["t0001", "t0002"]
    assert study.open == 0
    assert study.start() is None
    assert not study.settled
    for trial in ("t0001", "t0002"):
        study.ended(trial, State.FINISHED, Reason("completed"))
    assert study.settled


def test_a_sweep_whose_first_trials_all_fail_before_they_report_goes_no_further(start):
    study = start(trials=40)
    for _ in range(HOPELESS):
        study.ended(study.start().trial, State.FAILED, Reason("error", "no such column"))
    assert study.start() is None
    assert study.settled


def test_a_sweep_with_one_report_goes_on_whatever_fails(start):
    study = start(trials=40)
    study.report(study.start().trial, report(1, 0.5, progress=0.1))
    for _ in range(2 * HOPELESS):
        study.ended(study.start().trial, State.FAILED, Reason("error", "out of memory"))
    assert study.start() is not None


def test_a_grid_ends_with_its_last_point(start):
    study = start(method="grid", trials=None, parameters={"x": [0.1, 0.9], "k": [1, 2]})
    play(study)
    assert study.settled
    assert [tuple(trial.params.values()) for trial in study.record.trials] == [(0.1, 1), (0.1, 2), (0.9, 1), (0.9, 2)]


def test_the_last_report_of_the_trainer_ends_its_trial_whatever_the_scheduler_thinks(start):
    study = start(early_stopping=STOPPING, trials=2)
    better, worse = study.start().trial, study.start().trial
    study.report(better, report(1, 0.9))
    assert study.report(worse, report(1, 0.1, done=True, reason="patience")) is Decision.STOP
    assert state_of(study, worse) == (State.FINISHED, "patience")


def test_the_scheduler_stops_the_loser_and_says_why(start):
    study = start(early_stopping=STOPPING, trials=2)
    better, worse = study.start().trial, study.start().trial
    assert study.report(better, report(1, 0.9)) is Decision.CONTINUE
    assert study.report(worse, report(1, 0.1)) is Decision.STOP
    assert state_of(study, worse) == (State.STOPPED, "asha")
    assert "rung 1: 0.1 is not in the top 1/3" in written(study, "state")[-1]["reason"]["text"]


def test_where_less_is_better_the_larger_value_loses(start):
    study = start(early_stopping=STOPPING, metric={"name": "score", "goal": "minimize"})
    first, second = study.start().trial, study.start().trial
    assert study.report(first, report(1, 0.1)) is Decision.CONTINUE
    assert study.report(second, report(1, 0.9)) is Decision.STOP


def test_a_report_without_the_metric_fails_its_trial_alone_and_says_what_it_had(start):
    study = start()
    trial, other = study.start().trial, study.start().trial
    assert study.report(trial, {"number": 1, "metrics": {"loss": 1.0, "f1": 0.5}}) is Decision.STOP
    assert state_of(study, trial) == (State.FAILED, "metric-missing")
    assert "no score in the report; it has f1, loss" in written(study, "state")[-1]["reason"]["text"]
    assert study.report(other, report(1, 0.5)) is Decision.CONTINUE


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_value_that_is_no_number_ends_its_trial_as_diverged_and_is_no_report(start, value):
    study = start()
    trial = study.start().trial
    study.report(trial, report(1, 0.5))
    assert study.report(trial, report(2, value)) is Decision.STOP
    assert state_of(study, trial) == (State.DIVERGED, "diverged")
    assert [event["report"] for event in written(study, "report")] == [1]


def test_a_trial_whose_worker_died_goes_on_in_a_new_attempt_before_new_trials(start):
    study = start(trials=3)
    lost, _ = study.start(), study.start()
    study.lost(lost.trial, Reason("worker-lost", "its worker process died"))
    assert state_of(study, lost.trial) == (State.PENDING, "worker-lost")
    assert study.open == 2
    again = study.start()
    assert (again.trial, again.attempt, again.settings) == (lost.trial, 2, lost.settings)
    assert study.start().trial == "t0003"


def test_a_trial_is_tried_again_only_so_often(start):
    study = start(trials=1, retries=2)
    for attempt in (1, 2, 3):
        assert study.start().attempt == attempt
        study.lost("t0001", Reason("worker-lost", "its worker process died"))
    assert study.start() is None
    assert study.settled
    assert state_of(study, "t0001") == (State.FAILED, "worker-lost")
    assert written(study, "state")[-1]["reason"]["text"] == "its worker process died, after 2 retries"


def test_whatever_a_lost_attempt_still_says_changes_nothing(start):
    study = start()
    trial = study.start().trial
    study.report(trial, report(1, 0.5))
    study.lost(trial, Reason("worker-lost"))
    before = read_events(study.folder)[0]
    assert study.report(trial, report(2, 0.6)) is Decision.STOP
    study.ended(trial, State.FINISHED, Reason("completed"))
    study.lost(trial, Reason("worker-lost"))
    assert read_events(study.folder)[0] == before


def test_nothing_follows_the_end_of_a_trial(start):
    study = start()
    trial = study.start().trial
    study.ended(trial, State.FAILED, Reason("error"))
    before = read_events(study.folder)[0]
    assert study.report(trial, report(1, 0.9)) is Decision.STOP
    study.ended(trial, State.FINISHED, Reason("completed"))
    assert read_events(study.folder)[0] == before


def test_an_interrupt_gives_every_running_trial_its_line(start):
    study = start()
    running = [study.start().trial, study.start().trial]
    study.interrupt(Reason("interrupted", "by a signal"))
    ends = written(study, "state")[-2:]
    assert [(event["trial"], event["state"]) for event in ends] == [(trial, "interrupted") for trial in running]
    assert read_sweep(study.folder).trials[0].state is State.INTERRUPTED


def test_seconds_are_those_of_the_attempts_on_the_clock_given(start):
    study = start(trials=1)
    study.start()
    study._clock.now += 5
    study.lost("t0001", Reason("worker-lost"))
    study._clock.now += 100  # waiting for a worker does not count
    study.start()
    study._clock.now += 2
    study.ended("t0001", State.FINISHED, Reason("completed"))
    assert study.record.trials[0].seconds == 7


def test_sinks_hear_of_every_event_after_it_is_in_the_ledger(start, tmp_path):
    heard = []

    class Listener:
        def handle(self, event, trial):
            heard.append((event, trial, len(read_events(tmp_path / "sweep")[0])))

    study = start(trials=1)
    study._book._sink = Listener()
    study.start()
    assert [event["n"] for event, _, _ in heard] == [lines for _, _, lines in heard] == [2, 3]
    assert [trial.state for _, trial, _ in heard] == [State.PENDING, State.RUNNING]


@pytest.mark.parametrize("slots", [1, 3])
def test_checkpoints_on_disk_stay_bounded_all_along(start, slots):
    study = start(trials=12, keep_checkpoints=2, early_stopping=STOPPING)
    seen = play(study, slots=slots)
    # A running trial has its best and its last two.
    assert seen.most_checkpoints <= 2 + 3 * slots
    assert len(on_disk(study.folder)) == 2


def test_the_checkpoints_that_stay_are_the_best_of_the_best_trials(start):
    study = start(trials=8, keep_checkpoints=2)
    play(study, slots=2)
    best = sorted(study.record.trials, key=lambda trial: -trial.best("score", "maximize").metrics["score"])[:2]
    kept = {f"{path.parent.parent.name}/{path.name}" for path in on_disk(study.folder)}
    assert kept == {f"{trial.id}/r{REPORTS:04d}" for trial in best}
