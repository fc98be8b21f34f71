"""Where the first rung may lie: no trial is judged while its learning rate still climbs."""

from __future__ import annotations

from search_spaces.parameters import Categorical
from search_spaces.space import SearchSpace
from sweeps.config.early_stopping import EarlyStopping, grace_after
from sweeps.config.length import furthest, most_intervals
from trainer.config import TrainConfig
from trainer.optim.names import default_warmup
from trainer.sections import Steps


def grace_of(stopping: EarlyStopping, trainer: TrainConfig, space: SearchSpace) -> int:
    """The first report at which ``stopping`` may judge a trial: its ``grace``, or later where warm-up takes longer.

    Where warm-up, epochs or report points are searched, the longest warm-up counts. What is partly in steps and partly
    in epochs is left alone: how many make an epoch is known only with the data.
    """
    reports = _warmup_reports(trainer, space)
    if stopping.scheduler == "none" or reports is None:
        return stopping.grace
    return grace_after(reports, stopping.grace)


def _warmup_reports(trainer: TrainConfig, space: SearchSpace) -> float | None:
    intervals, warmup = most_intervals(trainer, space), furthest("warmup", trainer, space)
    epochs, every = (furthest(name, trainer, space) for name in ("epochs", "report_every"))
    if warmup is None and "warmup" not in space.names:
        warmup = max(default_warmup(schedule) for schedule in _schedules(trainer, space))
    if isinstance(warmup, Steps):
        if isinstance(every, Steps):
            return warmup.steps / every.steps
        return warmup.steps / epochs.steps * intervals if isinstance(epochs, Steps) and intervals else None
    return warmup * intervals if isinstance(warmup, int | float) and intervals is not None else None


def _schedules(trainer: TrainConfig, space: SearchSpace) -> tuple[str, ...]:
    searched = space["schedule"] if "schedule" in space.names else None
    return tuple(searched.choices) if isinstance(searched, Categorical) else (trainer.schedule,)
