"""What a scheduler makes of a trial that went on although it had decided otherwise: another one decided then."""

import pytest

from sweeps.schedule import Decision, make_scheduler
from sweeps.schedule.budget import Budget
from sweeps.schedule.course import Course
from tests.sweeps_tests.schedule_kit import promoting

SETTINGS = {"hyperband": {"reports": 9}, "patience": {"patience": 1}, "median": {"min_trials": 1}}


@pytest.mark.parametrize("mode", ["stopping", "promotion"])
@pytest.mark.parametrize("name", ["asha", "hyperband", "pasha", "median", "patience"])
def test_its_later_reports_count_again(name, mode):
    more = {"mode": mode} if name in {"asha", "hyperband"} else {}
    scheduler = Course(make_scheduler(name, **SETTINGS.get(name, {}), **more), Budget())
    rivals = [f"t{number}" for number in range(1, 25)]
    for trial in rivals:
        scheduler.start(trial)
        for report in (1, 2, 3):
            if scheduler.report(trial, report, 1.0 + report) is not Decision.CONTINUE:
                scheduler.overruled(trial)
    scheduler.start("loser")
    decided = []
    for report in range(1, 10):
        decision = scheduler.report("loser", report, 0.5 - 0.01 * report)
        decided.append(decision)
        if decision is not Decision.CONTINUE:
            assert scheduler.explain("loser")
            scheduler.overruled("loser")
            assert not scheduler.explain("loser")
    judged = [report for report, decision in enumerate(decided, 1) if decision is not Decision.CONTINUE]
    assert judged
    if scheduler.judged is not None:  # elsewhere no verdict stands any more
        assert set(judged) <= set(scheduler.judged)
    assert scheduler.candidate() != "loser"


@pytest.mark.parametrize(("overruled", "expected"), [((), ["t1", "t2"]), (("t5", "t6"), ["t1", None])])
def test_in_promotion_it_takes_one_of_the_places_of_those_that_may_go_on(overruled, expected):
    asha = promoting()
    for number in range(1, 7):
        asha.start(f"t{number}")
        assert asha.report(f"t{number}", 1, 1.0 - number / 10) is Decision.PAUSE
    for trial in overruled:
        asha.overruled(trial)
    first = asha.candidate()  # the best of all may always
    asha.start(first)
    assert [first, asha.candidate()] == expected
