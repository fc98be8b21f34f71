"""Which trial goes on: schedulers by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from search_spaces.errors import suggest
from sweeps.config.early_stopping import MODES, SETTINGS, Mode
from sweeps.errors import InputError
from sweeps.schedule.asha import AshaScheduler
from sweeps.schedule.base import Decision, Scheduler
from sweeps.schedule.hyperband import HyperbandScheduler
from sweeps.schedule.median import MedianScheduler
from sweeps.schedule.none import NoScheduler
from sweeps.schedule.pasha import PashaScheduler
from sweeps.schedule.patience import PatienceScheduler

_MAKERS: Mapping[str, Callable[..., Scheduler]] = {
    "none": NoScheduler,
    "asha": AshaScheduler,
    "hyperband": HyperbandScheduler,
    "pasha": PashaScheduler,
    "median": MedianScheduler,
    "patience": PatienceScheduler,
}
# Those that need no Ray; `sweeps.engine.schedulers` makes the others too.
SCHEDULERS: tuple[str, ...] = tuple(_MAKERS)

__all__ = ["SCHEDULERS", "Decision", "Mode", "Scheduler", "make_scheduler"]


def make_scheduler(
    name: str,
    *,
    grace: int = 1,
    reduction_factor: float = 3,
    min_trials: int | None = None,
    mode: Mode = "auto",
    reports: int | None = None,
    patience: int = 3,
    min_delta: float = 0.0,
) -> Scheduler:
    """The scheduler called ``name``; settings that mean nothing to it (`SETTINGS`) are not looked at.

    Args:
        name: one of `SCHEDULERS`.
        grace: the first report at which a trial may be stopped or paused; of ``patience``, after which.
        reduction_factor: eta, of those with rungs.
        min_trials: how many others the median is taken of at least; 3 where nothing is said.
        mode: what ASHA and Hyperband do with losers: ``stopping``, ``promotion`` (they are paused), or ``auto``.
        reports: of a full training; Hyperband needs it.
        patience: how many reports in a row may bring no improvement.
        min_delta: what counts as one.

    Raises:
        InputError: there is no such scheduler, or it cannot work with such numbers.
    """
    if name not in _MAKERS:
        raise _error("scheduler", f"no scheduler {name!r}", suggest(name, SCHEDULERS))
    checks = {
        "grace": (grace, grace >= 1, "is no number of reports", "use 1 or more"),
        "reduction_factor": (reduction_factor, reduction_factor > 1, "reduces nothing", "use more than 1, say 3"),
        "min_trials": (
            3 if min_trials is None else min_trials,
            min_trials is None or min_trials >= 1,
            "is no number of trials",
            "use 1 or more",
        ),
        "mode": (mode, mode in MODES, "is no mode", f"choose one of {', '.join(MODES)}"),
        "reports": (reports, (reports or 0) >= 1, "is no length of a training", "give its number of reports"),
        "patience": (patience, patience >= 1, "is no number of reports", "use 1 or more"),
        "min_delta": (min_delta, min_delta >= 0, "is no improvement", "use 0 or more"),
    }
    chosen = {}
    for setting in SETTINGS[name]:
        chosen[setting], legal, complaint, mend = checks[setting]
        if not legal:
            raise _error(setting, f"{chosen[setting]} {complaint}", mend)
    return _MAKERS[name](**chosen)


def _error(key: str, message: str, mend: str) -> InputError:
    return InputError(message, key=f"early_stopping.{key}", mend=mend)
