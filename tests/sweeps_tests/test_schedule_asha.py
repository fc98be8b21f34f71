"""ASHA's decisions, one by one, on recorded curves."""

from __future__ import annotations

import pytest

from sweeps.schedule import Decision
from sweeps.schedule.asha import AshaScheduler
from sweeps.schedule.rungs import geometric_rungs
from tests.sweeps_tests.schedule_kit import check_decisions


def test_exact_decisions_with_eta_3() -> None:
    table = """
        a 1 0.50 continue
        b 1 0.40 stop
        c 1 0.60 continue
        d 1 0.60 continue
        e 1 0.55 stop
        a 2 0.10 continue
        f 1 0.60 continue
        g 1 0.59 stop
        a 3 0.70 continue
        c 3 0.69 stop
        d 3 0.71 continue
        f 3 0.10 stop
        d 9 0.00 continue
        a 9 0.01 continue
    """
    check_decisions(AshaScheduler(grace=1, reduction_factor=3), table)


def test_with_nine_scores_the_best_three_go_on() -> None:
    scheduler = AshaScheduler(grace=2, reduction_factor=3)
    for number in range(8):  # ascending: each is the best so far
        assert scheduler.report(f"t{number}", 2, number / 10) is Decision.CONTINUE
    assert scheduler.report("third of nine", 2, 0.55) is Decision.CONTINUE
    assert scheduler.report("fourth of ten", 2, 0.54) is Decision.STOP
    assert scheduler.explain("fourth of ten") == "rung 2: 0.54 is not in the top 1/3 of 10 (cut 0.55)"


def test_reports_that_were_skipped_or_come_late() -> None:
    table = """
        a 4 0.50 continue
        b 1 0.90 continue
        b 3 0.40 stop
        c 10 0.10 continue
        c 3 0.00 continue
        d 3 0.60 continue
        e 2 0.10 stop
    """
    check_decisions(AshaScheduler(grace=1, reduction_factor=3), table)


def test_equal_scores_all_go_on() -> None:
    scheduler = AshaScheduler(grace=1, reduction_factor=3)
    assert {scheduler.report(f"t{number}", 1, 0.0) for number in range(20)} == {Decision.CONTINUE}


def test_fewer_scores_than_min_trials_stop_nobody() -> None:
    table = """
        a 1 0.5 continue
        b 1 0.4 continue
        c 1 0.3 continue
        d 1 0.2 stop
        a 3 0.5 continue
        b 3 0.4 continue
    """
    check_decisions(AshaScheduler(grace=1, reduction_factor=3, min_trials=4), table)


def test_the_explanation_names_rung_share_and_cut() -> None:
    scheduler = AshaScheduler(grace=3, reduction_factor=3)
    for number in range(8):
        scheduler.report(f"t{number}", 3, [0.5, 0.87, 0.9, 0.91, 0.2, 0.3, 0.1, 0.4][number])
    assert scheduler.report("late", 3, 0.81) is Decision.STOP
    assert scheduler.explain("late") == "rung 3: 0.81 is not in the top 1/3 of 9 (cut 0.87)"


def test_a_score_that_is_not_a_number_is_stopped() -> None:
    scheduler = AshaScheduler()
    assert scheduler.report("a", 1, float("nan")) is Decision.STOP
    assert scheduler.explain("a") == "report 1: the score is nan"
    assert scheduler.report("b", 1, -5.0) is Decision.CONTINUE


@pytest.mark.parametrize(
    ("grace", "factor", "rungs"),
    [
        (1, 3, (1, 3, 9, 27)),
        (2, 4, (2, 8, 32)),
        (1, 1.5, (1, 2, 3, 4, 5, 8, 11, 17, 26, 38)),
        (1, 1.1, tuple(range(1, 14))),
        (50, 3, ()),
    ],
)
def test_rungs_are_rounded_and_strictly_increasing(grace: int, factor: float, rungs: tuple[int, ...]) -> None:
    assert geometric_rungs(grace, factor, most=40)[: len(rungs) or None] == rungs
