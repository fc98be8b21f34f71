"""Hyperband: brackets and decisions, one by one."""

from __future__ import annotations

import pytest

from sweeps.schedule.hyperband import HyperbandScheduler
from tests.sweeps_tests.schedule_kit import check_decisions


def test_each_bracket_begins_to_compare_at_its_own_rung() -> None:
    table = """
        start a
        start b
        start c
        start d
        start e
        start f
        a 1 0.5 continue
        b 1 0.1 continue
        c 1 0.4 stop
        e 1 0.0 continue
        d 1 0.6 continue
        b 3 0.1 continue
        f 3 0.05 stop
        a 3 0.01 continue
        e 3 0.0 continue
        e 9 0.0 continue
        end b
        b 9 0.9 stop
    """  # a, c and d are in bracket 0, b and f in 1, e in 2
    scheduler = HyperbandScheduler(reports=9)
    check_decisions(scheduler, table)
    assert scheduler.explain("c") == "bracket 0, rung 1: 0.4 is not in the top 1/3 of 2 (cut 0.5)"
    assert scheduler.explain("f") == "bracket 1, rung 3: 0.05 is not in the top 1/3 of 2 (cut 0.1)"


def test_the_candidate_at_the_highest_rung_of_any_bracket_goes_first() -> None:
    table = """
        start a
        start b
        start c
        start d
        start e
        start f
        a 1 0.5 pause
        d 1 0.4 pause
        next a
        b 2 0.3 pause
        e 2 0.2 pause
        next b
        start b
        next a
        start a
        next -
        c 4 0.1 pause
        f 4 0.9 continue
        next -
        b 4 0.5 pause
        next -
        last b
    """  # a and d are in bracket 0, b and e in 1, c and f in 2
    scheduler = HyperbandScheduler(reports=4, reduction_factor=2, mode="promotion")
    check_decisions(scheduler, table)
    assert scheduler.promotable() == ["b", "c", "e", "d"]  # ranks over shares: 1/0.5 at 4; 2/1 at 4, at 2 and at 1


def test_trials_join_brackets_in_turn_by_their_shares() -> None:
    scheduler = HyperbandScheduler(reports=9)
    assert scheduler.shares == (9, 5, 3)
    joined = [scheduler.bracket(f"t{number}") for number in range(17)]
    assert joined == [0, 1, 0, 0, 2, 1, 0, 0, 1, 0, 2, 0, 1, 0, 0, 1, 2]
    assert [scheduler.bracket(f"t{number}") for number in range(17)] == joined
    assert scheduler.bracket("the next round") == 0


@pytest.mark.parametrize(
    ("reports", "grace", "shares"), [(27, 1, (27, 12, 6, 4)), (51, 3, (9, 5, 3)), (2, 1, (1,)), (1, 4, (1,))]
)
def test_brackets_begin_at_rungs_within_a_full_training(reports: int, grace: int, shares: tuple[int, ...]) -> None:
    assert HyperbandScheduler(reports=reports, grace=grace).shares == shares


def test_a_trial_that_never_began_takes_no_place() -> None:
    scheduler = HyperbandScheduler(reports=9)
    scheduler.end("failed at once")
    assert scheduler.bracket("first") == 0
