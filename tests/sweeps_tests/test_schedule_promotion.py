"""ASHA with promotion: decisions and candidates, one by one."""

from __future__ import annotations

import time

from sweeps.schedule import Decision
from tests.sweeps_tests.schedule_kit import check_decisions, promoting


def test_exact_decisions_and_candidates_with_eta_3() -> None:
    table = """
        next -
        a 1 0.50 pause
        b 1 0.40 pause
        next -
        c 1 0.30 pause
        next a
        next a
        start a
        next -
        a 2 0.90 continue
        d 1 0.60 continue
        e 1 0.55 pause
        next -
        f 1 0.58 pause
        next -
        a 3 0.70 pause
        d 3 0.80 pause
        g 1 0.59 pause
        h 1 0.20 pause
        next -
        i 1 0.30 pause
        next g
        start g
        g 3 0.20 pause
        next d
        start d
        next -
    """  # rung 1: a and d, each the best of all as it comes; room for a third of 9; rung 3: d is the best of 3
    check_decisions(promoting(), table)


def test_the_highest_rung_comes_first() -> None:
    table = """
        a 1 0.9 pause
        b 1 0.8 pause
        c 1 0.7 pause
        start a
        a 3 0.9 pause
        d 1 0.85 pause
        e 1 0.1 pause
        f 1 0.1 pause
        start d
        d 3 0.95 pause
        g 1 0.1 pause
        h 1 0.1 pause
        i 1 0.1 pause
        next b
        start b
        b 3 0.1 pause
        j 1 0.75 pause
        k 1 0.1 pause
        l 1 0.1 pause
        next d
        start d
        next j
        start j
        next -
    """
    check_decisions(promoting(), table)


def test_of_equal_scores_the_first_to_come_goes_first() -> None:
    table = """
        b 1 0.5 pause
        a 1 0.5 pause
        c 1 0.5 pause
        next b
        start b
        d 1 0.5 pause
        e 1 0.5 pause
        f 1 0.5 pause
        next a
    """
    check_decisions(promoting(), table)


def test_when_no_more_trials_come_the_best_goes_on_to_the_end() -> None:
    table = """
        a 1 0.5 pause
        b 1 0.6 pause
        next -
        last b
        next -
        start b
        last -
        b 3 0.7 pause
        last b
        start b
        b 9 0.7 pause
        end b
        last -
    """
    check_decisions(promoting(), table)


def test_fewer_scores_than_min_trials_promote_nobody() -> None:
    table = """
        a 1 0.9 pause
        b 1 0.8 pause
        c 1 0.7 pause
        next -
        d 1 0.6 pause
        next a
    """
    check_decisions(promoting(min_trials=4), table)


def test_why_a_trial_is_paused() -> None:
    scheduler = promoting(grace=2)
    for trial, score in (("a", 0.5), ("b", 0.8), ("c", 0.25), ("d", 0.75)):
        scheduler.report(trial, 2, score)
    assert scheduler.explain("b") == "rung 2: 0.8 is rank 1 of 2, none goes on yet"
    assert scheduler.explain("d") == "rung 2: 0.75 is rank 2 of 4, the best 1 go on"
    scheduler.start("b")
    scheduler.end("d")
    assert scheduler.explain("b") == ""
    assert scheduler.explain("d") == "rung 2: 0.75 is rank 2 of 4, the best 1 go on"


def test_which_checkpoints_to_keep() -> None:
    scheduler = promoting(factor=2)
    for trial, score in zip("abcdefgh", (0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1), strict=True):
        scheduler.report(trial, 1, score)
    assert scheduler.promotable() == list("abcdefgh")  # a to d may go on; e is the next
    assert scheduler.promotable(margin=0) == list("abcd")
    assert scheduler.promotable(margin=1) == list("abcde")
    for trial, score in (("a", 0.9), ("d", 0.8)):
        scheduler.start(trial)
        scheduler.report(trial, 2, score)
    # Ranks over shares: a 1/1, d 2/1 at rung 2; b 2/4, c 3/4, e 5/4, f 6/4, g 7/4, h 8/4 at rung 1. Ties: higher first.
    assert scheduler.promotable() == ["b", "c", "a", "e", "f", "g", "d", "h"]
    scheduler.end("b")
    assert scheduler.promotable(margin=0) == ["c", "a"]


def test_asking_for_candidates_of_many_trials_is_cheap() -> None:
    scheduler = promoting()
    for number in range(3000):
        assert scheduler.report(f"t{number}", 1, -number) is Decision.PAUSE or number == 0
    started = time.perf_counter()
    for _ in range(1000):
        scheduler.start(scheduler.candidate() or "none")
    assert scheduler.candidate() is None
    assert time.perf_counter() - started < 1.0  # some 5 ms; a look at each trial would take seconds
