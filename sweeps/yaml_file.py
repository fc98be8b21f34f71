"""YAML files, read safely: with lines for errors, bounded in time and memory, nothing executed.

One pass over the parser's events builds plain dicts and lists. Limits are checked as the events come, so
that a hostile file ends early: 1 MiB of text, 50 levels, 20,000 values after aliases are expanded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from sweeps.errors import InputError
from sweeps.yaml_scalars import Scalar, plain, tagged

LARGEST_FILE = 1024 * 1024  # bytes
DEEPEST = 50
MOST_VALUES = 20_000
# libyaml's parser where PyYAML was built with it: ten times faster.
_PARSER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Document:
    """A YAML file's content and where its keys stand.

    Attributes:
        data: plain dicts, lists and scalars; keys are texts.
        lines: from dotted keys (list items by number) to lines, from 1.
    """

    data: dict[str, Any]
    lines: dict[str, int] = field(default_factory=dict)

    def line(self, dotted_key: str) -> int | None:
        """The line of a key, or of the closest key around it that is there; ``None`` where there is none."""
        while dotted_key and dotted_key not in self.lines:
            dotted_key = dotted_key.rpartition(".")[0]
        return self.lines.get(dotted_key)


def read_yaml(path: Path) -> Document:
    """The document in a file, whose top level must be a mapping.

    Raises:
        InputError: names file, line, what is wrong and the mend: no such file, not UTF-8, not YAML, a key
            twice, or too large, too deep or too many values.
    """
    where = str(path)
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST_FILE + 1)
            size = path.stat().st_size
    except FileNotFoundError:
        raise InputError("there is no such file", where=where, mend="check the path") from None
    except (OSError, ValueError) as failure:
        reason = failure.strerror if isinstance(failure, OSError) else str(failure)
        raise InputError(f"cannot be read: {reason}", where=where, mend="check the path") from None
    if len(raw) > LARGEST_FILE:
        message = f"is too large: {max(size, len(raw)):,} bytes, at most {LARGEST_FILE:,} are read"
        raise InputError(message, where=where, mend="is this the sweep file?")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        message = f"is not UTF-8: byte {raw[error.start]:#04x}"
        raise InputError(message, where=f"{where}:{line}", mend="save it as UTF-8") from None
    document = parse_document(text, where)
    if not isinstance(document.data, dict):
        message = f"the top level must be a mapping of keys to values, got {_kind(document.data)}"
        raise InputError(message, where=f"{where}:1", mend="start with `name: my-sweep`")
    return document


def parse_value(text: str, where: str) -> Any:
    """The value that a piece of YAML stands for, as on a command line (``a.b=value``).

    Raises:
        InputError: as ``read_yaml``; ``where`` says where the text came from.
    """
    return parse_document(text, where, numbered=False).data


def parse_document(text: str, where: str, *, numbered: bool = True) -> Document:
    """As ``read_yaml``, for text; the top level may be anything. Errors name lines where ``numbered``."""

    def place(line: int) -> str:
        return f"{where}:{line}" if numbered else where

    if (at := text.find("\0")) >= 0:
        message, mend = "holds a NUL character", "remove it; is this a text file?"
        raise InputError(message, where=place(text.count("\n", 0, at) + 1), mend=mend)
    builder = _Builder(place)
    try:
        data = builder.document(yaml.parse(text, Loader=_PARSER))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        spot = place(mark.line + 1) if mark is not None else where
        problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "unreadable"
        raise InputError(f"is not YAML: {problem}", where=spot, mend=_mend(str(problem))) from None
    return Document(data, builder.lines)


class _Builder:
    """Builds plain values from the parser's events."""

    def __init__(self, place: Callable[[int], str]) -> None:
        self.lines: dict[str, int] = {}
        self._place = place
        self._values = 0
        self._anchors: dict[str, tuple[Any, int]] = {}

    def document(self, events: Iterator[Any]) -> Any:
        value: Any = None
        documents = 0
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise self._error(event, "holds a second document after ---", "keep one sweep to a file")
                value = self._value(next(events), events, "", 0)
        return value

    def _value(self, event: Any, events: Iterator[Any], key: str, depth: int) -> Any:
        before = self._values
        self._count(event, 1)
        if depth > DEEPEST:
            raise self._error(event, f"is nested more than {DEEPEST} levels deep", "flatten it")
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        if isinstance(event, yaml.ScalarEvent):
            value: Any = self._scalar(event)
        elif event.tag is not None and not event.tag.startswith("tag:yaml.org,2002:"):
            raise self._error(event, f"has the tag {event.tag}", "remove it: plain values only")
        elif isinstance(event, yaml.SequenceStartEvent):
            value = self._sequence(events, key, depth)
        else:
            value = self._mapping(events, key, depth)
        if event.anchor is not None:
            self._anchors[event.anchor] = (value, self._values - before)
        return value

    def _sequence(self, events: Iterator[Any], key: str, depth: int) -> list[Any]:
        items: list[Any] = []
        while not isinstance(event := next(events), yaml.SequenceEndEvent):
            inner = f"{key}.{len(items)}" if key else str(len(items))
            self.lines[inner] = event.start_mark.line + 1
            items.append(self._value(event, events, inner, depth + 1))
        return items

    def _mapping(self, events: Iterator[Any], key: str, depth: int) -> dict[str, Any]:
        own: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        lines: dict[str, int] = {}
        while not isinstance(event := next(events), yaml.MappingEndEvent):
            name = self._key(event)
            inner = f"{key}.{name}" if key else name
            line = event.start_mark.line + 1
            if name in own:
                message = f"the key {name} is there twice, first on line {lines[name]}"
                raise self._error(event, message, "remove one", inner)
            self.lines[inner] = lines[name] = line
            value = self._value(next(events), events, inner, depth + 1)
            if name == "<<" and event.implicit[0]:
                merged = self._merged(event, value)
            else:
                own[name] = value
        return {**merged, **own}

    def _merged(self, event: Any, value: Any) -> dict[str, Any]:
        sources = value if isinstance(value, list) else [value]
        if not all(isinstance(source, dict) for source in sources):
            raise self._error(event, "<< merges mappings only", "give it an alias of one")
        return {key: inner for source in reversed(sources) for key, inner in source.items()}

    def _key(self, event: Any) -> str:
        if not isinstance(event, yaml.ScalarEvent):
            raise self._error(event, "a key must be a text", "quote it")
        self._count(event, 1)
        value = self._scalar(event)
        if isinstance(value, bool) or value is None:
            raise self._error(event, f"the key {event.value!r} is read as {value}", f"quote it: '{event.value}'")
        return event.value if isinstance(value, str) else str(value)

    def _scalar(self, event: Any) -> Scalar:
        try:
            if event.tag is not None and event.tag != "!":
                return tagged(event.tag, event.value)
            return plain(event.value) if event.implicit[0] else str(event.value)
        except ValueError as error:
            raise self._error(event, f"cannot use {error}", "plain values only") from None

    def _alias(self, event: Any) -> Any:
        if event.anchor not in self._anchors:
            raise self._error(event, f"the alias *{event.anchor} has no anchor before it", "define &name first")
        value, size = self._anchors[event.anchor]
        self._count(event, size)
        return _copy(value)

    def _count(self, event: Any, more: int) -> None:
        self._values += more
        if self._values > MOST_VALUES:
            message = f"holds more than {MOST_VALUES:,} values, aliases expanded"
            raise self._error(event, message, "give a range by min and max instead of a list")

    def _error(self, event: Any, message: str, mend: str, key: str = "") -> InputError:
        # Names and values come from the file and may be a megabyte long.
        return InputError(_cut(message), where=self._place(event.start_mark.line + 1), key=_cut(key), mend=_cut(mend))


def _copy(value: Any) -> Any:
    # Each alias its own copy: changing one by an override must not change the others.
    if isinstance(value, dict):
        return {key: _copy(inner) for key, inner in value.items()}
    return [_copy(inner) for inner in value] if isinstance(value, list) else value


def _cut(text: str) -> str:
    return text if len(text) <= 200 else f"{text[:200]}..."


def _kind(value: Any) -> str:
    return (
        "nothing" if value is None else {"list": "a list"}.get(type(value).__name__, f"the value {str(value)[:50]!r}")
    )


def _mend(problem: str) -> str:
    if "tab" in problem or "\\t" in problem or "cannot start any token" in problem:
        return "indent with spaces; quote texts that start with a special character"
    return "check indentation, quotes and brackets around this line"
