"""Early stopping, as a sweep file says it: the schedulers, and which settings each of them has."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

SchedulerName = Literal["none", "asha", "hyperband", "pasha", "median", "patience", "pbt", "pb2"]
Mode = Literal["auto", "stopping", "promotion"]

MODES: tuple[Mode, ...] = ("auto", "stopping", "promotion")
POPULATION: tuple[SchedulerName, ...] = ("pbt", "pb2")  # Tune's own, which copy trials rather than only stop them

# The one table of what belongs to what: files, records and schedulers all go by it.
SETTINGS: Mapping[str, tuple[str, ...]] = {
    "none": (),
    "asha": ("grace", "reduction_factor", "mode"),
    "hyperband": ("grace", "reduction_factor", "mode", "reports"),
    "pasha": ("grace", "reduction_factor"),
    "median": ("grace", "min_trials"),
    "patience": ("grace", "patience", "min_delta"),
    "pbt": (
        "grace",
        "perturbation_interval",
        "quantile_fraction",
        "resample_probability",
        "perturbation_factors",
        "mutate",
    ),
    "pb2": ("grace", "perturbation_interval", "quantile_fraction", "mutate"),
}


@dataclass(frozen=True)
class EarlyStopping:
    """How losing trials are stopped; ``grace``, rungs, ``reports``, ``patience`` and ``perturbation_interval`` count
    reports.

    `SETTINGS` says which of these mean something to which scheduler; the others keep their defaults. Where
    ``reports`` is ``None``, the sweep knows them, from its trainer.
    """

    scheduler: SchedulerName = "none"
    grace: int = 1
    reduction_factor: float = 3.0
    min_trials: int = 5
    mode: Mode = "auto"
    reports: int | None = None
    patience: int = 3
    min_delta: float = 0.0
    perturbation_interval: int = 2
    quantile_fraction: float = 0.25
    resample_probability: float = 0.25
    perturbation_factors: tuple[float, ...] = (1.2, 0.8)
    mutate: tuple[str, ...] = ()  # the parameters that a copy may have otherwise; a sweep file may leave them open

    @property
    def population(self) -> bool:
        """Whether the trials are a population, whose losers go on as copies of its winners."""
        return self.scheduler in POPULATION

    @property
    def settings(self) -> dict[str, Any]:
        """What the scheduler is made with: its own settings, by name."""
        return {name: getattr(self, name) for name in SETTINGS[self.scheduler]}

    def to_mapping(self) -> dict[str, Any]:
        """As in a sweep file; complete, without what is not there."""
        settings = {name: value for name, value in self.settings.items() if value is not None}
        plain = {name: list(value) if isinstance(value, tuple) else value for name, value in settings.items()}
        return {"scheduler": self.scheduler, **plain}


def grace_after(warmup_reports: float, grace: int) -> int:
    """The least first rung, from ``grace`` on, at which no trial is still warming up.

    While the learning rate climbs, scores say which trials climb fast, not which are good. So the first rung
    comes after the warm-up, with some training at the full rate before it: ``grace_after(2.5, 1)`` is 3,
    and so is ``grace_after(2.0, 1)``.

    Args:
        warmup_reports: how long the warm-up is, in report intervals; 0 for none.
        grace: the first rung that was asked for.

    Raises:
        ValueError: a warm-up that is negative or not finite.
    """
    if not (math.isfinite(warmup_reports) and warmup_reports >= 0):
        raise ValueError(f"warmup_reports is a number of report intervals, at least 0, got {warmup_reports}")
    if warmup_reports == 0:
        return grace
    return max(grace, math.floor(warmup_reports + 1e-9) + 1)  # 0.3 of 10 reports may come as 2.9999999999999996
