"""Patience: decisions, one by one."""

from __future__ import annotations

from sweeps.schedule.patience import PatienceScheduler
from tests.sweeps_tests.schedule_kit import check_decisions


def test_two_reports_in_a_row_without_an_improvement_of_more_than_an_eighth() -> None:
    table = """
        a 1 0.50 continue
        b 1 0.9 continue
        a 2 0.55 continue
        a 3 0.60 continue
        a 4 0.65 continue
        a 5 0.70 continue
        b 2 0.1 continue
        a 6 0.77 stop
        a 7 9.0 stop
        d 1 0.5 continue
        d 3 0.625 continue
        d 4 0.625 stop
    """  # a: report 2 is within grace; 4 is more than an eighth above 1; 5 and 6 are not above 4 by so much
    scheduler = PatienceScheduler(grace=2, patience=2, min_delta=0.125)
    check_decisions(scheduler, table)
    assert scheduler.explain("a") == "report 6: not above 0.65 (report 4) by more than 0.125 for 2 reports"


def test_skipped_reports_are_not_counted_and_repeated_ones_not_again() -> None:
    table = """
        a 1 0.5 continue
        a 10 0.5 continue
        a 11 0.5 stop
        b 1 0.5 continue
        b 2 0.4 continue
        start b
        b 1 0.1 continue
        b 2 0.1 continue
        start b
        b 2 0.9 continue
        b 3 0.5 stop
    """
    scheduler = PatienceScheduler(grace=1, patience=2)
    check_decisions(scheduler, table)
    assert scheduler.explain("b") == "report 3: not above 0.5 (report 1) for 2 reports"


def test_an_improvement_begins_the_wait_anew() -> None:
    table = """
        a 1 0.5 continue
        a 2 0.5 continue
        a 3 0.6 continue
        a 4 0.5 continue
        a 5 0.7 continue
        a 6 0.7 continue
        a 7 0.7 stop
    """
    check_decisions(PatienceScheduler(grace=1, patience=2), table)
