"""How much a sweep may spend, and what it has spent."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Budget:
    """When enough has been done. Whatever is met first ends the sweep; ``None`` never is.

    Attributes:
        trials: so many are begun.
        trainings: so many full trainings' worth of training; a trial that was stopped a third of the way is a third.
        worker_hours: hours of all workers together.
        hours: hours by the clock, over all drivers of the sweep.
        target: a score that is good enough (larger is better here).
        no_better_for: so many trials in a row came to nothing better.
        finish: the best so many are trained to their ends before the sweep is over; what that takes is held back.
    """

    trials: int | None = None
    trainings: float | None = None
    worker_hours: float | None = None
    hours: float | None = None
    target: float | None = None
    no_better_for: int | None = None
    finish: int = 1

    @property
    def endless(self) -> bool:
        """Whether nothing here would ever end a sweep."""
        limits = (self.trials, self.trainings, self.worker_hours, self.hours, self.no_better_for)
        return all(limit is None for limit in limits)


@dataclass(frozen=True)
class Spent:
    """What a sweep has spent: full trainings' worth, seconds of all workers, seconds by the clock.

    ``pace`` is the seconds on a worker that a full training takes; 0 while nobody knows.
    """

    trainings: float = 0.0
    worker_seconds: float = 0.0
    seconds: float = 0.0
    pace: float = 0.0

    def share(self, budget: Budget, *, held: float = 0.0, longest: float = 0.0) -> tuple[float, str]:
        """How much of ``budget`` is gone, 1 or more when it is spent, and by which count.

        Args:
            budget: the limits; of trials, target and patience it knows nothing.
            held: trainings that are still to come, all together; their seconds are estimated by the pace.
            longest: the longest of them, for the clock: they run side by side.
        """
        counts = [
            (self.trainings + held, budget.trainings, 1, "trainings"),
            (self.worker_seconds + held * self.pace, budget.worker_hours, 3600, "worker hours"),
            (self.seconds + longest * self.pace, budget.hours, 3600, "hours"),
        ]
        shares = [(used / (limit * unit), name) for used, limit, unit, name in counts if limit is not None]
        return max(shares, default=(0.0, ""))
