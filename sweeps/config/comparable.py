"""What must stay as it is for a sweep's earlier and later trials to compare."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from search_spaces.choices import Constant
from sweeps.config.places import Places, show
from sweeps.config.records import FunctionTrainer, SweepConfig
from sweeps.errors import InputError

_MEND = "run it as a new sweep"
_HARMLESS = ("data.scaling",)
"""What may change of the data: rows, labels and splits stay the same."""


def check_unmoved(old: SweepConfig, data: Mapping[str, Any], places: Places) -> None:
    """Refuse another folder, task or function in the plain ``data`` of a later configuration, which might not even be
    read with it.

    Raises:
        InputError: names the first such key.
    """
    before = old.to_mapping()
    for key in ("base", "trainer.task", "trainer.function"):
        was, now = _plain(before, key), _plain(data, key)
        if was != now:
            raise _changed(places, key, was, now)


def _plain(data: Mapping[str, Any], key: str) -> Any:
    inner: Any = data
    for part in key.split("."):
        inner = inner.get(part) if isinstance(inner, Mapping) else None
    return inner


def check_comparable(old: SweepConfig, new: SweepConfig) -> None:
    """Refuse a later configuration of a sweep whose results would not compare with those of the earlier one.

    Another name or seed; another metric, goal or requirement; other data, another loss or other metrics; and
    populations, whose trials train side by side.

    Raises:
        InputError: names the first such key.
    """
    places = new.places
    for key, before, after in (
        ("name", old.name, new.name),
        ("seed", old.seed, new.seed),
        ("metric.name", old.metric.name, new.metric.name),
        ("metric.goal", old.metric.goal, new.metric.goal),
        ("metric.require", _bounds(old), _bounds(new)),
    ):
        if before != after:
            raise _changed(places, key, before, after)
    _check_trainer(old, new)
    for config in (old, new):
        stopping = config.early_stopping
        if stopping.population:
            message = (
                f"the trials of {stopping.scheduler} are a population that trains side by side: later ones would "
                "be compared with each other alone, and copies are no points of a space"
            )
            raise places.error("early_stopping.scheduler", message, "run a new sweep with more trials")


def _check_trainer(old: SweepConfig, new: SweepConfig) -> None:
    places = new.places
    if isinstance(new.trainer, FunctionTrainer):
        return  # its settings are its own affair
    searched = {parameter.name for config in (old, new) for parameter in config.space if _varies(parameter)}
    before, after = (_measured(config) for config in (old, new))
    for name in dict.fromkeys((*before, *after)):
        if name not in searched and name not in _HARMLESS and before.get(name) != after.get(name):
            key = f"parameters.{name}" if name in new.space.names else f"trainer.{name}"
            raise _changed(places, key, before.get(name), after.get(name))


def _measured(config: SweepConfig) -> dict[str, Any]:
    """What every trial is measured on and by, as far as it is fixed."""
    settings = config.trial_settings(config.space.middle())
    data = {f"data.{name}": value for name, value in settings["data"].items()}
    return {name: settings[name] for name in ("loss", "metrics")} | data


def _varies(parameter: object) -> bool:
    return not isinstance(parameter, Constant)


def _bounds(config: SweepConfig) -> Mapping[str, Any]:
    return {name: bounds.model_dump(exclude_none=True) for name, bounds in config.metric.require.items()}


def _changed(places: Places, key: str, before: object, after: object) -> InputError:
    message = f"cannot change from {show(before)} to {show(after)}: earlier and later trials would not compare"
    return places.error(key, message, _MEND)
