"""Overrides from a command line: ``a.b=value``, the value in YAML."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from search_spaces import SpaceError, preset
from sweeps.config.places import ARGUMENTS, COMMAND_LINE, one_line, show
from sweeps.errors import InputError
from sweeps.yaml_file import parse_value

# Sections that may be a bare name, and the key which that name stands for.
_SHORT = {"metric": "name", "early_stopping": "scheduler"}
_OF_PARAMETERS = frozenset(
    {
        "min",
        "max",
        "values",
        "value",
        "q",
        "mu",
        "sigma",
        "distribution",
        "default",
        "points",
        "prior",
        "ordinal",
        "when",
    }
)


def apply_overrides(
    data: Mapping[str, Any], overrides: Sequence[str] | Mapping[str, Any], *, where: str = ""
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """``data`` with the overrides applied in order, and the keys they set. A mapping replaces what stood there.

    ``overrides`` are ``key=value`` in YAML, or a mapping of dotted keys to values; ``where`` they were given is the
    command line or a call, unless it is named.

    Raises:
        InputError: no ``key=value``, a value that is not YAML, or a key inside something that is no mapping.
    """
    changed: dict[str, Any] = copy.deepcopy(dict(data))
    given = overrides if isinstance(overrides, Mapping) else dict(parse_override(override) for override in overrides)
    where = where or (ARGUMENTS if isinstance(overrides, Mapping) else COMMAND_LINE)
    for key, value in given.items():
        _set(changed, key, value, where)
    _absolute_paths(changed, tuple(given))
    return changed, tuple(given)


def parse_override(override: str) -> tuple[str, Any]:
    """The dotted key and the value of ``a.b=value``.

    Raises:
        InputError: no ``key=value``, or a value that is not YAML.
    """
    key, equals, text = override.partition("=")
    key = key.strip()
    if not equals or not key or not all(key.split(".")):
        message = f"expected key=value, got {show(override)}"
        raise InputError(message, where=COMMAND_LINE, mend="as in trials=10 or trainer.epochs=1")
    try:
        return key, parse_value(text, COMMAND_LINE)
    except InputError as error:
        mend = "quote the whole override for the shell"
        raise InputError(error.message, where=COMMAND_LINE, key=one_line(key), mend=mend) from None


def _set(data: dict[str, Any], key: str, value: Any, where: str) -> None:
    parts = key.split(".")
    if len(parts) > 1 and parts[0] in _SHORT and isinstance(data.get(parts[0]), str):
        data[parts[0]] = {_SHORT[parts[0]]: data[parts[0]]}
    inner, path, rest = data, "", parts
    while True:
        # Names of parameters are dotted themselves: the longest one that is there counts.
        there = next((n for n in range(len(rest), 0, -1) if ".".join(rest[:n]) in inner), 0)
        if there == 0 and path == "parameters":
            there = len(rest)
            if there > 1 and rest[-1] in _OF_PARAMETERS:
                name = ".".join(rest[:-1])
                message = f"{name} is not among the file's own parameters, so it has no {rest[-1]} to change"
                mend = f"give it whole: 'parameters.{name}={{min: ..., max: ...}}'"
                raise InputError(message, where=where, key=one_line(key), mend=mend)
        name = ".".join(rest[: there or 1])
        rest = rest[there or 1 :]
        if not rest:
            if value is None and path == "parameters" and name in inner and name not in _of_preset(data):
                del inner[name]  # the file's own: what is left may fix it
            else:
                inner[name] = value
            return
        path = f"{path}.{name}" if path else name
        following = inner.setdefault(name, {})
        if following is None:
            following = inner[name] = {}
        if path.startswith("parameters.") and isinstance(following, dict) and rest[0] not in following:
            following = following.get("parameters", following)  # a block of nested parameters
        if not isinstance(following, dict):
            message, mend = f"{path} is {show(following)}, not a mapping", f"give {path} whole"
            raise InputError(message, where=where, key=one_line(key), mend=mend)
        inner = following


def _of_preset(data: Mapping[str, Any]) -> set[str]:
    """The parameters that the file's preset has: null takes one of these away, and is no mere absence."""
    try:
        return {parameter.name for parameter in preset(data["preset"])} if data.get("preset") else set()
    except (SpaceError, TypeError):
        return set()  # whoever reads the file says what is wrong with it


def _absolute_paths(data: dict[str, Any], keys: Sequence[str]) -> None:
    """Paths on a command line start from the current folder, those in the file from the file's."""
    trainer = data.get("trainer")
    if not isinstance(trainer, dict) or "function" in trainer:
        return
    source = trainer.get("data")
    if isinstance(source, dict) and not source.get("name"):
        for split in ("train", "validation", "test"):
            if isinstance(source.get(split), str) and _given(f"trainer.data.{split}", keys):
                source[split] = str(Path.cwd() / source[split])
    model = trainer.get("model")
    if isinstance(model, str) and _given("trainer.model", keys) and ":" not in model and (Path.cwd() / model).is_dir():
        trainer["model"] = str(Path.cwd() / model)


def _given(key: str, keys: Sequence[str]) -> bool:
    return any(key == given or key.startswith(f"{given}.") for given in keys)
