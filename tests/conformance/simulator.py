"""Sweeps in virtual time: the real searchers and schedulers on learning curves that are known in advance.

Nothing here waits. Workers are entries in a heap of events, ordered by virtual time, so that a sweep of
hundreds of trials takes as long as its searcher needs to think.
"""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass, field
from typing import Protocol

from sweeps.schedule import Decision, Scheduler
from sweeps.search import Outcome, Params, Searcher


class Problem(Protocol):
    """Known learning curves."""

    @property
    def reports(self) -> int:
        """How many reports a full training has."""

    def score(self, params: Params, report: int) -> float:
        """The score at ``report`` (from 1), larger is better; a trial fails where it is not finite."""

    def seconds(self, params: Params, report: int) -> float:
        """Virtual seconds of training between the report before (or the start) and ``report``."""


@dataclass
class SimulatedTrial:
    """One trial as it went; ``outcome`` is ``None`` where the sweep's time was up first."""

    number: int
    params: Params
    scores: list[float] = field(default_factory=list)
    outcome: Outcome | None = None


@dataclass
class Simulation:
    """What came of a sweep. ``incumbents`` are ``(virtual seconds, score)`` at each new best score."""

    trials: list[SimulatedTrial] = field(default_factory=list)
    incumbents: list[tuple[float, float]] = field(default_factory=list)
    seconds: float = 0.0
    reports: int = 0

    @property
    def best(self) -> float:
        """The best score of any report; minus infinity where there was none."""
        return self.incumbents[-1][1] if self.incumbents else -math.inf

    def best_at(self, seconds: float) -> float:
        """The best score that was known after so many virtual seconds."""
        return max((score for time, score in self.incumbents if time <= seconds), default=-math.inf)


def simulate(
    searcher: Searcher,
    scheduler: Scheduler,
    problem: Problem,
    *,
    workers: int,
    trials: int | None = None,
    seconds: float = math.inf,
) -> Simulation:
    """Run a sweep of at most ``trials`` trials and ``seconds`` of virtual time on ``workers`` workers.

    A report at the end of a full training finishes its trial whatever the scheduler says; one that is not
    finite fails it. Events at the same time are handled in the order of trial numbers. Deterministic.
    """
    if trials is None and seconds == math.inf:
        raise ValueError("a simulated sweep needs an end: trials or seconds")
    result = Simulation()
    events: list[tuple[float, int, int]] = []  # virtual time, trial number, report

    def start(now: float) -> None:
        number = len(result.trials) + 1
        if trials is not None and number > trials:
            return
        params = searcher.ask(number)
        if params is not None:
            result.trials.append(SimulatedTrial(number, params))
            heapq.heappush(events, (now + problem.seconds(params, 1), number, 1))

    for _ in range(workers):
        start(0.0)
    while events and events[0][0] <= seconds:
        result.seconds, number, report = heapq.heappop(events)
        result.reports += 1
        trial = result.trials[number - 1]
        trial.outcome = _hear(trial, report, problem, searcher, scheduler)
        if math.isfinite(trial.scores[-1]) and trial.scores[-1] > result.best:
            result.incumbents.append((result.seconds, trial.scores[-1]))
        if trial.outcome is None:
            following = result.seconds + problem.seconds(trial.params, report + 1)
            heapq.heappush(events, (following, number, report + 1))
        else:
            scheduler.end(str(number))
            searcher.end(number, trial.outcome)
            start(result.seconds)
    return result


def _hear(
    trial: SimulatedTrial, report: int, problem: Problem, searcher: Searcher, scheduler: Scheduler
) -> Outcome | None:
    """Tell one report; how the trial ended with it, or ``None`` when it goes on."""
    score = problem.score(trial.params, report)
    trial.scores.append(score)
    if not math.isfinite(score):
        return Outcome.FAILED
    searcher.report(trial.number, report, score)
    decision = scheduler.report(str(trial.number), report, score)
    if report == problem.reports:
        return Outcome.FINISHED
    return Outcome.STOPPED if decision is Decision.STOP else None
