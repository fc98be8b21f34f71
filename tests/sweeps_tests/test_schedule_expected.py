"""ASHA that asks what trials are expected to come to, instead of going by their scores alone."""

from __future__ import annotations

import pytest

from sweeps.schedule import Decision, Scheduler, make_scheduler
from sweeps.schedule.budget import Budget
from sweeps.schedule.course import Course
from sweeps.schedule.hyperband import HyperbandScheduler
from tests.sweeps_tests.schedule_kit import check_decisions, promoting

BY_SCORE = """
    a 1 0.50 pause
    b 1 0.40 pause
    c 1 0.30 pause
    next a
"""
BY_EXPECTATION = BY_SCORE.replace("next a", "next b")


def told(scheduler: Scheduler, **expected: float) -> Scheduler:
    scheduler.consult(lambda: expected)
    return scheduler


@pytest.mark.parametrize(
    "scheduler",
    [
        promoting(),
        Course(promoting(), Budget(trials=9)),
        HyperbandScheduler(reports=2, mode="promotion"),
    ],  # of one bracket
    ids=lambda scheduler: type(scheduler).__name__,
)
def test_the_most_promising_goes_first(scheduler: Scheduler) -> None:
    told(scheduler, a=0.1, b=0.9, c=0.5, d=0.3, e=0.2, f=0.0)
    for trial, score in (("a", 0.5), ("b", 0.4), ("c", 0.3), ("d", 0.2), ("e", 0.1), ("f", 0.0)):
        scheduler.start(trial)
        scheduler.report(trial, 1, score)
    assert scheduler.candidate() == "b"
    likely = scheduler.promotable()  # in a course the best score, a's, may be trained to the end at any time
    assert likely.index("b") < likely.index("c") < likely.index("f")


def test_without_an_opinion_scores_decide() -> None:
    scheduler = promoting()
    scheduler.consult(lambda: None)
    check_decisions(scheduler, BY_SCORE)


def test_who_is_expected_to_be_among_the_best_goes_straight_on() -> None:
    table = """
        a 1 0.50 pause
        b 1 0.40 pause
        c 1 0.30 continue
        d 1 0.20 pause
        next a
    """  # there is room for one of 3 or 4, and c has it; but the best score may always go on
    check_decisions(told(promoting(), a=0.1, b=0.2, c=0.9, d=1.0), table)


def test_the_best_score_of_all_goes_on_whatever_is_expected_of_it() -> None:
    table = """
        a 1 0.50 pause
        b 1 0.40 pause
        c 1 0.60 continue
        d 1 0.70 continue
        e 1 0.10 pause
    """
    check_decisions(told(promoting(), a=0.9, b=0.8, c=0.1, d=0.1, e=0.2), table)


def test_whoever_nothing_is_expected_of_comes_last() -> None:
    check_decisions(told(promoting(), b=-3.0, c=-4.0), BY_EXPECTATION)


def test_of_equal_expectations_the_better_score_comes_first() -> None:
    check_decisions(told(promoting(), a=0.5, b=0.5, c=0.5), BY_SCORE)


def test_the_last_ones_are_chosen_by_expectation_too() -> None:
    table = """
        a 1 0.50 pause
        b 1 0.40 pause
        next -
        last b
        start b
        b 3 0.1 pause
        last b
    """
    check_decisions(told(promoting(), a=0.1, b=0.9), table)


def test_the_reason_says_that_it_is_an_expectation() -> None:
    scheduler = told(promoting(), a=0.1, b=0.9, c=0.5)
    for trial, score in (("a", 0.5), ("b", 0.4), ("c", 0.3)):
        scheduler.report(trial, 1, score)
    assert scheduler.explain("c") == "rung 1: 0.3 is expected to become rank 2 of 3, the best 1 go on"


def test_stopping_goes_by_scores() -> None:
    scheduler = told(make_scheduler("asha", mode="stopping"), a=0.1, b=0.9)
    assert scheduler.report("a", 1, 0.5) is Decision.CONTINUE
    assert scheduler.report("b", 1, 0.4) is Decision.STOP
