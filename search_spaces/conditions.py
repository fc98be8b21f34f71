"""When a parameter is active: conditions on other parameters, its parents."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from search_spaces.errors import SpaceError, suggest
from search_spaces.values import is_number, same

_ENDS = ("min", "max")
_MEND = "write when: {other_parameter: value}"


@dataclass(frozen=True)
class Condition:
    """The parent is one of ``values``; without these, it is a number from ``low`` to ``high``, both included.

    Attributes:
        parent: full dotted name of a parameter of the same space.
        values: any of these.
        low: ``None``: open.
        high: ``None``: open.
    """

    parent: str
    values: tuple[Any, ...] = ()
    low: float | None = None
    high: float | None = None

    def holds(self, value: object) -> bool:
        """Whether a parent that is active and has this value fulfils it."""
        if self.values:
            return any(same(value, one) for one in self.values)
        if not is_number(value):
            return False
        return (self.low is None or value >= self.low) and (  # type: ignore[operator]  # is_number said so
            self.high is None or value <= self.high  # type: ignore[operator]
        )

    def to_value(self) -> Any:
        """What stands beside the parent's name in a ``when``: a value, a list of them, or ``{min, max}``."""
        if not self.values:
            return {key: end for key, end in zip(_ENDS, (self.low, self.high), strict=True) if end is not None}
        if len(self.values) == 1 and not isinstance(self.values[0], list | tuple | Mapping):
            return self.values[0]
        return [copy.deepcopy(value) for value in self.values]


When = Mapping[str, Any] | Sequence[Condition] | None


def read_when(name: str, when: When) -> tuple[Condition, ...]:
    """The conditions of parameter ``name``: ``{parent: value, parent: [value, value], parent: {min: 1, max: 3}}``.

    All of them must hold. Ready-made conditions pass through.

    Raises:
        SpaceError: another shape, at the key ``<name>.when`` or ``<name>.when.<parent>``.
    """
    if when is None:
        return ()
    if isinstance(when, Mapping) and when:
        return tuple(_read_condition(f"{name}.when.{parent}", parent, spec) for parent, spec in when.items())
    if isinstance(when, list | tuple) and all(isinstance(one, Condition) for one in when):
        return tuple(when)
    raise SpaceError(f"{name}.when", f"expected a mapping of parameters to values, got {when!r}", _MEND)


def _read_condition(key: str, parent: object, spec: Any) -> Condition:
    if not isinstance(parent, str):
        raise SpaceError(key, f"expected the name of a parameter, got {parent!r}", _MEND)
    if isinstance(spec, Mapping) and any(end in spec for end in _ENDS):
        if unknown := next((end for end in spec if end not in _ENDS), None):
            raise SpaceError(key, f"unknown key {unknown!r}", suggest(unknown, _ENDS))
        low, high = (_bound(key, end, spec[end]) if end in spec else None for end in _ENDS)
        if low is not None and high is not None and low > high:
            raise SpaceError(key, f"needs min <= max, got min={low!r} and max={high!r}", "swap them")
        return Condition(parent, low=low, high=high)
    if isinstance(spec, list | tuple):
        if not spec:
            raise SpaceError(key, "lists no value, so it never holds", "list at least one")
        return Condition(parent, tuple(spec))
    return Condition(parent, (spec,))


def _bound(key: str, end: str, value: Any) -> float:
    if isinstance(value, str):  # 1e-4 is a text to plain YAML 1.1 readers
        with suppress(ValueError):
            value = float(value)
    if not is_number(value):
        raise SpaceError(key, f"{end} must be a finite number, got {value!r}", "give one")
    return value  # type: ignore[no-any-return]
