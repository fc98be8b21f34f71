"""Weights of an exported model, tried on the modules of a sweep before its first trial."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from search_spaces.parameters import Categorical, Parameter
from sweeps.config import SweepConfig
from sweeps.config.exported_model import module_arguments
from sweeps.errors import InputError
from trainer import continuing
from trainer.config import TrainConfig
from trainer.errors import ConfigError
from trainer.tasks import get_task

if TYPE_CHECKING:
    from trainer.shapes import Shapes
    from trainer.tasks.base import Prepared, Task

_INSIDE = (0.37, 0.618)


def check_weights(config: SweepConfig, settings: TrainConfig, prepared: Prepared) -> None:
    """Refuse weights that do not fit the module, or not all of those in the space, and more layers than an export has.

    Args:
        config: of the shared trainer.
        settings: of one of its trials.
        prepared: the data of that trial.

    Raises:
        InputError: names the parameters, or what does not fit.
    """
    task = get_task(settings.task)
    if settings.weights is None:
        if continuing.is_export(settings.model):
            _check_arguments(config, settings, task, prepared)
        return
    shaping = [one for one in config.space if _shapes_the_model(one, config, settings, task, prepared)]
    if shaping:
        raise _refusal(config, settings.weights, shaping)
    try:
        continuing.check_fit(settings, task, prepared)
    except ConfigError as error:
        key = error.key if error.key in config.space.names else ""
        raise config.places.setting_error(f"parameters.{key}" if key else f"trainer.{error.key}", error) from error


def _shapes_the_model(
    parameter: Parameter, config: SweepConfig, settings: TrainConfig, task: Task, prepared: Prepared
) -> bool:
    if not parameter.name.startswith("model_args."):
        return False
    found: Shapes | None = None
    for trial in _trials(parameter, config, settings):
        try:
            shapes = continuing.shapes_of(trial, task, prepared)
        except ConfigError:
            continue  # it fails for a reason of its own
        if found is not None and shapes != found:
            return True
        found = shapes
    return False


def _check_arguments(config: SweepConfig, settings: TrainConfig, task: Task, prepared: Prepared) -> None:
    """An exported model may have fewer layers than the one that the file was written for."""
    for parameter in config.space:
        if parameter.name.startswith("model_args."):
            for trial in _trials(parameter, config, settings):
                try:
                    task.skeleton(trial, prepared)
                except ConfigError as error:
                    raise config.places.setting_error(f"parameters.{parameter.name}", error) from error


def _trials(parameter: Parameter, config: SweepConfig, settings: TrainConfig) -> Iterator[TrainConfig]:
    """Settings with each end of a parameter, and with some values between."""
    space = config.space
    inside = () if isinstance(parameter, Categorical) else tuple(parameter.from_unit(one) for one in _INSIDE)
    for value in (*parameter.ends, *inside):
        given = {**space.middle(), **space.needed(parameter.name), parameter.name: value}
        params = space.complete(given, priors=False)
        if space.broken(params) is None:
            yield TrainConfig.build(config.trial_settings(params)).model_copy(update={"data": settings.data})


def _refusal(config: SweepConfig, weights: str, shaping: list[Parameter]) -> InputError:
    had: Mapping[str, Any] = module_arguments(Path(weights))
    names = [one.name for one in shaping]
    known = {name: had[inner] for name in names if (inner := name.partition(".")[2]) in had}
    fixed = " ".join(f"'parameters.{name}={{value: {value}}}'" for name, value in known.items())
    many = "change" if len(names) > 1 else "changes"
    message = f"{', '.join(names)} {many} the shape of the model, and the weights of {weights} have one shape"
    mend = f"fix what the exported model has: {fixed}" if len(known) == len(names) else "fix it as it was there"
    return config.places.error_at(f"parameters.{names[0]}", "parameters", message, mend)
