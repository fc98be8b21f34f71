"""How long a sweep will still take: against recorded sweeps of which it is known."""

import math

import pytest

from scripts.benchmarks.recorded import Trainings, record_sweep, sweep_config
from scripts.benchmarks.time_left import estimates
from sweeps.records.ledger import read_events
from sweeps.views.halving_work import Trial, needed, next_rung

HALVING = {"scheduler": "asha", "grace": 1, "reduction_factor": 3, "mode": "auto"}
STEADY = Trainings(spread=0.0, failing=0.0, first=1.0)  # every trial as quick as any other


@pytest.fixture
def recorded(tmp_path):
    def record(trainings=STEADY, slots=2, **settings):
        config = sweep_config("recorded", tmp_path, **settings)
        folder = record_sweep(config, tmp_path / "recorded", slots=slots, trainings=trainings)
        return read_events(folder)[0]

    return record


def off(events, *shares):
    """How far off the estimate is at these shares of a sweep, as a share of what is left."""
    return [round(left.seconds / true - 1, 2) for true, left in estimates(events, shares)]


def test_steady_trials_without_a_scheduler_are_foretold_closely(recorded):
    events = recorded(trials=6, early_stopping="none")
    assert max(map(abs, off(events, 0.25, 0.5, 0.75, 0.9))) < 0.1


def test_the_last_trials_end_one_by_one(recorded):
    """Three trials on two workers: two rounds, though only one and a half are work."""
    events = recorded(trials=3, early_stopping="none")
    assert max(map(abs, off(events, 0.25, 0.45, 0.8))) < 0.05


@pytest.mark.parametrize(
    ("settings", "most"),
    [
        ({"trials": 60, "early_stopping": {"scheduler": "asha"}}, 0.4),
        ({"trials": 60, "early_stopping": {"scheduler": "asha", "mode": "stopping"}}, 0.6),
        ({"trials": None, "budget": {"trainings": 8}}, 0.2),
        ({"trials": None, "budget": {"trainings": 8}, "finish": 3}, 0.35),
        ({"trials": None, "budget": {"device_hours": 1}}, 0.2),
        ({"trials": None, "budget": {"hours": 0.5}}, 0.25),
    ],
)
def test_paused_trials_promotions_and_budgets_are_counted(recorded, settings, most):
    events = recorded(slots=2, **settings)
    assert max(map(abs, off(events, 0.25, 0.5, 0.75))) < most


def test_it_says_what_it_is_based_on(recorded):
    events = recorded(trials=None, budget={"trainings": 5})
    ((_, left),) = estimates(events, [0.5])
    assert left.text.startswith("about ")
    assert " of 5 trainings in " in left.text
    assert not left.at_most


def test_what_may_end_before_is_at_most(recorded):
    events = recorded(trials=12, stop_when={"target": 2.0})
    ((_, left),) = estimates(events, [0.5])
    assert left.text.startswith("at most about ")
    assert "trainings for 12 trials in" in left.text


def test_trials_that_do_not_say_how_far_they_are_are_counted_in_reports(recorded):
    events = recorded(trials=4, early_stopping="none")
    for event in events:
        event.pop("progress", None)
    ((true, left),) = estimates(events, [0.6])
    assert left.seconds == pytest.approx(true, rel=0.15)
    assert " of about 108 reports for 4 trials in " in left.text


def test_nothing_is_said_of_what_nobody_knows(recorded):
    events = recorded(trials=3, early_stopping="none")
    assert estimates(events[:4], [1.0], total=math.inf) == []
    endless = [{**event, "planned": None} if event["event"] == "sweep" else event for event in events]
    assert estimates(endless, [0.5]) == []


def reports_of(trials, planned, schedule, length=9):
    return round(needed(trials, planned, length, schedule).work * length, 6)


def test_work_of_halving_is_that_of_its_rungs():
    assert reports_of([], 27, HALVING) == 27 * 1 + 9 * 2 + 3 * 6
    assert reports_of([], 20, HALVING, 10) == 20 * 1 + 6 * 2 + 2 * 6 + 0 * 1
    at_rest = [Trial(1 / 9, running=False)] * 20
    assert reports_of(at_rest, 27, HALVING) == 7 * 1 + 9 * 2 + 3 * 6
    running = [*at_rest, Trial(2 / 9, running=True), Trial(3 / 9, running=True), Trial(0.0, running=True)]
    assert reports_of(running, 27, HALVING) == 4 * 1 + 1 + 7 * 2 + 1 + 2 * 6 + 6
    found = needed(running, 27, 9, HALVING)
    assert [round(9 * one) for one in found.owed] == [1, 6, 1]
    assert (round(9 * found.last), found.to_finish) == (6, 2)


def test_where_losers_are_stopped_it_is_counted_how_many_are_not():
    stopping = {**HALVING, "mode": "stopping"}
    nobody = [Trial(1 / 9, running=False)] * 30
    everybody = [Trial(1.0, running=False)] * 30
    assert reports_of(nobody, 60, stopping) < reports_of([], 60, stopping) < 30 + reports_of(everybody, 60, stopping)
    assert reports_of(everybody, 60, stopping) > 0.7 * 30 * 9


def test_hyperbands_later_brackets_pass_first_rungs_and_pasha_goes_no_further_than_it_came():
    assert reports_of([], 27, {**HALVING, "scheduler": "hyperband"}) > reports_of([], 27, HALVING)
    assert reports_of([], 27, {**HALVING, "scheduler": "pasha"}) == 27


def test_where_a_trial_is_judged_next():
    assert [round(9 * next_rung(share / 9, 9, HALVING)) for share in (0, 1, 2, 3, 8)] == [1, 3, 3, 9, 9]
    assert next_rung(0.1, 9, {"scheduler": "median"}) == 1.0
