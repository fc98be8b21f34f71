"""Events as lines of a ledger: writing one, and telling whole ones from torn, broken and foreign ones."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, NoReturn

from sweeps.errors import InputError

Event = dict[str, Any]


@dataclass(frozen=True)
class Damage:
    """The first line (from 1) of a ledger that cannot be used, and what is wrong with it, in words.

    ``torn``: it is the last one, as a kill or a reader in the middle of a write leaves it; no event is lost.
    """

    line: int
    text: str
    torn: bool = False


def encode(head: Mapping[str, Any], fields: Mapping[str, Any]) -> bytes:
    """One line with its newline.

    Raises:
        ValueError: a field has a reserved name, is NaN or infinite, or is no JSON.
    """
    if reserved := head.keys() & fields.keys():
        raise ValueError(f"{head['event']}: the ledger itself writes {', '.join(sorted(reserved))}")
    try:
        text = json.dumps({**head, **fields}, allow_nan=False, default=_plain, separators=(",", ":"))
    except (TypeError, ValueError) as error:
        culprit = next((f"{key}={value!r}" for key, value in _leaves("", fields) if not _is_json(value)), str(error))
        raise ValueError(
            f"{head['event']}: {culprit} cannot go into a ledger, which takes finite JSON values"
        ) from error
    return text.encode() + b"\n"


def decode(line: bytes) -> Event:
    """The event in one line.

    Raises:
        ValueError: it is no JSON object of finite values.
    """
    event = json.loads(line.decode("utf-8"), parse_constant=_reject)
    if not isinstance(event, dict):
        raise ValueError(f"expected a JSON object, got {type(event).__name__}")
    return event


def parse(data: bytes, where: str) -> tuple[list[Event], int, Damage | None]:
    """The events in ``data``, how many bytes they take, and what is wrong with the rest, if there is one.

    Raises:
        InputError: a line belongs to another sweep than the first one.
    """
    events: list[Event] = []
    valid = 0
    while valid < len(data):
        end = data.find(b"\n", valid)
        line, number = data[valid : end if end >= 0 else len(data)], len(events) + 1
        problem = "no end of line" if end < 0 else ""
        if not problem:
            try:
                event = decode(line)
                problem = _misfit(event, number)
            except (ValueError, RecursionError) as error:
                problem = f"broken: {error}"
        if problem:
            torn = end < 0 or end + 1 == len(data)
            lost = len(data) - valid
            text = f"{problem}; {lost} bytes from line {number} on are not used, starting with {line[:60]!r}"
            return events, valid, Damage(number, text, torn)
        if events and event["sweep"] != events[0]["sweep"]:
            raise InputError(
                f"line {number} belongs to another sweep ({event['sweep']!r}, this one is {events[0]['sweep']!r})",
                where=where,
                mend="two ledgers were mixed: restore the file, or delete its lines from there on",
            )
        events.append(event)
        valid = end + 1
    return events, valid, None


def _misfit(event: Event, number: int) -> str:
    if not isinstance(event.get("event"), str) or not isinstance(event.get("sweep"), str):
        return "no event of a ledger"
    if not isinstance(event.get("time"), int | float):
        return "no time"
    if event.get("n") != number:
        return f"numbered {event.get('n')!r}, expected {number}"
    return ""


def _plain(value: Any) -> Any:
    """NumPy's scalars and paths as what JSON knows."""
    if isinstance(value, PurePath):
        return value.as_posix()
    if hasattr(value, "item"):
        return value.item()
    raise TypeError(f"{value!r} is no JSON")


def _reject(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no finite number")


def _leaves(key: str, value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, Mapping):
        return [leaf for name, inner in value.items() for leaf in _leaves(f"{key}.{name}".lstrip("."), inner)]
    if isinstance(value, list | tuple):
        return [leaf for place, inner in enumerate(value) for leaf in _leaves(f"{key}[{place}]", inner)]
    return [(key, value)]


def _is_json(value: Any) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or isinstance(value, str | int | PurePath) or hasattr(value, "item")
