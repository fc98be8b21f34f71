"""What every scheduler must do. Subclass `SchedulerSuite`, say how to make one, and all of it is tested."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable

from sweeps.schedule import Decision, Scheduler

Report = tuple[str, int, float]


def recorded_reports(trials: int = 24, length: int = 12, seed: int = 3) -> list[Report]:
    """Reports of noisy learning curves, interleaved as workers at different speeds would send them."""
    rng = random.Random(seed)
    arrivals = []
    for trial in range(trials):
        ceiling, speed, start = rng.random(), rng.uniform(0.5, 2.0), rng.uniform(0, 8)
        for report in range(1, length + 1):
            score = ceiling * (1 - math.exp(-report / 4)) + rng.gauss(0, 0.02)
            arrivals.append((start + report * speed, f"t{trial + 1:04}", report, score))
    return [(trial, report, score) for _, trial, report, score in sorted(arrivals)]


def drive(scheduler: Scheduler, reports: Iterable[Report]) -> list[tuple[Report, Decision]]:
    """The decisions on ``reports``, where a stopped trial reports no more."""
    stopped: set[str] = set()
    decisions = []
    for trial, report, score in reports:
        if trial not in stopped:
            decision = scheduler.report(trial, report, score)
            decisions.append(((trial, report, score), decision))
            if decision is Decision.STOP:
                stopped.add(trial)
                scheduler.end(trial)
    return decisions


def decisions_of(scheduler: Scheduler, table: str) -> str:
    """The table with what was decided, to be compared with itself. Its lines are events and questions:

    ``trial report score decision``; ``start trial``; ``end trial``; ``costs number``;
    ``next trial``, the candidate, ``-`` for none; ``last trial``, the same when no new trials are to come.
    """
    lines = []
    for words in (line.split() for line in table.splitlines() if line.strip()):
        match words:
            case ["start", trial]:
                scheduler.start(trial)
            case ["end", trial]:
                scheduler.end(trial)
            case ["costs", resume]:
                scheduler.costs(float(resume))
            case ["next" | "last" as question, _]:
                words = [question, scheduler.candidate(last=question == "last") or "-"]
            case [trial, report, score, *_]:
                words = [trial, report, score, str(scheduler.report(trial, int(report), float(score)))]
        lines.append(" ".join(words))
    return "\n".join(lines)


def expected(table: str) -> str:
    """The table as `decisions_of` writes it."""
    return "\n".join(" ".join(line.split()) for line in table.splitlines() if line.strip())


class SchedulerSuite:
    """The contract of `Scheduler`, for one of them."""

    stops = True  # whether it ever stops a trial

    def make(self) -> Scheduler:
        raise NotImplementedError

    def test_replaying_the_reports_gives_the_same_decisions_and_the_same_future(self) -> None:
        reports = recorded_reports()
        whole = drive(self.make(), reports)
        for cut in (1, 40, 90):
            seen = [report for report, _ in whole[:cut]]
            resumed = self.make()
            assert [resumed.report(*report) for report in seen] == [decision for _, decision in whole[:cut]]
            rest = [report for report, _ in whole[cut:]]
            assert [resumed.report(*report) for report in rest] == [decision for _, decision in whole[cut:]]

    def test_reports_repeated_after_a_resume_do_not_count_twice(self) -> None:
        reports = [report for report, _ in drive(self.make(), recorded_reports())]
        once, twice = self.make(), self.make()
        for report in reports:
            decision = once.report(*report)
            assert twice.report(*report) is decision
            assert twice.report(*report) is decision

    def test_a_stop_stands_and_what_comes_late_is_not_recorded(self) -> None:
        plain, late = self.make(), self.make()
        stopped: set[str] = set()
        for trial, report, score in recorded_reports():
            if trial in stopped:
                assert late.report(trial, report, score + 100) is Decision.STOP
                continue
            decision = plain.report(trial, report, score)
            assert late.report(trial, report, score) is decision
            if decision is Decision.STOP:
                stopped.add(trial)
        assert bool(stopped) is self.stops

    def test_the_trial_that_leads_at_every_report_is_never_stopped(self) -> None:
        scheduler = self.make()
        for (trial, report, score), decision in drive(scheduler, recorded_reports(seed=5)):
            assert math.isfinite(score)
            lead = scheduler.report("leader", report, 10.0 + report)
            assert lead is Decision.CONTINUE, (trial, decision)

    def test_nothing_is_stopped_before_the_first_rung(self) -> None:
        scheduler = self.make()
        first = min(scheduler.rungs, default=math.inf)
        for (_, report, _), decision in drive(scheduler, recorded_reports()):
            assert decision is Decision.CONTINUE or report >= first

    def test_rungs_are_increasing_report_numbers(self) -> None:
        rungs = self.make().rungs
        assert all(rung >= 1 for rung in rungs)
        assert list(rungs) == sorted(set(rungs))

    def test_stops_are_explained_and_only_stops(self) -> None:
        scheduler = self.make()
        decisions = drive(scheduler, recorded_reports())
        stopped = {trial for (trial, _, _), decision in decisions if decision is Decision.STOP}
        for trial in {trial for (trial, _, _), _ in decisions}:
            assert bool(scheduler.explain(trial)) is (trial in stopped)
        assert scheduler.explain("unheard of") == ""

    def test_a_score_that_is_not_finite_never_moves_the_others(self) -> None:
        plain, disturbed = self.make(), self.make()
        decisions: list[bool] = []
        for report, decision in drive(plain, recorded_reports()):
            disturbed.report(f"nan after {len(decisions)}", report[1], float("nan"))
            disturbed.report(f"inf after {len(decisions)}", report[1], float("inf"))
            decisions.append(disturbed.report(*report) is decision)
        assert all(decisions)

    def test_a_failed_trial_leaves_the_others_alone(self) -> None:
        plain, failing = self.make(), self.make()
        for number, (report, decision) in enumerate(drive(plain, recorded_reports())):
            failing.end(f"crashed before it reported {number}")
            assert failing.report(*report) is decision
