"""PASHA: when its top rung moves up, and the arithmetic of soft ranking."""

from __future__ import annotations

import pytest

from sweeps.schedule.pasha import PashaScheduler
from sweeps.schedule.ranking import crossing_distance, noise, same_ranking
from tests.sweeps_tests.schedule_kit import check_decisions


def test_the_top_rung_moves_up_when_the_ranking_changes() -> None:
    scheduler = PashaScheduler(reduction_factor=2)
    table = """
        a 1 0.50 pause
        b 1 0.40 pause
        next a
        start a
        a 2 0.60 pause
        c 1 0.45 pause
        d 1 0.10 pause
        next c
        start c
        c 2 0.55 pause
        next -
        e 1 0.20 pause
        f 1 0.20 pause
        next b
    """  # a is before c at rung 1 as at rung 2: more training changes nothing, so nobody goes on
    check_decisions(scheduler, table)
    assert scheduler.top == 2
    assert scheduler.explain("a") == "rung 2: 0.6 is rank 1 of 1, none goes on yet"
    table = """
        start b
        b 2 0.70 continue
        next -
        b 3 0.70 continue
        b 4 0.80 pause
        last b
        g 1 0.01 pause
        h 1 0.01 pause
        next e
        start e
        e 2 0.10 pause
        next a
        start a
        a 4 0.70 pause
    """  # b was third and is first, so that rung 4 is the top: half of rung 2 goes on, b at once, a as one of four
    check_decisions(scheduler, table)
    assert scheduler.top == 4
    check_decisions(scheduler, "start c\n c 4 0.90 continue")  # a was before c at rung 2
    assert scheduler.top == 8


SWAPPED = """
    x 1 0.50 pause
    y 1 0.48 pause
    z 1 0.49 pause
    start x
    start y
    start z
    x 2 {dip} continue
    y 2 0.45 continue
    x 3 0.52 pause
    y 3 0.50 pause
    z 3 0.53 {decision}
"""


@pytest.mark.parametrize(("dip", "decision", "top"), [("0.40", "pause", 3), ("0.46", "continue", 9)])
def test_trials_that_noise_may_have_swapped_do_not_move_it(dip: str, decision: str, top: int) -> None:
    scheduler = PashaScheduler(reduction_factor=3)
    table = SWAPPED.format(dip=dip, decision=decision)  # z overtakes x; with the dip, x and y crossed and crossed back
    check_decisions(scheduler, table)
    assert scheduler.top == top


def test_curves_that_crossed_and_crossed_back() -> None:
    one = {1: 0.5, 2: 0.4, 3: 0.75}
    assert crossing_distance(one, {1: 0.4, 2: 0.5, 3: 0.5}, last=3) == 0.25
    assert crossing_distance({1: 0.4, 2: 0.5, 3: 0.5}, one, last=3) == 0.25
    assert crossing_distance(one, {1: 0.4, 2: 0.5, 3: 0.5}, last=2) is None  # crossed once by then
    assert crossing_distance(one, {1: 0.4, 3: 0.5}, last=3) is None  # nothing shows that they crossed
    assert crossing_distance(one, {4: 0.5}, last=9) is None


def test_noise_is_the_90th_percentile() -> None:
    assert noise([]) == 0.0
    assert noise([0.3]) == 0.3
    assert noise([10.0, *range(10)]) == 9.0
    assert noise([0.0, 1.0]) == pytest.approx(0.9)


def test_soft_ranking_forgives_what_is_within_epsilon_below() -> None:
    lower = {"a": 0.75, "b": 0.5, "c": 0.25, "elsewhere": 9.0}
    assert same_ranking({"a": 3, "b": 2, "c": 1}, lower, 0.0)
    assert not same_ranking({"a": 2, "b": 3, "c": 1}, lower, 0.125)
    assert same_ranking({"a": 2, "b": 3, "c": 1}, lower, 0.25)
    assert not same_ranking({"a": 1, "b": 2, "c": 3}, lower, 0.25)
    assert same_ranking({"a": 1, "unheard of": 2}, lower, 0.0)
