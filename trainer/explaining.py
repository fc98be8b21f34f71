"""pydantic's complaints as one line of ours."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from trainer.errors import ConfigError, suggest
from trainer.sections import SECTIONS

_CHOOSE = "choose from"
# A union adds the branch it tried to the location of a complaint; the names of fields are enough.
_BRANCH = re.compile(r"float|str|int|Steps|Share|(literal|dict|tuple)\[.*")


def explain(error: ValidationError, known: Collection[str] = ()) -> ConfigError:
    """The first complaint; ``known`` are the names that an unknown one may have meant."""
    errors = error.errors()
    first = errors[0]
    if isinstance(first.get("input"), dict):
        # Of a number or {steps: n}, what is wrong with n.
        inner = [one for one in errors if "Steps" in one["loc"] and one["loc"][0] == first["loc"][0]]
        numbers = (
            one for one in inner if one["type"] != "extra_forbidden" and isinstance(one.get("input"), int | float)
        )
        first = next(numbers, first)
    parts = [str(part) for part in first["loc"] if not _BRANCH.fullmatch(str(part))]
    raised = first.get("ctx", {}).get("error")
    if isinstance(raised, ConfigError):
        return raised
    key = ".".join(parts) or "settings"
    value = first.get("input")
    if first["type"] == "extra_forbidden":
        names = SECTIONS.get(parts[0], known) if len(parts) > 1 else known
        return ConfigError(key, "unknown setting", suggest(parts[-1], names))
    if first["type"] == "missing":
        return ConfigError(key, "is missing", "every training needs it")
    if first["type"] == "literal_error":
        options = re.findall(r"'([^']*)'", first["ctx"]["expected"])
        return ConfigError(
            key, f"expected one of {', '.join(options)}, got {value!r}", suggest(value, options, _CHOOSE)
        )
    message = first["msg"].removeprefix("Value error, ")
    message = message[0].lower() + message[1:]
    shown = "" if isinstance(value, dict) else f", got {value!r}"
    return ConfigError(key, message + shown, _bound(first))


def as_written(error: ConfigError, written: Mapping[str, str]) -> ConfigError:
    """The same complaint by the name that was written for a setting of ours."""
    head = error.key.partition(".")[0]
    name = written.get(error.key) or written.get(head)
    return ConfigError(name, error.message, error.mend) if name is not None else error


def _bound(complaint: ErrorDetails) -> str:
    """What to write instead, for a number beyond a bound."""
    bounds = {"gt": "above", "ge": "of at least", "lt": "below", "le": "of at most"}
    said = [f"{words} {complaint['ctx'][name]}" for name, words in bounds.items() if name in complaint.get("ctx", {})]
    return f"give a number {said[0]}" if said else ""
