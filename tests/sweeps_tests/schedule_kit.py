"""Decisions of a scheduler, one by one, as a table that is read from top to bottom."""

from __future__ import annotations

from sweeps.schedule import Scheduler
from sweeps.schedule.asha import AshaScheduler


def check_decisions(scheduler: Scheduler, table: str) -> None:
    """What ``scheduler`` decides is what the table says. Its lines are events and questions:

    ``trial report score decision``; ``start trial``; ``end trial``; ``costs number``;
    ``next trial``, the candidate, ``-`` for none; ``last trial``, the same when no new trials are to come.
    """
    lines = [line.split() for line in table.splitlines() if line.strip()]
    assert [" ".join(_decided(scheduler, words)) for words in lines] == [" ".join(words) for words in lines]


def _decided(scheduler: Scheduler, words: list[str]) -> list[str]:
    """A line with what was decided in place of what was expected."""
    match words:
        case ["start", trial]:
            scheduler.start(trial)
        case ["end", trial]:
            scheduler.end(trial)
        case ["costs", resume]:
            scheduler.costs(float(resume))
        case ["next" | "last" as question, _]:
            return [question, scheduler.candidate(last=question == "last") or "-"]
        case [trial, report, score, *_]:
            return [trial, report, score, str(scheduler.report(trial, int(report), float(score)))]
    return words


def promoting(grace: int = 1, factor: float = 3, min_trials: int = 1) -> AshaScheduler:
    return AshaScheduler(grace=grace, reduction_factor=factor, min_trials=min_trials, mode="promotion")
