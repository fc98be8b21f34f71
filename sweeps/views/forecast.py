"""How long a sweep will still take, from its ledger's events alone, and what that is based on."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sweeps.records.meter import Meter
from sweeps.views.halving_work import HALVING, Trial, needed
from sweeps.views.pace import Pace
from sweeps.views.text import counted, duration

_ENOUGH_REPORTS = 4
_PRIOR_TRIALS = 3.0  # as many as what is expected of the scheduler counts for, beside those that were seen
_SLACK = 1e-9


@dataclass(frozen=True)
class Left:
    """``seconds`` by the clock until the sweep is over, and the ``basis`` in words; ``at_most``: it may stop before."""

    seconds: float
    basis: str
    at_most: bool = False

    @property
    def text(self) -> str:
        """``about 12 min (8.2 of 20 trainings in 8 min)``."""
        return f"{'at most ' if self.at_most else ''}about {duration(self.seconds)} ({self.basis})"


class Forecast:
    """Told every event in order, each after the ``meter``, which is told by somebody else.

    Work is counted in full trainings, by what trials say of their progress; in reports where they say nothing. What
    is left of it follows from the budget, and without one from the scheduler: what its rule lets so many trials come
    to, corrected by what those at rest have come to. The best ``finish`` trials are trained to their ends after that,
    side by side. How long work takes is measured over the later half of what was done, since the first trials on a
    worker wait for its imports.
    """

    def __init__(self, meter: Meter) -> None:
        self._pace = Pace(meter)

    def tell(self, event: Mapping[str, Any]) -> None:
        """Take in one event."""
        self._pace.tell(event)

    def left(self) -> Left | None:
        """As of the last event; ``None`` while there is nothing to go by, or nothing known that ends the sweep."""
        if self._pace.reports < _ENOUGH_REPORTS:
            return None
        work, workers, clock = self._pace.later_half()
        if work <= 0 or workers <= 0 or clock <= 0:
            return None
        return min(self._ways(work, workers, clock), key=lambda way: way.seconds, default=None)

    def _ways(self, work: float, workers: float, clock: float) -> Iterator[Left]:
        """Every way in which the sweep may come to its end; it takes the first."""
        cost, limits = self._pace.meter.cost, self._pace.limits
        each, at_once = workers / work, workers / clock  # workers' seconds for work, workers that are at it
        held = [1.0 - share for share in self._leaders()]
        last_lap = self._lap(held, each, at_once)
        may = bool(self._pace.schedule.get("may_end_early"))
        so_far = f"in {duration(cost.seconds)}"

        def left(bulk: float, basis: str) -> Left:
            return Left(max(bulk, 0.0) / at_once + last_lap, f"{basis} {so_far}", may)

        if limits.get("hours") is not None:
            hours = limits["hours"]
            yield Left(max(3600 * hours - cost.seconds, 0.0), f"{_figure(cost.seconds / 3600)} of {hours:g} hours", may)
        if limits.get("device_hours") is not None:
            hours, devices = limits["device_hours"], limits.get("devices", 1.0)
            used = cost.worker_seconds * devices / 3600
            bulk = 3600 * hours / devices - cost.worker_seconds - sum(held) * each
            yield left(bulk, f"{_figure(used)} of {hours:g} device hours")
        if limits.get("trainings") is not None:
            bulk = (limits["trainings"] - cost.trainings - sum(held)) * each
            yield left(bulk, f"{_figure(cost.trainings)} of {limits['trainings']:g} trainings")
        if self._pace.planned:
            yield self._by_trials(each, at_once, held, may, so_far)

    def _lap(self, held: Sequence[float], each: float, at_once: float) -> float:
        """Seconds in which the best are trained to their ends, side by side, when nobody else is any more."""
        return sum(held) * each / max(1.0, min(len(held), at_once)) if self._pace.known else 0.0

    def _by_trials(self, each: float, at_once: float, held: Sequence[float], may: bool, so_far: str) -> Left:
        unit = 1.0 if self._pace.known else self._pace.length
        by_rule = self._by_rule if self._pace.schedule.get("scheduler") in HALVING else self._by_mean
        work, seconds = by_rule(each * unit, at_once, held)
        what = "trainings" if self._pace.known else "reports"
        amount = f"{_figure(self._pace.work)} of about {_figure(self._pace.work + work * unit)} {what}"
        return Left(seconds, f"{amount} for {counted(self._pace.planned or 0, 'trial')} {so_far}", may)

    def _by_rule(self, each: float, at_once: float, held: Sequence[float]) -> tuple[float, float]:
        """Trainings that are still needed, and seconds, by the rule of successive halving."""
        begun, planned = self._pace.begun, self._pace.planned or 0
        need = needed(
            [Trial(self._pace.share(one), one.running) for one in begun],
            planned,
            self._pace.length,
            self._pace.schedule,
        )
        # The best are those whom the rule lets go on to their ends, as far as it lets any.
        missing = sorted(some for some in held if some > _SLACK)
        lap = missing[: max(0, len(missing) - need.to_finish)] if self._pace.known else []
        # The last ones are on their way when others have nothing to do any more: a whole stretch at worst. Where fewer
        # than the slots go that far, they may as well have been among the first.
        late = need.to_finish / (self._pace.slots or at_once) if len(begun) < planned else need.to_finish
        alone = need.last * min(1.0, late)
        last = alone * each
        if len(begun) >= planned:
            on_their_way = [self._pace.rate(one, each) for one in begun if one.running]
            last = max([last, *(owed * rate for owed, rate in zip(need.owed, on_their_way, strict=True))])
            alone = max([alone, *need.owed])
        seconds = max(need.work - alone, 0.0) / at_once * each + last
        return need.work + sum(lap), seconds + self._lap(lap, each, at_once)

    def _by_mean(self, each: float, at_once: float, held: Sequence[float]) -> tuple[float, float]:  # noqa: ARG002
        """The same by what trials at rest have come to, in the mean, and full trainings as long as there are few."""
        begun, fresh = self._pace.begun, max(0, (self._pace.planned or 0) - len(self._pace.begun))
        rest = [self._pace.share(one) for one in begun if not one.running]
        mean = (sum(rest) + _PRIOR_TRIALS) / (len(rest) + _PRIOR_TRIALS)
        running = [mean * (1.0 - self._pace.share(one)) for one in begun if one.running]
        now = self._pace.meter.seconds
        own = [
            max(
                0.0,
                mean * (1.0 - self._pace.share(one)) * self._pace.rate(one, each) - (now - max(one.heard, one.since)),
            )
            for one in begun
            if one.running
        ]
        seconds = _makespan(own, [mean * each] * fresh, round(at_once))
        return sum(running) + fresh * mean, seconds

    def _leaders(self) -> list[float]:
        """How far the best are that must come to their ends; 0 for those that are not there yet."""
        finish = int(self._pace.schedule.get("finish", 1))
        able = [
            (-one.best, -self._pace.standing(one))
            for one in self._pace.trials.values()
            if one.best > -math.inf and (one.finished or not one.over)
        ]
        shares = [1.0 if share <= -1 + _SLACK else -share for _, share in heapq.nsmallest(finish, able)]
        return shares + [0.0] * (finish - len(shares))


def _makespan(running: Sequence[float], new: Sequence[float], workers: int) -> float:
    """When all are done: what runs goes on, and whoever is free takes the next new one."""
    ends = sorted(running) + [0.0] * (workers - len(running))
    heapq.heapify(ends)
    for seconds in new:
        heapq.heappush(ends, (heapq.heappop(ends) if len(ends) >= max(workers, 1) else 0.0) + seconds)
    return max(ends, default=0.0)


def _figure(value: float) -> str:
    return f"{value:.2g}" if value < 1 else f"{value:.1f}" if value < 100 else f"{value:.0f}"
