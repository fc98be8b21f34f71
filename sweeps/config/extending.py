"""A sweep's configuration with changes laid over it, for the trials that are still to come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from search_spaces.errors import suggest
from sweeps.config.comparable import check_comparable, check_unmoved
from sweeps.config.familiar import renamed
from sweeps.config.load import from_mapping
from sweeps.config.overrides import apply_overrides, parse_override
from sweeps.config.places import ARGUMENTS, COMMAND_LINE, Places, show
from sweeps.config.records import SweepConfig
from sweeps.config.settings import without
from sweeps.config.space import read_space
from sweeps.config.translation import Translation
from sweeps.errors import InputError
from sweeps.yaml_file import parse_value, read_yaml
from trainer.familiar_names import KNOWN

Changes = Sequence[str] | Mapping[str, Any]

RELATIVE = (
    "trials",
    "budget.trainings",
    "budget.device_hours",
    "budget.hours",
    "stop_when.no_better_for",
    "finish",
    "keep_checkpoints",
    "keep_paused",
    "retries",
    "grid_limit",
)
"""The keys to whose numbers ``+5`` can add."""


@dataclass(frozen=True)
class _More:
    """``+5``: so much more than there is."""

    amount: int | float


def extended(old: SweepConfig, file: Path, changes: Changes) -> SweepConfig:
    """The sweep ``old``, which ``file`` holds, with changes.

    Earlier sweeps that it began with stay; with another ``warm_start`` or ``archive`` they are to be looked for again.
    What becomes searched is no longer fixed; ``parameters.name=null`` removes a parameter. Points that are not given
    anew stay as far as they lie in the space.

    Args:
        old: the sweep as it is.
        file: its resolved sweep file.
        changes: ``a.b=value``, the value in YAML, or a mapping of dotted keys to values. For the numbers of `RELATIVE`
            a value may be ``+5``.

    Raises:
        InputError: changes that cannot be read or used, that make earlier and later trials incomparable, or none.
    """
    where = ARGUMENTS if isinstance(changes, Mapping) else COMMAND_LINE
    document = read_yaml(file)
    given = {key: _added(key, value, document.data, where) for key, value in _parsed(changes, where).items()}
    data, keys = apply_overrides(_familiar(document.data, given), given, where=where)
    places = Places(str(file), document.line, keys, where)
    check_unmoved(old, data, places)
    new_points = any(key == "points" or key.startswith("points.") for key in keys)
    if not new_points:
        data.pop("points", None)
    if any(key in ("warm_start", "archive") for key in keys):
        data.pop("past", None)
    config = from_mapping(
        _released(data, old, places),
        base=file.parent,
        where=str(file),
        lines=document.line,
        overridden=keys,
        overrider=where,
    )
    check_comparable(old, config)
    if not new_points:
        translate = Translation(old, config)
        config = replace(
            config, points=tuple(point for point in map(translate, old.points) if not isinstance(point, str))
        )
    if config == old:
        mend = "as in trials=+20; what was interrupted goes on by `sweeps resume`"
        raise InputError("changes nothing" if keys else "nothing is given that would change", where=where, mend=mend)
    return config


def as_mapping(changes: Sequence[str | Mapping[str, Any]]) -> dict[str, Any]:
    """Texts ``a.b=value`` and mappings of dotted keys to values as one mapping.

    Raises:
        InputError: a text that cannot be read.
    """
    found: dict[str, Any] = {}
    for change in changes:
        if isinstance(change, str):
            key, value = parse_override(change)
            found[key] = change.partition("=")[2] if _more(change.partition("=")[2], ARGUMENTS) else value
        else:
            found |= change
    return found


def _parsed(changes: Changes, where: str) -> dict[str, Any]:
    """Dotted keys to values; ``+5`` as `_More`, which YAML would read as 5."""
    if isinstance(changes, Mapping):
        return {key: _more(value, where) or value for key, value in changes.items()}
    return {key: _more(text.partition("=")[2], where) or value for text, (key, value) in _pairs(changes)}


def _pairs(changes: Sequence[str]) -> list[tuple[str, tuple[str, Any]]]:
    return [(text, parse_override(text)) for text in changes]


def _more(value: object, where: str) -> _More | None:
    if not isinstance(value, str) or not value.strip().startswith("+"):
        return None
    number = parse_value(value.strip(), where)
    return _More(number) if isinstance(number, int | float) and not isinstance(number, bool) else None


def _added(key: str, value: Any, data: Mapping[str, Any], where: str) -> Any:
    """``value``, or what there is and so much more."""
    if not isinstance(value, _More):
        return value
    if key not in RELATIVE:
        message = f"+{value.amount:g} adds to a number that limits a sweep, and {key} is none"
        guess = suggest(key, RELATIVE)
        mend = guess if guess.startswith("did") else f"those are {', '.join(RELATIVE)}; else leave out the +"
        raise InputError(message, where=where, key=key, mend=mend)
    inner: Any = data
    for part in key.split("."):
        inner = inner.get(part) if isinstance(inner, Mapping) else None
    if inner is None:
        raise InputError(_nothing_there(key, value, data), where=where, key=key, mend=_instead(key, value, data))
    return inner + value.amount


def _nothing_there(key: str, value: _More, data: Mapping[str, Any]) -> str:
    what = "it runs its whole grid" if key == "trials" and data.get("method") == "grid" else ""
    if limits := [name for name in RELATIVE[:5] if name != key and _limit(name, data) is not None]:
        what = f"it ends by {', '.join(f'{name} {show(_limit(name, data))}' for name in limits)}"
    return f"the sweep has no {key} to add {value.amount:g} to{f': {what}' if what else ''}"


def _instead(key: str, value: _More, data: Mapping[str, Any]) -> str:
    known = next((name for name in RELATIVE[:5] if _limit(name, data) is not None), None)
    if known is None:
        return "give its parameters more values" if data.get("method") == "grid" else f"give {key}={value.amount:g}"
    return f"add to that, as in {known}=+{value.amount:g}, or give {key} a number of its own"


def _limit(name: str, data: Mapping[str, Any]) -> Any:
    head, _, rest = name.partition(".")
    inner = data.get(head)
    return inner.get(rest) if rest and isinstance(inner, Mapping) else None if rest else inner


def _familiar(data: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """``data`` without what ``given`` says under one of transformers' names: the file knows ours."""
    changed = dict(data)
    for key in given:
        head, _, name = key.partition(".")
        if name in KNOWN and head in ("trainer", "parameters") and isinstance(changed.get(head), Mapping):
            changed[head] = {known: value for known, value in changed[head].items() if known != KNOWN[name].ours}
    return changed


def _released(data: dict[str, Any], old: SweepConfig, places: Places) -> dict[str, Any]:
    """``data`` without parameters that are null, and with nothing fixed that is searched from now on."""
    parameters = data.get("parameters")
    if isinstance(parameters, Mapping):
        known = set(old.space.names)
        kept = {name: spec for name, spec in parameters.items() if spec is not None or name not in known}
        data = {**data, "parameters": kept}
    ours, places = renamed(data, places)
    space = read_space(ours.get("preset"), ours.get("parameters"), ours.get("constraints"), places)
    fresh = [name for name in space.names if name not in old.space.names]
    fixed = {key.removeprefix("trainer.") for key in places.overridden if key.startswith("trainer.")}
    if not isinstance(trainer := ours.get("trainer"), dict):
        return data
    settings = without(trainer, tuple(name for name in fresh if name not in fixed))
    for name in fresh:  # a number where a mapping has to be: `epochs: 3`, and `epochs.steps` is searched
        head = name.partition(".")[0]
        if head != name and head in settings and not isinstance(settings[head], dict) and head not in fixed:
            del settings[head]
    return {**ours, "trainer": settings}
