"""A sweep file's names from transformers' ``TrainingArguments`` as ours, wherever settings or parameters are named."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sweeps.config.places import Places
from sweeps.errors import InputError
from trainer.errors import ConfigError
from trainer.familiar import ours, rename
from trainer.familiar_names import KNOWN, UNKNOWN

_ONE, _SEVERAL = ("value", "default", "prior"), ("values",)
_LIFTED = {"metric": "name", "goal": "goal"}


def renamed(data: Mapping[str, Any], places: Places) -> tuple[Mapping[str, Any], Places]:
    """The same sweep under our names, and places that still know what was written.

    A training function of one's own has names of its own: nothing is changed then.

    Raises:
        InputError: a name without a meaning here, or the same thing said twice.
    """
    trainer = data.get("trainer")
    if not isinstance(trainer, Mapping) or "function" in trainer:
        return data, places
    changed, written = dict(data), dict[str, str]()
    try:
        settings = rename(trainer)
    except ConfigError as error:
        raise places.setting_error(f"trainer.{error.key}", error) from None
    written |= {f"trainer.{name}": f"trainer.{known}" for name, known in settings.written.items()}
    lifted = {name: settings.pop(name) for name in _LIFTED if name in settings.written}
    changed["trainer"] = dict(settings)
    if lifted:
        written |= {f"metric.{_LIFTED[name]}": f"trainer.{settings.written[name]}" for name in lifted}
        changed["metric"] = _metric(data.get("metric"), lifted, settings.written, places)
    if isinstance(parameters := data.get("parameters"), Mapping):
        names = {name: KNOWN[name].ours for name in parameters if name in KNOWN}
        changed["parameters"] = _parameters(parameters, names, places)
        written |= {f"parameters.{new}": f"parameters.{old}" for old, new in names.items()}
        changed |= _mentions(data, names)
    return changed, replace(places, written=written)


def renamed_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values of parameters by whatever names, by ours.

    Raises:
        ConfigError: a value that has no meaning here.
    """
    return {
        KNOWN[name].ours if name in KNOWN else name: ours(name, value) if name in KNOWN else value
        for name, value in values.items()
    }


def _metric(metric: Any, lifted: Mapping[str, Any], written: Mapping[str, str], places: Places) -> dict[str, Any]:
    known = {"name": metric} if isinstance(metric, str) else dict(metric or {})
    for name, value in lifted.items():
        if _LIFTED[name] in known:
            message = f"says the same as metric.{_LIFTED[name]}, which is given too"
            raise places.error(f"trainer.{written[name]}", message, "remove one of the two")
        known[_LIFTED[name]] = value
    return known


def _parameters(parameters: Mapping[str, Any], names: Mapping[str, str], places: Places) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name, spec in parameters.items():
        if name in UNKNOWN:
            raise places.error(f"parameters.{name}", "has no meaning here", UNKNOWN[name].mend)
        if name in names and not KNOWN[name].searched:
            raise places.error(f"parameters.{name}", "cannot be searched by this name", f"search {names[name]}")
        new = names.get(name, name)
        if new in made or (name in names and new in parameters):
            message = f"says the same as another parameter, which is {new} too"
            raise places.error(f"parameters.{name}", message, "remove one of the two")
        made[new] = _spec(name, spec, names, places)
    return made


def _spec(name: str, spec: Any, names: Mapping[str, str], places: Places) -> Any:
    try:
        if isinstance(spec, list | tuple):
            return [_value(name, one) for one in spec]
        if not isinstance(spec, Mapping):
            return _value(name, spec)
        made = dict(spec)
        made |= {key: _value(name, spec[key]) for key in _ONE if key in spec}
        made |= {key: [_value(name, one) for one in spec[key]] for key in _SEVERAL if isinstance(spec.get(key), list)}
        if isinstance(when := spec.get("when"), Mapping):
            made["when"] = {names.get(parent, parent): _condition(parent, value) for parent, value in when.items()}
    except ConfigError as error:
        raise _blamed(error, name, places) from None
    return made


def _condition(parent: str, value: Any) -> Any:
    if isinstance(value, Mapping):
        return value
    return [_value(parent, one) for one in value] if isinstance(value, list | tuple) else _value(parent, value)


def _value(name: str, value: Any) -> Any:
    return ours(name, value) if name in KNOWN and value is not None else value


def _blamed(error: ConfigError, name: str, places: Places) -> InputError:
    return places.setting_error(f"parameters.{name}", error)


def _mentions(data: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """Where parameters are named besides: points, constraints, and what a population changes."""
    made: dict[str, Any] = {}
    if isinstance(points := data.get("points"), list | tuple):
        made["points"] = [
            {names.get(name, name): _value(name, value) for name, value in point.items()}
            if isinstance(point, Mapping)
            else point
            for point in points
        ]
    if isinstance(constraints := data.get("constraints"), list | tuple):
        made["constraints"] = [
            re.sub(r"[A-Za-z_][\w.]*", lambda found: names.get(found[0], found[0]), text)
            if isinstance(text, str)
            else text
            for text in constraints
        ]
    stopping = data.get("early_stopping")
    if isinstance(stopping, Mapping) and isinstance(mutate := stopping.get("mutate"), list | tuple):
        made["early_stopping"] = {**stopping, "mutate": [names.get(name, name) for name in mutate]}
    return made
