"""Which trials nothing beats at both: a better metric, and less time or fewer parameters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sweeps.records.record import State, SweepRecord, TrialRecord
from sweeps.views.report.sources import Sources
from sweeps.views.text import duration, metric_text

Price = Literal["seconds", "trainable"]


@dataclass(frozen=True)
class Point:
    """A trial: what it cost, and its best value."""

    trial: str
    cost: float
    value: float
    front: bool = False


@dataclass(frozen=True)
class Pareto:
    """All trials with a value; of ``front`` are those that no other one beats at both."""

    price: Price
    points: tuple[Point, ...]

    @property
    def front(self) -> tuple[Point, ...]:
        """From the cheapest to the best."""
        return tuple(sorted((one for one in self.points if one.front), key=lambda one: (one.cost, one.value)))

    @property
    def alike(self) -> bool:
        """Whether all cost the same: then there is nothing to choose."""
        return len({point.cost for point in self.points}) < 2

    def sentence(self, metric: str) -> str:
        """In words."""
        front = self.front
        if not front:
            return "no trial has a value and a known cost"
        cheap, best = front[0], front[-1]
        if cheap.trial == best.trial:
            return f"{best.trial} is the best and the cheapest at once ({metric} {metric_text(best.value)})"
        return (
            f"{_trials(len(front))} on the front, from {cheap.trial} ({metric} {metric_text(cheap.value)}, "
            f"{_cost(self.price, cheap.cost)}) to {best.trial} ({metric_text(best.value)}, "
            f"{_cost(self.price, best.cost)})"
        )


def pareto_of(sources: Sources, price: Price) -> Pareto:
    """The metric against device seconds, counted from when a worker takes a trial, or against the number of parameters
    that train, where these are known."""
    record = sources.record
    found = []
    for trial in record.trials:
        best = None if trial.state in {State.FAILED, State.DIVERGED} else trial.best(record.metric, record.goal)
        cost = _of(trial, price, sources.devices)
        if best is not None and cost is not None:
            found.append(Point(trial.id, cost, best.metrics[record.metric]))
    return Pareto(price, _marked(found, record))


def _of(trial: TrialRecord, price: Price, devices: float) -> float | None:
    if price == "trainable":
        return trial.trainable
    return trial.seconds * devices or None


def _marked(points: Sequence[Point], record: SweepRecord) -> tuple[Point, ...]:
    sign = 1.0 if record.goal == "minimize" else -1.0
    best = float("inf")
    front = set()
    for point in sorted(points, key=lambda one: (one.cost, sign * one.value)):
        if sign * point.value < best:
            best = sign * point.value
            front.add(point.trial)
    return tuple(Point(one.trial, one.cost, one.value, one.trial in front) for one in points)


def _cost(price: Price, cost: float) -> str:
    return f"{cost:,.0f} parameters" if price == "trainable" else duration(cost) if cost >= 10 else f"{cost:.2g} s"


def _trials(count: int) -> str:
    return f"{count} trial{'s' if count != 1 else ''}"
