"""How long a training is, counted in reports, as far as a sweep file alone tells it."""

from __future__ import annotations

import math
from typing import Any

from search_spaces.parameters import Categorical, Constant, Float, Int
from search_spaces.space import SearchSpace
from trainer.config import TrainConfig
from trainer.sections import Share, Steps


def most_reports(trainer: TrainConfig, space: SearchSpace) -> int | None:
    """The number of reports of the longest training in ``space``; ``None`` as in `most_intervals`.

    The end of a training is always a report. Where data are so few that report points fall on the same update,
    there are fewer.
    """
    intervals = most_intervals(trainer, space)
    return None if intervals is None else max(1, math.ceil(intervals - 1e-9))


def most_intervals(trainer: TrainConfig, space: SearchSpace) -> float | None:
    """The longest training in ``space``, in report intervals.

    ``None`` where one of length and report points is in steps: how many make an epoch is known only with the data.
    """
    epochs, every = (furthest(name, trainer, space) for name in ("epochs", "report_every"))
    if isinstance(every, Share):
        return 1 / every.fraction
    if isinstance(epochs, Steps) and isinstance(every, Steps):
        return epochs.steps / every.steps
    known = isinstance(epochs, int | float) and isinstance(every, int | float)
    return epochs / every if known else None


def furthest(name: str, trainer: TrainConfig, space: SearchSpace) -> Any:
    """The value of a setting with which there is the most of it, in reports; ``None`` where nobody can say."""
    if name not in space.names:
        inner = f"{name}.steps"
        return Steps(steps=furthest(inner, trainer, space)) if inner in space.names else getattr(trainer, name)
    end = min if name.startswith("report_every") else max
    match space[name]:
        case Float(low=low, high=high) | Int(low=low, high=high):
            return end(low, high)
        case Constant(value=value):
            return value
        case Categorical(choices=choices) if all(isinstance(choice, int | float) for choice in choices):
            return end(choices)
    return None
