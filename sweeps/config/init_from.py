"""A sweep that continues from an exported model: ``sweeps run FILE --init-from EXPORT``.

The model's folder becomes a setting of the sweep, and the configuration that it was trained with its first point. Both
are in the resolved sweep file, so nothing else has to remember them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from search_spaces.parameters import Categorical, Int, Parameter
from search_spaces.space import SearchSpace
from search_spaces.values import alike, is_number, same
from sweeps.config.exported_model import Export, complaint
from sweeps.config.places import Places, show
from sweeps.config.settings import setting_at
from sweeps.config.training_file import Training

SETTING = "init_from"
"""Where a training function of one's own gets the folder."""
_MISSING = object()


@dataclass(frozen=True)
class Continued:
    """What a sweep takes over from an export.

    Attributes:
        export: it.
        point: its configuration in the space of the sweep; ``None`` where there is none.
        remark: a line on it for people.
    """

    export: Export
    point: Mapping[str, Any] | None
    remark: str


def continuing(data: Mapping[str, Any], export: Export, searched: tuple[str, ...], places: Places) -> dict[str, Any]:
    """A sweep file's content with the export as what its trials begin from.

    Args:
        data: the content, names as ours.
        export: the model.
        searched: names of the parameters.
        places: where keys stand.

    Raises:
        InputError: it cannot be continued so.
    """
    trainer = data.get("trainer")
    if not isinstance(trainer, Mapping):
        return dict(data)  # refused by whoever reads it
    name = "model"
    if "function" in trainer:
        _check_function(trainer, export, places)
        name = SETTING
    else:
        _check_task(trainer, export, searched, places)
        if export.function:
            name = "weights"
    return {**data, "trainer": {**trainer, name: str(export.folder)}}


def continued(space: SearchSpace, export: Export) -> Continued:
    """The configuration of the export in ``space``, as far as it lies there."""
    head = f"continues from {export.folder}"
    training = export.training
    if training is None:
        return Continued(export, None, f"{head}, whose export does not say what it was trained with: no point of it")
    head = f"{head} ({training.title})"
    given, outside = _values(space, training)
    point = space.complete(given)
    if space.broken(point) is not None:
        point = space.complete({**space.middle(), **given})
    fitting = [name for name in given if name in point and same(point[name], given[name])]
    if not fitting or (broken := space.broken(point)) is not None:
        why = f"it breaks {broken.text!r}" if fitting and broken else _listed(outside) or "none of it is searched"
        return Continued(export, None, f"{head}; its configuration is no point of this space: {why}")
    outside = {name: value for name, value in outside.items() if name in point}
    but = f", but for what lies outside: {_listed(outside)}" if outside else ""
    return Continued(export, point, f"{head}; its configuration is tried first{but}")


def first(point: Mapping[str, Any] | None, points: tuple[Mapping[str, Any], ...]) -> tuple[Mapping[str, Any], ...]:
    """``points`` after ``point``, none of them twice."""
    return points if point is None else (point, *(other for other in points if not alike(point, other)))


def _values(space: SearchSpace, training: Training) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the export says of each parameter: values that it can have, and others."""
    given: dict[str, Any] = {}
    outside: dict[str, Any] = {}
    for parameter in space.searched:
        there = _at(training, parameter.name)
        value = _MISSING if there is _MISSING else _value(parameter, there)
        if value is _MISSING and (there is _MISSING or there is None):
            continue  # not set there, and no value of the parameter
        (outside if value is _MISSING else given)[parameter.name] = there if value is _MISSING else value
    return given, outside


def _at(training: Training, name: str) -> Any:
    """Parameters have short forms that are written out among the settings."""
    if name in training.params:
        return training.params[name]
    return setting_at(training.settings, name, _MISSING)


def _value(parameter: Parameter, there: Any) -> Any:
    if isinstance(parameter, Categorical):
        return next((choice for choice in parameter.ends if same(choice, there)), _MISSING)
    if not is_number(there):
        return _MISSING
    value = int(there) if isinstance(parameter, Int) and there == int(there) else there
    return value if parameter.contains(value) else _MISSING


def _listed(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {show(value)}" for name, value in values.items())


def _check_function(trainer: Mapping[str, Any], export: Export, places: Places) -> None:
    if SETTING not in trainer:
        message = f"{show(trainer['function'])} has to load the model itself, and nothing says that it does"
        mend = f'add {SETTING}: null to trainer, and load config["{SETTING}"] in the function where it is a folder'
        raise places.error(f"trainer.{SETTING}", message, mend)
    if export.task:
        message = f"{export.folder} was exported from {export.task}, and this sweep has a function of its own"
        raise complaint(
            export.folder, message, f"give the folder as a setting of the function, as in trainer.{SETTING}"
        )


def _check_task(trainer: Mapping[str, Any], export: Export, searched: tuple[str, ...], places: Places) -> None:
    task = trainer.get("task", "text-classification")
    if export.task != task:
        was = export.task or "a training function of one's own"
        raise complaint(export.folder, f"was exported from {was}, and this sweep's task is {task}", "")
    for name in ("model", "init"):
        if name in searched:
            message = f"is searched, and a sweep that continues from {export.folder} has that model"
            raise places.error(f"parameters.{name}", message, "remove it from the parameters")
    if trainer.get("init", "pretrained") != "pretrained":
        message = f"{show(trainer['init'])}, so nothing of {export.folder} would be read"
        raise places.error("trainer.init", message, "leave it out")
    model = trainer.get("model")
    own = isinstance(model, str) and ":" in model
    if own and not export.function:
        message = f"{show(model)} builds a module, and {export.folder} is a Hugging Face model"
        raise places.error("trainer.model", message, "leave out trainer.model: it is the exported one")
    if export.function and model is not None and not own and task != "tabular":
        message = f"{show(model)} is a Hugging Face model, and {export.folder} was built by {export.function}"
        raise places.error("trainer.model", message, f"write model: {export.function}")
