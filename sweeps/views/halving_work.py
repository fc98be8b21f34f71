"""How much training a sweep of so many trials still needs under successive halving, by the scheduler's own rule."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

HALVING = {"asha", "pasha", "hyperband"}
_SLACK = 1e-9
_PRIOR = 10.0  # as many trials as the rule counts for beside those that came to a rung, the first of which go on always


@dataclass(frozen=True)
class Trial:
    """How much of its training (0 to 1) a trial has done, and whether it runs."""

    share: float
    running: bool


@dataclass(frozen=True)
class Needed:
    """Work in full trainings.

    Attributes:
        work: all that is needed until nobody is promoted any more.
        owed: what each running trial does until it is judged next.
        last: the part of a training from the last rung to the end.
        to_finish: how many trials are still to begin that part.
    """

    work: float
    owed: tuple[float, ...]
    last: float
    to_finish: int


def needed(trials: Sequence[Trial], planned: int, reports: float, schedule: Mapping[str, Any]) -> Needed:
    """What is still to be trained, rung by rung.

    With promotion ``floor(n / eta)`` of the ``n`` trials that come to a rung go on from there. Where losers are stopped
    the first ones go on whatever they score, and it is counted how many did. In Hyperband trials of later brackets
    pass the first rungs unjudged. PASHA promotes nobody past the rungs that have been of use so far.

    Args:
        trials: that were begun.
        planned: how many there will be.
        reports: of a full training.
        schedule: the scheduler's name and settings, as the ledger has them.
    """
    rungs = list(_rungs(reports, schedule))
    eta, stopping = float(schedule.get("reduction_factor") or 3.0), schedule.get("mode") == "stopping"
    name, coming, work, to_finish = schedule.get("scheduler"), float(planned), 0.0, 0
    unjudged = _unjudged(len(rungs) - 1, eta) if name == "hyperband" else []
    for place, (since, until) in enumerate(zip([0.0, *rungs], rungs, strict=False)):
        began = sum(_in_or_past(trial, since) for trial in trials)
        if place:
            came = sum(trial.share >= since - _SLACK for trial in trials)
            rate = (began + _PRIOR / eta) / (came + _PRIOR)
            if stopping:
                coming = began + max(0.0, coming - came) * rate
            elif name == "pasha" and not began:
                coming = 0.0
            else:
                free = planned * unjudged[place - 1] if unjudged else 0.0
                coming = free + math.floor((coming - free) / eta + _SLACK)
        coming = max(coming, float(began))
        work += (coming - began) * (until - since)
        to_finish = round(coming - began)
    owed = tuple(_next(trial.share, rungs) - trial.share for trial in trials if trial.running)
    return Needed(work + sum(owed), owed, rungs[-1] - (rungs[-2] if len(rungs) > 1 else 0.0), to_finish)


def next_rung(share: float, reports: float, schedule: Mapping[str, Any]) -> float:
    """How much of its training a trial will have done, that has done ``share``, when it is judged next."""
    return _next(share, list(_rungs(reports, schedule))) if schedule.get("scheduler") in HALVING else 1.0


def _rungs(reports: float, schedule: Mapping[str, Any]) -> Iterator[float]:
    """As parts of a training; the last is 1."""
    eta, rung = max(float(schedule.get("reduction_factor") or 3.0), 1.01), float(schedule.get("grace", 1))
    while rung < reports:
        yield rung / reports
        rung *= eta
    yield 1.0


def _unjudged(brackets: int, eta: float) -> list[float]:
    """For each rung of Hyperband the share of all trials that pass it unjudged: those of the brackets after it."""
    shares = [
        math.ceil(brackets / (brackets - skip) * eta ** (brackets - 1 - skip) - _SLACK) for skip in range(brackets)
    ]
    return [sum(shares[rung + 1 :]) / sum(shares) for rung in range(brackets)]


def _next(share: float, rungs: Sequence[float]) -> float:
    return next((rung for rung in rungs if rung > share + _SLACK), 1.0)


def _in_or_past(trial: Trial, since: float) -> bool:
    return trial.share > since + _SLACK or (trial.share >= since - _SLACK and (trial.running or since == 0))
