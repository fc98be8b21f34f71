"""What a scheduler is told in a sweep, and what it answers: recorded curves, workers, failures and restarts."""

from __future__ import annotations

import heapq
import math
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sweeps.schedule import Decision, Scheduler

Event = tuple[str | int | float, ...]  # its kind, then what `tell` hands on
Answer = Decision | str | None
Log = list[tuple[Event, Answer]]


@dataclass(frozen=True)
class Curve:
    """How one trial goes."""

    reports: tuple[tuple[int, float], ...]  # number and score; numbers may be missing
    interval: float = 1.0
    fails_after: int | None = None  # so many reports
    lost_after: int | None = None  # so many reports its worker is lost, once
    kept: int = 0  # so many reports its checkpoint is old, whenever it goes on from it


def recorded_curves(trials: int = 40, length: int = 12, seed: int = 3) -> dict[str, Curve]:
    """Noisy learning curves; some trials fail, lose their worker, skip reports or have no checkpoint."""
    rng = random.Random(seed)
    curves = {}
    for number in range(1, trials + 1):
        ceiling, speed = rng.random(), rng.uniform(2, 6)
        scores = [ceiling * (1 - math.exp(-n / speed)) + rng.gauss(0, 0.02) for n in range(1, length + 1)]
        reports = [(n, score) for n, score in enumerate(scores, 1) if number % 6 or n not in (1, 4, 5)]
        curves[f"t{number:04}"] = Curve(
            tuple(reports),
            interval=rng.uniform(0.5, 2.0),
            fails_after=3 if number % 11 == 0 else None,
            lost_after=2 if number % 5 == 0 else None,
            kept=number % 3,
        )
    return curves


def tell(scheduler: Scheduler, event: Event) -> Answer:
    """Hand on one event, or ask one question."""
    match event:
        case ("start", str(trial)):
            scheduler.start(trial)
        case ("report", str(trial), int(number), float(score)):
            return scheduler.report(trial, number, score)
        case ("end", str(trial)):
            scheduler.end(trial)
        case ("costs", float(resume)):
            scheduler.costs(resume)
        case ("next", bool(last)):
            return scheduler.candidate(last=last)
        case _:
            raise ValueError(f"no event: {event}")
    return None


def drive(scheduler: Scheduler, curves: Mapping[str, Curve], workers: int = 4) -> Log:
    """A whole sweep. Every trial that the scheduler names must be paused: not running, not over, not unheard of.

    The cost of resuming is told again and again, and is low and high by turns. Trials that are still paused
    when nothing is left to go on with are ended.
    """
    return _Drive(scheduler, curves).run(workers)


class _Drive:
    def __init__(self, scheduler: Scheduler, curves: Mapping[str, Curve]) -> None:
        self.scheduler, self.curves = scheduler, curves
        self.log: Log = []
        self.fresh = list(curves)
        self.heard = dict.fromkeys(curves, 0)  # how many reports lie behind each trial
        self.lost: set[str] = set()
        self.paused: set[str] = set()
        self.events: list[tuple[float, str]] = []

    def run(self, workers: int) -> Log:
        now, free = 0.0, workers
        while True:
            while free and (trial := self.begin()) is not None:
                free -= 1
                heapq.heappush(self.events, (now + self.curves[trial].interval, trial))
            if not self.events:
                break
            now, trial = heapq.heappop(self.events)
            if self.hear(trial):
                heapq.heappush(self.events, (now + self.curves[trial].interval, trial))
            else:
                free += 1
        for trial in sorted(self.paused):
            self.tell("end", trial)
        return self.log

    def tell(self, *event: str | int | float) -> Answer:
        answer = tell(self.scheduler, event)
        self.log.append((event, answer))
        return answer

    def begin(self) -> str | None:
        if len(self.log) % 10 == 0:
            self.tell("costs", 3.0 if len(self.log) % 100 >= 50 else 0.5)
        trial = self.tell("next", not self.fresh)
        if trial is not None:
            assert trial in self.paused, f"{trial} cannot go on: it is not paused"
            self.paused.remove(trial)
            self.heard[trial] = max(0, self.heard[trial] - self.curves[trial].kept)
        elif self.fresh:
            trial = self.fresh.pop(0)
        else:
            return None
        self.tell("start", trial)
        return trial

    def hear(self, trial: str) -> bool:
        """The next report of ``trial``; whether it goes on at once."""
        curve = self.curves[trial]
        if curve.fails_after == self.heard[trial]:
            self.tell("end", trial)
            return False
        decision = self.tell("report", trial, *curve.reports[self.heard[trial]])
        self.heard[trial] += 1
        if self.heard[trial] == len(curve.reports) or decision is Decision.STOP:
            self.tell("end", trial)
            return False
        if decision is Decision.PAUSE:
            self.paused.add(trial)
            return False
        if curve.lost_after == self.heard[trial] and trial not in self.lost:
            self.lost.add(trial)
            self.heard[trial] -= curve.kept
            self.tell("start", trial)
        return True


def told(log: Iterable[tuple[Event, Answer]]) -> Log:
    """The events of a log without the questions: what a ledger holds."""
    return [(event, answer) for event, answer in log if event[0] != "next"]
