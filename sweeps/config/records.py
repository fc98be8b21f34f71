"""What a sweep file says, as frozen records."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from search_spaces.space import SearchSpace
from sweeps.config.carrying import Carrying
from sweeps.config.early_stopping import EarlyStopping
from sweeps.config.init_from import Continued
from sweeps.config.length import most_reports
from sweeps.config.limits import Limits
from sweeps.config.places import Places
from sweeps.config.settings import lay_over, without
from sweeps.config.trackers import Tracker
from sweeps.config.warmup import grace_of
from trainer.config import Goal, TrainConfig
from trainer.requirement import Bounds

Method = Literal["auto", "grid", "random", "sobol", "tpe", "gp", "ensemble", "bayesian"]
METHODS: tuple[Method, ...] = get_args(Method)


@dataclass(frozen=True)
class Metric:
    """What trials are compared by, which way, and the bounds within which a report has to be to count."""

    name: str
    goal: Goal
    require: Mapping[str, Bounds] = field(default_factory=dict)


@dataclass(frozen=True)
class Resources:
    """What a trial gets. ``auto``: a GPU for each of its processes where there are any, and the CPUs' fair share.

    ``processes_per_trial`` train one model together, each on a GPU of its own or all on CPUs; ``None``: as many as
    there are whole GPUs for it.
    """

    gpus_per_trial: Literal["auto"] | float = "auto"
    cpus_per_trial: Literal["auto"] | int = "auto"
    max_parallel: int | None = None
    processes_per_trial: int | None = None

    @property
    def processes(self) -> int:
        """How many processes train one model."""
        if self.processes_per_trial is not None:
            return self.processes_per_trial
        return 1 if self.gpus_per_trial == "auto" else max(1, int(self.gpus_per_trial))


@dataclass(frozen=True)
class FunctionTrainer:
    """A user's own training function, ``module:function``, and the fixed part of its config."""

    function: str
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class SweepConfig:
    """One sweep, checked and complete.

    Attributes:
        trainer: for the shared trainer, its settings with every searched one at its middle.
        points: configurations to try first, complete.
        trials: how many at most; ``None`` for a grid that runs whole, and where ``limits`` end the sweep.
        limits: what else ends it, and what is trained to its end before.
        carrying: what it takes over from earlier sweeps.
        retries: how often a trial may lose its worker.
        grid_limit: a grid of more configurations is refused.
        base: folder from which paths and ``module:function`` resolve.
        trackers: who else hears of it; no part of what is trained.
        continued: what it takes over from an exported model that was just given; ``trainer`` and ``points`` have it.
        places: where its keys stand, for errors that come later; no part of what the sweep is.
    """

    name: str
    trainer: TrainConfig | FunctionTrainer
    metric: Metric
    space: SearchSpace
    points: tuple[Mapping[str, Any], ...] = ()
    method: Method = "auto"
    early_stopping: EarlyStopping = field(default_factory=EarlyStopping)
    trials: int | None = None
    limits: Limits = field(default_factory=Limits)
    carrying: Carrying = field(default_factory=Carrying)
    resources: Resources = Resources()
    seed: int = 0
    keep_checkpoints: int = 3
    retries: int = 2
    grid_limit: int = 2000
    base: Path = field(default_factory=Path.cwd)
    trackers: tuple[Tracker, ...] = ()
    continued: Continued | None = field(default=None, compare=False, repr=False)
    places: Places = field(default_factory=Places, compare=False, repr=False)

    @property
    def processes(self) -> int:
        """How many processes train one model; a function of one's own starts what it needs itself."""
        return 1 if isinstance(self.trainer, FunctionTrainer) else self.resources.processes

    @property
    def continues(self) -> bool:
        """Whether trials begin with the weights of an exported model, which may have been trained on any rows."""
        if isinstance(self.trainer, FunctionTrainer):
            return self.trainer.settings.get("init_from") is not None
        if self.trainer.weights is not None:
            return True
        return bool(self.trainer.model) and (self.base / str(self.trainer.model) / "sweepwright.json").is_file()

    @property
    def planned(self) -> int | None:
        """How many trials there will be at most; ``None`` where nobody knows beforehand."""
        if self.method != "grid":
            return self.trials
        size = self.space.grid_size() + sum(not self.space.on_grid(point) for point in self.points)
        return size if self.trials is None else min(self.trials, size)

    @property
    def scheduling(self) -> dict[str, Any]:
        """What the scheduler is made with: its settings, its first rung after the warm-up, a training's length."""
        settings = self.early_stopping.settings
        if "grace" in settings and isinstance(self.trainer, TrainConfig):
            settings["grace"] = grace_of(self.early_stopping, self.trainer, self.space)
        if "reports" in settings and settings["reports"] is None:
            settings["reports"] = self._most_reports
        return settings

    @property
    def _most_reports(self) -> int | None:
        """The number of reports of the longest training, where it is known without the data."""
        if isinstance(self.trainer, FunctionTrainer):
            return self.limits.reports
        return most_reports(self.trainer, self.space)

    def trial_settings(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """All settings of a trial with these parameters, as plain data: what ``TrainConfig.build`` takes,
        or the config of a user's own function. Paths are absolute.

        Raises:
            ConfigError: parameters that make no legal training.
        """
        if isinstance(self.trainer, FunctionTrainer):
            return lay_over(self.trainer.settings, params)
        # The trainer stands at the space's middle: what is active there may be inactive here.
        inactive = tuple(p.name for p in self.space if p.conditions and p.name not in params)
        merged = lay_over(without(self.trainer.model_dump(mode="json"), inactive), params)
        return TrainConfig.build(merged).resolve_paths(self.base).model_dump(mode="json")

    def to_mapping(self) -> dict[str, Any]:
        """This sweep as plain data; ``from_mapping`` reads back an equal one. Complete, with absolute paths."""
        require = {name: bounds.model_dump(exclude_none=True) for name, bounds in self.metric.require.items()}
        mapping: dict[str, Any] = {
            "name": self.name,
            "base": str(self.base),
            "trainer": self._trainer_mapping(),
            "metric": {"name": self.metric.name, "goal": self.metric.goal, **({"require": require} if require else {})},
            "method": self.method,
            "parameters": self.space.to_mapping(),
            "constraints": list(self.space.constraints) or None,
            "points": [copy.deepcopy(dict(point)) for point in self.points] or None,
            "early_stopping": self.early_stopping.to_mapping(),
            "trials": self.trials,
            **self.limits.to_mapping(),
            "resources": {
                "gpus_per_trial": self.resources.gpus_per_trial,
                "cpus_per_trial": self.resources.cpus_per_trial,
                "max_parallel": self.resources.max_parallel,
                "processes_per_trial": self.resources.processes_per_trial,
            },
            "seed": self.seed,
            "keep_checkpoints": self.keep_checkpoints,
            "retries": self.retries,
            "grid_limit": self.grid_limit,
            **self.carrying.to_mapping(),
            "trackers": [tracker.to_mapping() for tracker in self.trackers] or None,
        }
        return {key: value for key, value in mapping.items() if value is not None}

    def _trainer_mapping(self) -> dict[str, Any]:
        if isinstance(self.trainer, FunctionTrainer):
            return {"function": self.trainer.function, **lay_over(self.trainer.settings, {})}
        settings = self.trainer.model_dump(mode="json", exclude={"metric", "goal", "require"})
        settings["data"] = {key: value for key, value in settings["data"].items() if value is not None}
        return without(settings, self.space.names)
