"""What a sweep costs, read off its events."""

from __future__ import annotations

from typing import Any

import pytest

from sweeps.records.meter import ENOUGH, Meter


def told(*events: dict[str, Any]) -> Meter:
    meter = Meter()
    for event in events:
        meter.tell(event)
    return meter


def start(time: float) -> dict[str, Any]:
    return {"event": "sweep", "time": time}


def state(time: float, trial: str, state: str) -> dict[str, Any]:
    return {"event": "state", "time": time, "trial": trial, "state": state}


def report(time: float, trial: str, number: int, progress: float | None = None) -> dict[str, Any]:
    return {"event": "report", "time": time, "trial": trial, "report": number, "progress": progress}


def test_the_pace_is_not_taken_from_what_beginning_costs_nor_from_those_who_have_not_reported() -> None:
    events = [
        start(0), state(0, "a", "running"), state(0, "b", "running"), state(0, "c", "running"),
        report(60, "a", 1, 0.1),
    ]  # fmt: skip
    assert told(*events).pace == pytest.approx(600)  # of one that has reported, all that is known
    assert told(*events[:-1], {**events[-1], "train_seconds": 4.0}).pace == pytest.approx(40)
    events += [report(65, "a", 2, 0.2), report(66, "b", 1, 0.1), report(72, "b", 2, 0.2)]
    assert told(*events).pace == pytest.approx((5 + 6) / 0.2)
    events += [state(73, "a", "paused"), state(200, "a", "running"), report(230, "a", 3, 0.3), report(235, "a", 4, 0.4)]
    assert told(*events).pace == pytest.approx((5 + 6 + 5) / 0.3)


def test_seconds_are_those_of_workers_and_of_drivers_and_not_the_time_between_two_drivers() -> None:
    meter = told(
        start(100), state(110, "a", "running"), state(112, "b", "running"), state(120, "a", "stopped"),
        report(130, "b", 1),  # the driver is killed after this
        start(1000), state(1001, "b", "running"), state(1005, "b", "finished"), {"event": "note", "time": 1006},
    )  # fmt: skip
    assert meter.worker_seconds == 10 + 18 + 4
    assert meter.seconds == 30 + 6


def test_a_running_trial_counts_up_to_the_latest_event_and_a_clock_set_back_undoes_nothing() -> None:
    meter = told(start(0), state(10, "a", "running"), report(25, "a", 1), report(5, "a", 2))
    assert meter.worker_seconds == 15
    assert meter.seconds == 25


def test_trainings_add_up_over_trials_and_pauses() -> None:
    meter = told(
        start(0), state(1, "a", "running"), report(2, "a", 1, 0.1), report(3, "a", 2, 0.2), state(3, "a", "paused"),
        state(4, "b", "running"), report(5, "b", 1, 0.5), state(5, "b", "stopped"),
        state(6, "a", "running"), report(7, "a", 3, 0.3), report(8, "a", 10, 1.0), state(8, "a", "finished"),
    )  # fmt: skip
    assert meter.cost.trainings == pytest.approx(1.5)


@pytest.mark.parametrize(
    ("again", "expected"),
    [
        ([(1, 0.25), (2, 0.5), (3, 0.75)], 0.5 + 0.75),  # from its start
        ([(2, 0.5), (3, 0.75)], 0.5 + 0.5),  # from its first checkpoint
        ([(3, 0.75)], 0.75),  # from its last one
    ],
)
def test_work_that_is_done_again_counts_again(again: list[tuple[int, float]], expected: float) -> None:
    meter = told(
        start(0), state(1, "a", "running"), report(2, "a", 1, 0.25), report(3, "a", 2, 0.5), state(4, "a", "pending"),
        state(5, "a", "running"), *(report(6 + number, "a", number, progress) for number, progress in again),
    )  # fmt: skip
    assert meter.cost.trainings == pytest.approx(expected)


def attempts(count: int, first: float, resumed: float) -> list[dict[str, Any]]:
    """Trials of two reports, a pause after the first; so many seconds to the first report of each attempt."""
    events, now = [start(0)], 0.0
    for number in range(count):
        name = f"t{number}"
        events += [state(now, name, "running"), report(now + first, name, 1, 0.5), state(now + first, name, "paused")]
        now += first
        events += [state(now, name, "running"), report(now + resumed, name, 2, 1.0)]
        now += resumed
        events.append(state(now, name, "finished"))
    return events


def test_what_resuming_costs_is_told_in_report_intervals_once_it_is_known() -> None:
    assert told(*attempts(ENOUGH - 1, 10, 30)).resume_cost is None
    # An interval is 20 s in the mean, and resumed attempts take 20 s longer.
    assert told(*attempts(ENOUGH, 10, 30)).resume_cost == pytest.approx(1.0)
    assert told(*attempts(ENOUGH, 30, 10)).resume_cost == pytest.approx(-1.0)
