"""The shared trainer's settings, tried at every end of every parameter before anything starts."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, get_args

from search_spaces.errors import suggest
from search_spaces.parameters import Categorical, Constant, Parameter
from search_spaces.space import SearchSpace
from sweeps.config.places import BOOLEAN_MEND, Places, show
from sweeps.config.records import Metric
from sweeps.config.settings import fixed_at, lay_over
from sweeps.errors import InputError
from trainer.config import DataConfig, TrainConfig, field_names
from trainer.errors import ConfigError
from trainer.tasks import get_task

# Inside a range, so that a continuous one over a whole-number setting is noticed.
_INSIDE = (0.37, 0.618)
_SET_ELSEWHERE = {
    "metric": "set metric: {name: ..., goal: ...} at the top level",
    "goal": "set metric: {name: ..., goal: ...} at the top level",
}


def read_task_trainer(
    data: Mapping[str, Any],
    space: SearchSpace,
    metric: Metric,
    seed: int,
    base: Path,
    places: Places,
    *,
    outside: bool = True,
) -> TrainConfig:
    """The ``trainer`` section without a ``function``: settings with every searched one at its middle.

    ``outside``: whether data files, model folders and modules must be there.

    Raises:
        InputError: a setting or a parameter that is unknown, fixed and searched, or can be illegal.
    """
    for name, mend in _SET_ELSEWHERE.items():
        if name in data:
            raise places.error(f"trainer.{name}", "belongs to the sweep, not to its trainer", mend)
    _check_names(space, data, places)
    settings = {"seed": seed, **data, "metric": metric.name, "goal": metric.goal}
    middle = space.middle()
    with _importable(base):
        try:
            config = _build(lay_over(settings, middle), base, outside)
        except KeyError as error:
            message = f"expected a mapping, got {show(data[error.args[0]])}"
            raise places.error(f"trainer.{error.args[0]}", message, "parameters lie inside it") from None
        except ConfigError as error:
            raise _blame(error, middle, data, places) from None
        for parameter in space:
            for value in _probes(parameter):
                params = {**middle, parameter.name: value}
                try:
                    _build(lay_over(settings, params), base, outside)
                except ConfigError as error:
                    raise _blame_parameter(error, parameter, value, places) from None
    return config


def _build(settings: Mapping[str, Any], base: Path, outside: bool) -> TrainConfig:
    _check_booleans(settings)
    config = TrainConfig.build(settings).resolve_paths(base)
    if outside:
        _check_model_folder(config.model, base)
        get_task(config.task).check(config)
    return config


def _check_names(space: SearchSpace, data: Mapping[str, Any], places: Places) -> None:
    for name in space.names:
        key = f"parameters.{name}"
        if name in {"task", *_SET_ELSEWHERE}:
            raise places.error(key, "cannot be searched: trials would not compare", "run a sweep for each")
        if name not in field_names() and not name.startswith("model_args."):
            mend = suggest(name, field_names()) if "." not in name else _suggest_inner(name)
            raise places.error(key, "is no setting of the trainer", mend)
        if fixed_at(data, name):
            mend = "remove one of the two; `null` under parameters removes a preset's"
            raise places.error(key, f"is searched, and fixed as trainer.{name} too", mend)


def _suggest_inner(name: str) -> str:
    head = name.partition(".")[0]
    if head == "data":
        return suggest(name, [known for known in field_names() if known.startswith("data.")])
    return "a model's own arguments are model_args.<name>, the data's settings data.<name>"


def _check_booleans(settings: Mapping[str, Any]) -> None:
    """pydantic reads ``no`` as 0 where a number is expected; whoever wrote it did not mean that."""
    data = settings.get("data")
    inner = [("data.", data, DataConfig.model_fields)] if isinstance(data, Mapping) else []
    for prefix, section, fields in [("", settings, TrainConfig.model_fields), *inner]:
        for name, value in section.items():
            if isinstance(value, bool) and name in fields and not _takes(fields[name].annotation, bool):
                message = f"expected {_expected(fields[name].annotation)}, got the boolean {value}"
                raise ConfigError(f"{prefix}{name}", message, BOOLEAN_MEND)


def _takes(annotation: Any, kind: type) -> bool:
    return annotation is kind or any(_takes(inner, kind) for inner in get_args(annotation))


def _expected(annotation: Any) -> str:
    if _takes(annotation, int) or _takes(annotation, float):
        return "a number"
    options = [inner for inner in get_args(annotation) if isinstance(inner, str)]
    return f"one of {', '.join(options)}" if options else "a text"


def _check_model_folder(model: str, base: Path) -> None:
    # A hub name is `name` or `owner/name`; what starts like a path is one.
    if model.startswith((".", "/", "~")) and not (base / Path(model).expanduser()).is_dir():
        raise ConfigError("model", f"there is no folder {model}", f"paths start from {base}")


def _probes(parameter: Parameter) -> Iterator[Any]:
    yield from parameter.ends
    if not isinstance(parameter, Categorical | Constant):
        yield from (parameter.from_unit(u) for u in _INSIDE)


def _blame(error: ConfigError, middle: Mapping[str, Any], data: Mapping[str, Any], places: Places) -> InputError:
    if error.key in middle:
        return places.setting_error(f"parameters.{error.key}", error, _mend(error, searched=True))
    value: Any = data
    for part in error.key.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    if isinstance(value, bool) and not error.mend:
        return places.setting_error(f"trainer.{error.key}", error, BOOLEAN_MEND)
    return places.setting_error(f"trainer.{error.key}", error, _mend(error, searched=False))


def _blame_parameter(error: ConfigError, parameter: Parameter, value: Any, places: Places) -> InputError:
    told = "" if error.key == parameter.name else f"with {show(value)}, {error.key}: "
    mend = error.mend or _mend(error, searched=True)
    return places.error(f"parameters.{parameter.name}", f"{told}{error.message}", mend)


def _mend(error: ConfigError, *, searched: bool) -> str:
    if "fractional part" in error.message:
        return "give whole numbers as min and max, or add q: 1" if searched else "give a whole number"
    return "keep the whole range inside what is legal" if searched else "give such a value"


@contextmanager
def _importable(base: Path) -> Iterator[None]:
    """With ``base`` on the import path, as workers have it."""
    entry = str(base)
    sys.path.insert(0, entry)
    try:
        yield
    finally:
        sys.path.remove(entry)
