"""ASHA with promotion where trials fail, begin again or skip reports."""

from __future__ import annotations

from tests.sweeps_tests.schedule_kit import check_decisions, promoting


def test_a_trial_that_failed_keeps_its_rank_and_never_goes_on() -> None:
    table = """
        a 1 0.9 pause
        b 1 0.8 pause
        c 1 0.7 pause
        end a
        next -
        a 3 1.0 stop
        d 1 0.1 pause
        e 1 0.1 pause
        f 1 0.1 pause
        next b
        start b
        b 2 0.9 continue
        end b
        b 3 0.9 stop
        g 1 0.1 pause
        h 1 0.1 pause
        i 1 0.1 pause
        next c
    """
    check_decisions(promoting(), table)


def test_a_restart_from_its_start_repeats_reports_that_do_not_count_again() -> None:
    table = """
        a 1 0.9 pause
        b 1 0.8 pause
        c 1 0.7 pause
        a 1 0.1 pause
        start a
        a 1 0.2 continue
        a 2 0.9 continue
        start a
        a 1 0.9 continue
        a 2 0.9 continue
        a 3 0.9 pause
        start a
        a 3 0.9 continue
        a 4 0.9 continue
        next -
    """
    check_decisions(promoting(), table)


def test_skipped_reports_are_judged_at_the_highest_rung_passed() -> None:
    table = """
        a 4 0.5 pause
        b 2 0.9 pause
        c 10 0.1 pause
        d 5 0.1 pause
        e 3 0.1 pause
        next a
        start a
        a 8 0.5 continue
        a 30 0.5 pause
        next -
    """
    check_decisions(promoting(), table)
