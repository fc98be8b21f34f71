"""Which trial goes on: schedulers by name."""

from __future__ import annotations

from sweeps.errors import InputError
from sweeps.schedule.asha import AshaScheduler, Mode
from sweeps.schedule.base import Decision, Scheduler
from sweeps.schedule.median import MedianScheduler
from sweeps.schedule.none import NoScheduler

SCHEDULERS = ("none", "asha", "median")

__all__ = ["SCHEDULERS", "Decision", "Scheduler", "make_scheduler"]


def make_scheduler(
    name: str,
    *,
    grace: int = 1,
    reduction_factor: float = 3,
    min_trials: int | None = None,
    mode: Mode = "stopping",
) -> Scheduler:
    """The scheduler called ``name``.

    Args:
        name: ``none``, ``asha`` or ``median``.
        grace: reports before which nothing is stopped.
        reduction_factor: ASHA's eta.
        min_trials: how many scores a decision needs; each scheduler has its own default.
        mode: what ASHA does with losers: ``stopping``, ``promotion`` (they are paused), or ``auto``.

    Raises:
        InputError: there is no such scheduler, or it cannot work with such numbers.
    """
    where = "early_stopping"
    if grace < 1:
        raise InputError(f"{grace} is no number of reports", key=f"{where}.grace", mend="use 1 or more")
    if min_trials is not None and min_trials < 1:
        raise InputError(f"{min_trials} is no number of trials", key=f"{where}.min_trials", mend="use 1 or more")
    match name:
        case "none":
            return NoScheduler()
        case "asha":
            if not reduction_factor > 1:
                key = f"{where}.reduction_factor"
                raise InputError(f"{reduction_factor} reduces nothing", key=key, mend="use a number above 1, say 3")
            return AshaScheduler(grace=grace, reduction_factor=reduction_factor, min_trials=min_trials or 1, mode=mode)
        case "median":
            return MedianScheduler(grace=grace, min_trials=min_trials or 3)
        case _:
            mend = f"choose one of {', '.join(SCHEDULERS)}"
            raise InputError(f"no scheduler {name!r}", key=f"{where}.scheduler", mend=mend)
