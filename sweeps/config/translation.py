"""A trial's parameters in another configuration of its sweep, with which it would be the very same training."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from search_spaces.choices import Categorical, Constant
from search_spaces.parameters import Int, Parameter
from search_spaces.values import is_number, same
from sweeps.config.places import show
from sweeps.config.records import FunctionTrainer, SweepConfig
from sweeps.config.settings import setting_at
from trainer.errors import ConfigError, few

Params = Mapping[str, Any]

NEUTRAL = ("eval_batch_size", "gradient_checkpointing")
"""Settings of the shared trainer that are a matter of memory: with any value the training is the same."""
_MOST = 3  # differences that a reason names
_MISSING = object()


class Translation:
    """From an earlier configuration of a sweep to a later one.

    A trial fits the later one where that has parameters that give the same settings, all of them: what was fixed may
    be searched now, and what was searched may be fixed.

    Args:
        old: the trials' configuration.
        new: the later one.
    """

    def __init__(self, old: SweepConfig, new: SweepConfig) -> None:
        self._old, self._new = old, new
        self._neutral = () if isinstance(new.trainer, FunctionTrainer) else NEUTRAL
        self._settled: dict[tuple[str, int], Any] = {}  # what a choice comes to among the settings

    def __call__(self, params: Params) -> dict[str, Any] | str:
        """The parameters in the later configuration of a trial that has ``params`` in the earlier one, or why there
        are none, in words that follow on the trial's name."""
        try:
            settings = self._old.trial_settings(params)
        except ConfigError:  # it failed for that, and would again
            return dict(params) if self._new.space.contains(params) else "it makes no legal training"
        if self._new.space.contains(params) and self._gives(params, settings):
            return dict(params)  # as they were written, to the last digit
        found = self._read(settings)
        if isinstance(found, str):
            return found
        if broken := self._new.space.broken(found):
            values = ", ".join(f"{name}={found[name]!r}" for name in broken.names if name in found)
            return f"breaks the constraint {broken.text!r} with {values}"
        try:
            differ = self._differences(settings, found)
        except ConfigError as error:
            return f"{error.key}: {error.message}"
        return _said(differ) if differ else found

    def _gives(self, params: Params, settings: Mapping[str, Any]) -> bool:
        try:
            return not self._differences(settings, params)
        except ConfigError:
            return False

    def _differences(self, settings: Mapping[str, Any], params: Params) -> list[tuple[str, Any, Any]]:
        found = _differences(settings, self._new.trial_settings(params))
        return [one for one in found if one[0] not in self._neutral]

    def _read(self, settings: Mapping[str, Any]) -> dict[str, Any] | str:
        """The active parameters by what ``settings`` have in their places, or the first that cannot have that."""
        found: dict[str, Any] = {}
        waiting = list(self._new.space)
        while waiting:
            names = {parameter.name for parameter in waiting}
            parameter = next(one for one in waiting if not any(c.parent in names for c in one.conditions))
            waiting.remove(parameter)
            if not all(one.parent in found and one.holds(found[one.parent]) for one in parameter.conditions):
                continue
            there = setting_at(settings, parameter.name, _MISSING)
            value = _MISSING if there is _MISSING else self._value(parameter, there)
            if value is _MISSING:
                return _outside(parameter, there)
            found[parameter.name] = value
        return self._new.space.active(found)

    def _value(self, parameter: Parameter, there: Any) -> Any:
        """The value of ``parameter`` that settles as ``there``."""
        if isinstance(parameter, Categorical | Constant):
            choices = parameter.ends
            for choice in choices:
                if same(choice, there):
                    return choice
            # A path is resolved, and a short form written out, among the settings.
            settled = (choice for at, choice in enumerate(choices) if same(self._settle(parameter, at, choice), there))
            return next(settled, _MISSING)
        if not is_number(there):
            return _MISSING
        value = int(there) if isinstance(parameter, Int) and there == int(there) else there
        return value if parameter.contains(value) else _MISSING

    def _settle(self, parameter: Parameter, at: int, choice: Any) -> Any:
        key = (parameter.name, at)
        if key not in self._settled:
            space = self._new.space
            params = {**space.middle(), **space.needed(parameter.name), parameter.name: choice}
            try:
                settings = self._new.trial_settings(space.complete(params, priors=False))
                self._settled[key] = setting_at(settings, parameter.name, _MISSING)
            except ConfigError:
                self._settled[key] = _MISSING
        return self._settled[key]


def _outside(parameter: Parameter, there: Any) -> str:
    name = parameter.name
    if there is _MISSING:
        return f"{name} is not among its settings"
    if there is None:
        return f"{name} is not set in it"
    shown = f"{there:g}" if isinstance(there, float) else show(there)
    match parameter:
        case Constant(value=value):
            return f"{name} is {shown} in it and {show(value)} now"
        case Categorical(choices=choices):
            return f"{name} {shown} is not among {few([show(choice) for choice in choices])}"
    facts = parameter.to_mapping()
    if "min" not in facts or not is_number(there):
        return f"{name} {shown} is none of its values now"
    if facts["min"] <= there <= facts["max"]:
        return f"{name} {shown} is no multiple of {facts.get('q', 1):g}"
    return f"{name} {shown} is outside {facts['min']:g}..{facts['max']:g}"


def _differences(old: Mapping[str, Any], new: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Dotted names with both values, where two trials' settings are not the same."""
    for name in dict.fromkeys((*old, *new)):
        before, after = old.get(name, _MISSING), new.get(name, _MISSING)
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            yield from _differences(before, after, f"{prefix}{name}.")
        elif not same(before, after):
            yield f"{prefix}{name}", before, after


def _said(differ: list[tuple[str, Any, Any]]) -> str:
    shown = [f"{name} is {_word(before)} in it and {_word(after)} now" for name, before, after in differ[:_MOST]]
    more = f" and {len(differ) - _MOST} more settings differ" if len(differ) > _MOST else ""
    return f"{', '.join(shown)}{more}"


def _word(value: Any) -> str:
    return "not there" if value is _MISSING else show(value)
