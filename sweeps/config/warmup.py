"""Where the first rung may lie: no trial is judged while its learning rate still climbs."""

from __future__ import annotations

from typing import Any

from search_spaces.parameters import Categorical, Constant, Float, Int
from search_spaces.space import SearchSpace
from sweeps.config.early_stopping import EarlyStopping, grace_after
from trainer.config import Share, TrainConfig


def grace_of(stopping: EarlyStopping, trainer: TrainConfig, space: SearchSpace) -> int:
    """The first report at which ``stopping`` may judge a trial: its ``grace``, or later where warm-up takes longer.

    Where warm-up, epochs or report points are searched, the longest warm-up counts. Report points in steps are left
    alone: how many epochs they are is known only with the data.
    """
    epochs, every, warmup = (_extreme(name, trainer, space) for name in ("epochs", "report_every", "warmup"))
    if isinstance(every, Share):
        epochs, every = 1, every.fraction
    if stopping.scheduler == "none" or not all(isinstance(value, int | float) for value in (epochs, every, warmup)):
        return stopping.grace
    return grace_after(warmup * epochs / every, stopping.grace)


def _extreme(name: str, trainer: TrainConfig, space: SearchSpace) -> Any:
    """The value of a setting that makes warm-up the longest in reports; ``None`` where nobody can say."""
    if name not in space.names:
        return getattr(trainer, name)
    furthest = min if name == "report_every" else max
    match space[name]:
        case Float(low=low, high=high) | Int(low=low, high=high):
            return furthest(low, high)
        case Constant(value=value):
            return value
        case Categorical(choices=choices) if all(isinstance(choice, int | float) for choice in choices):
            return furthest(choices)
    return None
