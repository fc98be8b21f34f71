"""Where the first rung may lie: no trial is judged while its learning rate still climbs."""

from __future__ import annotations

from search_spaces.space import SearchSpace
from sweeps.config.early_stopping import EarlyStopping, grace_after
from sweeps.config.length import furthest, most_intervals
from trainer.config import TrainConfig


def grace_of(stopping: EarlyStopping, trainer: TrainConfig, space: SearchSpace) -> int:
    """The first report at which ``stopping`` may judge a trial: its ``grace``, or later where warm-up takes longer.

    Where warm-up, epochs or report points are searched, the longest warm-up counts. Report points in steps are left
    alone: how many epochs they are is known only with the data.
    """
    intervals, warmup = most_intervals(trainer, space), furthest("warmup", trainer, space)
    if stopping.scheduler == "none" or intervals is None or not isinstance(warmup, int | float):
        return stopping.grace
    return grace_after(warmup * intervals, stopping.grace)
