"""Which optimizers and schedules there are, and which settings each of them reads. Needs no torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from trainer import hooks
from trainer.errors import ConfigError

if TYPE_CHECKING:
    from trainer.config import TrainConfig

Optimizer = Literal["adamw", "adam", "sgd", "adafactor", "lion", "muon"]
Schedule = Literal[
    "linear",
    "cosine",
    "cosine_with_restarts",
    "polynomial",
    "inverse_sqrt",
    "one_cycle",
    "wsd",
    "step",
    "constant",
]

_ADAM = {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}
OPTIMIZERS: Mapping[Optimizer, Mapping[str, Any]] = {
    "adamw": _ADAM,
    "adam": _ADAM,
    "sgd": {"momentum": 0.9, "nesterov": False},
    "adafactor": {},
    "lion": {"beta1": 0.9, "beta2": 0.99},
    "muon": {"momentum": 0.95, "nesterov": True, **_ADAM},
}
"""What each optimizer reads besides learning rate and weight decay, and its defaults: torch's, but for the momentum of
``sgd``; of Lion those of Chen et al. 2023."""

SCHEDULES: Mapping[Schedule, Mapping[str, Any]] = {
    "linear": {},
    "cosine": {"lr_end": 0.0},
    "cosine_with_restarts": {"cycles": 1},
    "polynomial": {"power": 1.0, "lr_end": 1e-7},
    "inverse_sqrt": {"timescale": None},
    "one_cycle": {"div_factor": 25.0, "final_div_factor": 1e4},
    "wsd": {"decay": 0.2},
    "step": {"step_size": 1.0, "gamma": 0.1},
    "constant": {},
}
"""What each schedule reads besides ``warmup``, and its defaults: those of transformers and of torch."""

OF_PRETRAINED: Mapping[str, object] = {
    "layer_decay": None,
    "head_learning_rate": None,
    "gradient_checkpointing": False,
}
"""What needs a Hugging Face model, and the value that leaves it out."""

_ONE_CYCLE_RISE = 0.3


def optimizer_settings(config: TrainConfig) -> dict[str, Any]:
    """What the run's optimizer reads, with its defaults where nothing is given."""
    return _with_defaults(config, OPTIMIZERS[config.optimizer])


def schedule_settings(config: TrainConfig) -> dict[str, Any]:
    """What the run's schedule reads, with its defaults where nothing is given; in the units of the settings."""
    return _with_defaults(config, SCHEDULES[config.schedule])


def default_warmup(schedule: str) -> float:
    """The fraction of all updates over which the rate rises where nothing is given: torch's 0.3 for one cycle."""
    return _ONE_CYCLE_RISE if schedule == "one_cycle" else 0.0


def effective_settings(config: TrainConfig) -> dict[str, Any]:
    """Everything that optimizer and schedule read, ``warmup`` among it, in the units of the settings."""
    warmup = default_warmup(config.schedule) if config.warmup is None else config.warmup
    return {**optimizer_settings(config), **schedule_settings(config), "warmup": warmup}


def check_course(config: TrainConfig) -> None:
    """Refuse settings that the run's optimizer or schedule does not read, or that contradict each other.

    Raises:
        ConfigError: names the first one, and who would read it.
    """
    _refuse_unread(config, "optimizer", OPTIMIZERS)
    _refuse_unread(config, "schedule", SCHEDULES)
    if config.nesterov and not optimizer_settings(config)["momentum"]:
        raise ConfigError("nesterov", "needs a momentum above 0", "raise momentum, or leave nesterov out")
    if hooks.is_hook(config.model):
        for name, absent in OF_PRETRAINED.items():
            if (value := getattr(config, name)) != absent:
                message = f"{value!r} needs a Hugging Face model, {config.model} builds one of your own"
                raise ConfigError(name, message, "leave it out")
    end = schedule_settings(config).get("lr_end")
    if end is not None and end >= config.learning_rate:
        message = f"the {config.schedule} schedule falls to {end:g}, but begins at {config.learning_rate:g}"
        raise ConfigError("lr_end", message, "keep it below learning_rate: with the constraint lr_end < learning_rate")


def _with_defaults(config: TrainConfig, known: Mapping[str, Any]) -> dict[str, Any]:
    given = {name: getattr(config, name) for name in known}
    return {name: known[name] if value is None else value for name, value in given.items()}


def _refuse_unread(config: TrainConfig, kind: str, table: Mapping[Any, Mapping[str, Any]]) -> None:
    chosen = getattr(config, kind)
    for name in dict.fromkeys(name for known in table.values() for name in known):
        if name in table[chosen] or getattr(config, name) is None:
            continue
        readers = ", ".join(reader for reader, known in table.items() if name in known)
        mend = f"leave it out; it belongs to {readers}: search it with when: {{{kind}: [{readers}]}}"
        raise ConfigError(name, f"{getattr(config, name)!r} means nothing to {kind} {chosen}", mend)
