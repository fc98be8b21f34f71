"""Places beside the quota for trials that earlier sweeps speak for."""

from __future__ import annotations

import pytest

from sweeps.schedule import Scheduler, make_scheduler
from sweeps.schedule.budget import Budget
from sweeps.schedule.course import Course
from sweeps.schedule.hyperband import HyperbandScheduler
from tests.sweeps_tests.schedule_kit import check_decisions, promoting


def backing(scheduler: Scheduler, backed: str) -> Scheduler:
    scheduler.consult(lambda: None, lambda: frozenset(backed))
    return scheduler


def test_two_thirds_of_them_go_on_beside_the_quota() -> None:
    table = """
        a 1 0.9 continue
        b 1 0.8 pause
        c 1 0.7 pause
        d 1 0.1 pause
        e 1 0.2 pause
        next b
        start b
        next -
    """  # a as soon as it comes, b once it is in the better half; c is not among the best two of three
    check_decisions(backing(promoting(), "abc"), table)


def test_whoever_is_in_the_worse_half_has_no_place() -> None:
    table = """
        b 1 0.9 pause
        c 1 0.8 pause
        a 1 0.1 pause
        next b
    """
    check_decisions(backing(promoting(), "a"), table)


def test_a_place_beside_the_quota_takes_none_of_it() -> None:
    table = """
        a 1 0.9 continue
        b 1 0.5 pause
        c 1 0.4 pause
        d 1 0.95 continue
        e 1 0.1 pause
        f 1 0.1 pause
        next -
        g 1 0.92 continue
    """  # of seven trials two may go on besides a: d, and g, which is the second of all
    check_decisions(backing(promoting(), "a"), table)


def test_nobody_is_backed_any_more_once_earlier_sweeps_are_found_to_mislead() -> None:
    scheduler = promoting()
    backed = {"a", "b"}
    scheduler.consult(lambda: None, lambda: frozenset(backed))
    check_decisions(scheduler, "a 1 0.9 continue")
    backed.clear()
    check_decisions(scheduler, "b 1 0.8 pause\nnext -")


def test_the_stopping_rule_spares_them_too() -> None:
    table = """
        c 1 0.9 continue
        d 1 0.1 stop
        e 1 0.1 stop
        a 1 0.8 continue
    """
    check_decisions(backing(make_scheduler("asha", mode="stopping"), "a"), table)


@pytest.mark.parametrize(
    "scheduler", [Course(promoting(), Budget(trials=9)), HyperbandScheduler(reports=2, mode="promotion")]
)
def test_schedulers_around_asha_hand_it_on(scheduler: Scheduler) -> None:
    backing(scheduler, "a")
    scheduler.start("a")
    assert scheduler.report("a", 1, 0.5) == "continue"
