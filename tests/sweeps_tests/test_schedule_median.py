"""The median rule's decisions, one by one, on recorded curves."""

from __future__ import annotations

import random
from collections.abc import Iterator
from statistics import median

import pytest

from sweeps.schedule import Decision
from sweeps.schedule.median import MedianScheduler
from tests.sweeps_tests.schedule_kit import check_decisions

THREE_CURVES = """
    a 1 0.2 continue
    b 1 0.4 continue
    c 1 0.6 continue
    a 2 0.4 continue
    b 2 0.6 continue
    c 2 0.8 continue
"""  # running averages at report 2: 0.3, 0.5, 0.7


def test_best_so_far_against_the_median_of_running_averages() -> None:
    table = (
        THREE_CURVES
        + """
        d 1 0.50 continue
        d 2 0.30 continue
        e 1 0.40 stop
        f 1 0.44 continue
        f 2 0.43 stop
    """
    )  # d's best ties with the median of 0.3, 0.5, 0.7; that of 0.3, 0.4, 0.5, 0.7 is more than f's best
    check_decisions(MedianScheduler(grace=1, min_trials=3), table)


def test_grace_and_min_trials() -> None:
    table = THREE_CURVES + "d 1 0.0 continue\n d 2 0.0 stop"
    check_decisions(MedianScheduler(grace=2, min_trials=3), table)
    table = THREE_CURVES + "d 1 0.0 continue\n d 2 0.0 continue"
    check_decisions(MedianScheduler(grace=2, min_trials=4), table)


def test_missing_reports_late_ones_and_trials_that_failed_early() -> None:
    table = """
        a 1 0.5 continue
        b 2 0.5 continue
        c 3 0.5 continue
        failed 1 0.9 continue
        d 3 0.1 continue
        a 3 0.5 continue
        b 3 0.5 continue
        d 2 0.9 continue
        d 4 0.1 continue
        e 3 0.1 stop
    """  # at 3: a, b, c, d have come so far; the one that failed has not; d's late report does not count
    check_decisions(MedianScheduler(grace=2, min_trials=3), table)


def test_the_explanation_names_the_median() -> None:
    scheduler = MedianScheduler(grace=2, min_trials=3)
    check_decisions(scheduler, THREE_CURVES + "d 2 0.1 stop")
    assert scheduler.explain("d") == "report 2: best 0.1 is below the median of 3 running averages (0.5)"


@pytest.mark.parametrize("seed", range(20))
def test_decides_as_the_rule_written_down_plainly_does(seed: int) -> None:
    rng = random.Random(seed)
    grace, least = rng.randint(1, 4), rng.randint(1, 6)
    scheduler, told = MedianScheduler(grace=grace, min_trials=least), dict[str, dict[int, float]]()
    stopped = 0
    for trial, report, score in interleaved_curves(rng):
        if scheduler.explain(trial):
            continue
        curve = told.setdefault(trial, {})
        curve[report] = score
        others = [other for name, other in told.items() if name != trial and max(other) >= report]
        averages = [mean(part) for other in others if (part := [other[n] for n in other if n <= report])]
        enough = report >= grace and len(averages) >= least
        loses = enough and max(curve.values()) < median(averages)
        assert scheduler.report(trial, report, score) is (Decision.STOP if loses else Decision.CONTINUE)
        stopped += loses
    assert stopped > 0


def mean(scores: list[float]) -> float:
    return sum(scores) / len(scores)


def interleaved_curves(rng: random.Random) -> Iterator[tuple[str, int, float]]:
    """Sixty curves told in any order, with gaps and with scores that are often equal."""
    left = {f"t{number}": [n for n in range(1, 13) if rng.random() < 0.8] for number in range(60)}
    while left := {trial: reports for trial, reports in left.items() if reports}:
        trial = rng.choice(list(left))
        yield trial, left[trial].pop(0), rng.randint(0, 8) / 4
