"""Sweeps in virtual time: the real searchers and schedulers on learning curves that are known in advance.

Nothing here waits. Workers are entries in a heap of events, ordered by virtual time, so that a sweep of
hundreds of trials takes as long as its searcher needs to think. Tests and `scripts/benchmark_search` both use it.
"""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass, field

from scripts.benchmarks.search.problem import Problem, placed
from sweeps.schedule import Decision, Scheduler
from sweeps.search import Outcome, Params, Searcher

# Sums of virtual seconds are floats: a budget that is met exactly must not be missed by a rounding.
SLACK = 1e-9


@dataclass
class SimulatedTrial:
    """One trial as it went; ``outcome`` is ``None`` where it was running or paused when the sweep's time was up."""

    number: int
    params: Params
    scores: list[float] = field(default_factory=list)
    outcome: Outcome | None = None
    paused: bool = False

    @property
    def name(self) -> str:
        """The trial's name, by which schedulers know it."""
        return f"t{self.number:04d}"


@dataclass(frozen=True)
class Incumbent:
    """A new best score: when it came, what had been paid by then, and whose it is."""

    seconds: float  # virtual time
    spent: float  # virtual seconds of all workers together
    score: float
    trial: int
    report: int


@dataclass
class Simulation:
    """What came of a sweep. ``spent`` is what its reports and resumed trials cost, over all workers."""

    trials: list[SimulatedTrial] = field(default_factory=list)
    incumbents: list[Incumbent] = field(default_factory=list)
    seconds: float = 0.0
    spent: float = 0.0
    reports: int = 0
    resumed: int = 0  # how often a paused trial went on

    @property
    def best(self) -> float:
        """The best score of any report; minus infinity where there was none."""
        return self.incumbents[-1].score if self.incumbents else -math.inf

    def best_at(self, seconds: float) -> float:
        """The best score that was known after so many virtual seconds."""
        return max((one.score for one in self.incumbents if one.seconds <= seconds), default=-math.inf)


def simulate(
    searcher: Searcher,
    scheduler: Scheduler,
    problem: Problem,
    *,
    workers: int,
    trials: int | None = None,
    seconds: float = math.inf,
    budget: float = math.inf,
    resume_cost: float = 0.0,
) -> Simulation:
    """Run a sweep of at most ``trials`` trials, ``seconds`` of virtual time and ``budget`` worker-seconds.

    A free worker goes on with the scheduler's candidate, or else begins a new trial; when there are no more of
    these, it asks for the last candidates. A report at the end of a
    full training finishes its trial whatever the scheduler says; one that is not finite fails it. Events at
    the same time are handled in the order of trial numbers. Deterministic.

    Args:
        searcher: where configurations come from.
        scheduler: which trials go on.
        problem: the curves, and how long each interval between reports takes.
        workers: how many trials can run at once.
        trials: how many trials are begun at most.
        seconds: the last moment whose reports count.
        budget: what may be spent; a report that would cost more ends the sweep.
        resume_cost: what a paused trial pays when a worker takes it up again, in report intervals. A worker that
            goes straight on with the trial that it just paused pays nothing.

    Raises:
        ValueError: there is no end to the sweep.
    """
    if trials is None and seconds == math.inf and budget == math.inf:
        raise ValueError("a simulated sweep needs an end: trials, seconds or a budget")
    return _Sweep(searcher, scheduler, problem, trials, resume_cost).run(workers, seconds, budget)


@dataclass
class _Sweep:
    searcher: Searcher
    scheduler: Scheduler
    problem: Problem
    most: int | None
    resume_cost: float
    result: Simulation = field(default_factory=Simulation)
    events: list[tuple[float, int, float]] = field(default_factory=list)  # when, which trial, what it cost

    def run(self, workers: int, seconds: float, budget: float) -> Simulation:
        self.scheduler.consult(self._expected, self._backed)
        result, free, last = self.result, workers, None
        while True:
            while free and self._occupy(last):
                free, last = free - 1, None
            if not self.events:
                return result
            now, number, cost = heapq.heappop(self.events)
            if now > seconds or result.spent + cost > budget * (1 + SLACK):
                return result
            result.seconds, result.spent, result.reports = now, result.spent + cost, result.reports + 1
            trial = result.trials[number - 1]
            if self._hear(trial):
                self._train(trial)
            else:
                free, last = free + 1, number

    def _occupy(self, last: int | None) -> bool:
        """Give a free worker something to do, where there is anything; ``last`` is the trial that it has just left."""
        name = self.scheduler.candidate()
        trial = self._begin() if name is None else self._paused(name)
        if trial is None and (name := self.scheduler.candidate(last=True)) is not None:
            trial = self._paused(name)
        if trial is None:
            return False
        extra = 0.0
        if name is not None:
            trial.paused = False
            self.result.resumed += 1
            self.searcher.resume(trial.number)
            if trial.number != last:
                extra = self.resume_cost
                self.scheduler.costs(extra)  # as a study does, once it has seen what resuming costs
        self.scheduler.start(trial.name)
        self._train(trial, extra)
        return True

    def _expected(self) -> dict[str, float] | None:
        expected = self.searcher.expected()
        return None if expected is None else {f"t{number:04d}": value for number, value in expected.items()}

    def _backed(self) -> frozenset[str]:
        return frozenset(f"t{number:04d}" for number in self.searcher.backed())

    def _paused(self, name: str) -> SimulatedTrial:
        trial = self.result.trials[int(name[1:]) - 1]
        if not trial.paused:
            raise ValueError(f"{name} cannot go on: it is not paused")
        return trial

    def _begin(self) -> SimulatedTrial | None:
        number = len(self.result.trials) + 1
        if not self.scheduler.more or (self.most is not None and number > self.most):
            return None
        params = placed(self.searcher, number, self.problem)
        if params is None:
            return None
        self.result.trials.append(SimulatedTrial(number, params))
        return self.result.trials[-1]

    def _train(self, trial: SimulatedTrial, extra: float = 0.0) -> None:
        interval = self.problem.seconds(trial.params, len(trial.scores) + 1)
        cost = interval * (1 + extra)
        heapq.heappush(self.events, (self.result.seconds + cost, trial.number, cost))

    def _hear(self, trial: SimulatedTrial) -> bool:
        """Tell the next report of ``trial``; whether its worker trains it further."""
        report = len(trial.scores) + 1
        score = self.problem.score(trial.params, report)
        trial.scores.append(score)
        if not math.isfinite(score):
            return self._end(trial, Outcome.FAILED)
        if score > self.result.best:
            incumbent = Incumbent(self.result.seconds, self.result.spent, score, trial.number, report)
            self.result.incumbents.append(incumbent)
        self.searcher.report(trial.number, report, score)
        decision = self.scheduler.report(trial.name, report, score)
        if report == self.problem.reports:
            return self._end(trial, Outcome.FINISHED)
        if decision is Decision.STOP:
            return self._end(trial, Outcome.STOPPED)
        if decision is Decision.PAUSE:
            trial.paused = True
            self.searcher.pause(trial.number)
        return decision is Decision.CONTINUE

    def _end(self, trial: SimulatedTrial, outcome: Outcome) -> bool:
        trial.outcome = outcome
        self.scheduler.end(trial.name)
        self.searcher.end(trial.number, outcome)
        return False
