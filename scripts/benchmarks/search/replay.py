"""A task's curves as a problem for the simulator: all report points or a few, counted evenly or in seconds."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from scripts.benchmarks.search.curve import Task
from scripts.benchmarks.search.taskset import TasksetTask
from sweeps.search import Params


class Replay:
    """One sweep's view of a task.

    Args:
        task: whose curves.
        points: how many report points, at even places of the training (each then costs the same share of a full
            training, though its score is that of the nearest point of the curve); ``None`` for all of them.
        timed: whether an interval takes the seconds that the data says; otherwise it takes 1.

    Attributes:
        reports: how many reports a full training has.
        training: what a full training takes, or does in the mean, in the same unit as ``seconds``.
    """

    def __init__(self, task: Task, *, points: int | None = None, timed: bool = False) -> None:
        self.task = task
        self.reports = points or task.reports
        # Position k of n lies after k/n of the training, which is exactly so in fractions.
        share = Fraction(task.reports, self.reports)
        self.places = [round(share * report) for report in range(1, self.reports + 1)]
        self._timed = timed
        training = task.references.training_seconds if timed else float(self.reports)
        if training is None:
            raise ValueError(f"{task.name}: its data has no run times")
        self.training = training

    def score(self, params: Params, report: int) -> float:
        """The negated validation loss at ``report``."""
        return -float(self.task.curve(params).validation[self.places[report - 1] - 1])

    def seconds(self, params: Params, report: int) -> float:
        """What the interval before ``report`` takes."""
        if not self._timed:
            return 1.0
        seconds = self.task.curve(params).seconds
        assert seconds is not None
        begin = self.places[report - 2] if report > 1 else 0
        return float(np.sum(seconds[begin : self.places[report - 1]]))

    def regrets(self, params: Params, report: int) -> tuple[float, float]:
        """On validation and on test, of the configuration as it was at ``report``."""
        curve, at, references = self.task.curve(params), self.places[report - 1] - 1, self.task.references
        return references.validation.regret(curve.validation[at]), references.test.regret(curve.test[at])

    def is_top(self, score: float) -> bool:
        """Whether a configuration with such a score is of the top 1%."""
        return -score <= self.task.references.validation.top


class TableReplay(Replay):
    """A table's: each suggestion becomes the nearest row that is not used yet."""

    def __init__(self, task: TasksetTask, *, points: int | None = None, timed: bool = False) -> None:
        super().__init__(task, points=points, timed=timed)
        self._table = task
        self._free = np.ones(len(task.rows), dtype=bool)

    def place(self, params: Params) -> Params | None:
        """The nearest unused row's own configuration (Euclidean, in the unit cube), used from here on."""
        if not self._free.any():
            return None
        at = np.array([p.to_unit(params[p.name]) for p in self._table.space])
        distances = np.square(self._table.units - at).sum(axis=1)
        row = int(np.argmin(np.where(self._free, distances, np.inf)))
        self._free[row] = False
        return self._table.rows[row]


def replay(task: Task, *, points: int | None = None, timed: bool = False) -> Replay:
    """A fresh view of ``task``, for one sweep."""
    kind = TableReplay if isinstance(task, TasksetTask) else Replay
    return kind(task, points=points, timed=timed)  # type: ignore[arg-type]  # a table is a TasksetTask
