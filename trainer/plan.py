"""How many updates a run has, and after which of them it reports: whole numbers from fractions of an epoch."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from trainer.errors import DataError
from trainer.optim.names import default_warmup, schedule_settings
from trainer.optim.schedules import lr_at
from trainer.sections import Share, Steps

if TYPE_CHECKING:
    from trainer.config import TrainConfig


@dataclass(frozen=True)
class Plan:
    """The course of one run in optimizer updates.

    Attributes:
        steps_per_epoch: updates per epoch, the last one perhaps with fewer rows.
        total: updates of the whole run.
        interval: updates between two reports; need not be whole.
        course: arguments of :func:`trainer.optim.schedules.lr_at`, all lengths in updates.
    """

    steps_per_epoch: int
    total: int
    interval: float
    course: Mapping[str, Any]

    @classmethod
    def of(cls, config: TrainConfig, rows: int) -> Plan:
        """The plan for this many rows of training data.

        Raises:
            DataError: there are none.
        """
        if rows < 1:
            raise DataError("data", "the training split has no rows")
        steps_per_epoch = math.ceil(rows / config.batch_size)
        epochs = config.epochs
        total = epochs.steps if isinstance(epochs, Steps) else max(1, round(epochs * steps_per_epoch))
        every = config.report_every
        return cls(
            steps_per_epoch=steps_per_epoch,
            total=total,
            interval=_interval(every, steps_per_epoch, total),
            course=_course(config, steps_per_epoch, total),
        )

    def learning_rate(self, step: int) -> float:
        """The learning rate of the update after ``step`` updates."""
        return lr_at(step, **self.course)

    def next_report(self, step: int) -> int:
        """The first report point after ``step``; the end of the run is always one.

        Each point is a multiple rounded by itself, so nothing drifts; points that round to the same update are one.
        """
        multiple = math.floor(step / self.interval)
        while max(1, round(multiple * self.interval)) <= step or multiple < 1:
            multiple += 1
        return min(self.total, max(1, round(multiple * self.interval)))

    def report_steps(self) -> list[int]:
        """Every report point, ascending; their count is the number of reports of a full run."""
        points = [self.next_report(0)]
        while points[-1] < self.total:
            points.append(self.next_report(points[-1]))
        return points

    def epoch(self, step: int) -> float:
        """Fractions of an epoch done after ``step`` updates."""
        return step / self.steps_per_epoch


def _course(config: TrainConfig, steps_per_epoch: int, total: int) -> dict[str, Any]:
    settings = schedule_settings(config)
    if "step_size" in settings:
        settings["step_size"] *= steps_per_epoch
    return {
        **settings,
        "schedule": config.schedule,
        "peak": config.learning_rate,
        "warmup": _warmup(config, total),
        "total": total,
    }


def _warmup(config: TrainConfig, total: int) -> float:
    """Updates of warm-up: rounded up as transformers does, but for one cycle, whose rise is torch's."""
    if isinstance(config.warmup, Steps):
        return min(config.warmup.steps, total)
    share = default_warmup(config.schedule) if config.warmup is None else config.warmup
    return share * total if config.schedule == "one_cycle" else math.ceil(share * total)


def _interval(every: float | Steps | Share, steps_per_epoch: int, total: int) -> float:
    match every:
        case Steps(steps=steps):
            return steps
        case Share(fraction=fraction):
            return fraction * total
    return float(every * steps_per_epoch)
