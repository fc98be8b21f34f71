"""One mapping of a sweep file, read key by key: types and bounds checked, unknown keys refused."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from search_spaces.errors import suggest
from sweeps.config.places import BOOLEAN_MEND, Places, show
from sweeps.errors import InputError


class Section:
    """Reads a mapping.

    Args:
        data: what stands in the file; ``None`` counts as empty.
        key: its dotted key; empty for the top level.
        places: where keys stand.
        known: the keys it may have.
        elsewhere: mends for keys that people bring along from other tools.

    Raises:
        InputError: not a mapping, or an unknown key in it.
    """

    def __init__(
        self, data: object, key: str, places: Places, known: Sequence[str], elsewhere: Mapping[str, str] | None = None
    ) -> None:
        if data is not None and not isinstance(data, Mapping):
            message = f"expected a mapping of {', '.join(known)}, got {show(data)}"
            raise places.error(key, message, "write one key: value to a line, indented")
        self.data: Mapping[str, Any] = data or {}
        self.key, self.places = key, places
        for name in self.data:
            if name not in known:
                mend = (elsewhere or {}).get(name) or suggest(name, known)
                raise places.error(self.path(name), "unknown key", mend)

    def path(self, name: str) -> str:
        """The dotted key of ``name`` in the file."""
        return f"{self.key}.{name}" if self.key else name

    def error(self, name: str, message: str, mend: str = "") -> InputError:
        """A complaint about ``name``."""
        return self.places.error(self.path(name), message, mend)

    def has(self, name: str) -> bool:
        """Whether ``name`` is there with a value."""
        return self.data.get(name) is not None

    def required(self, name: str, mend: str) -> Any:
        """The value of ``name``, whatever it is."""
        if not self.has(name):
            raise self.error(name, "is missing", mend)
        return self.data[name]

    def text(self, name: str, mend: str) -> str:
        """A text that must be there."""
        value = self.required(name, mend)
        if not isinstance(value, str) or not value:
            raise self.error(name, f"expected a text, got {show(value)}", _quote(value) or mend)
        return value

    def choice(self, name: str, options: Sequence[str], default: str | None = None) -> str:
        """One of ``options``."""
        if default is not None and not self.has(name):
            return default
        value = self.required(name, f"give one of {', '.join(options)}")
        if value not in options:
            message = f"expected one of {', '.join(options)}, got {show(value)}"
            raise self.error(name, message, _quote(value) or suggest(value, options))
        return str(value)

    def whole(self, name: str, default: int | None, *, least: int, most: int | None = None) -> int | None:
        """A whole number from ``least`` to ``most``."""
        if not self.has(name):
            return default
        value = self.data[name]
        bounds = f"from {least} to {most}" if most is not None else f"of at least {least}"
        if isinstance(value, float) and value.is_integer():  # 1e3
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            message = f"expected a whole number {bounds}, got {show(value)}"
            raise self.error(name, message, "remove the quotes" if _numeric(value) else "give a whole number")
        if value < least or (most is not None and value > most):
            raise self.error(name, f"expected a whole number {bounds}, got {show(value)}", f"give one {bounds}")
        return value

    def number(self, name: str, default: float, *, least: float | None = None, above: float | None = None) -> float:
        """A number of at least ``least``, or above ``above``."""
        if not self.has(name):
            return default
        value = self.data[name]
        bounds = f"above {above:g}" if above is not None else f"of at least {least:g}"
        legal = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        if not legal or (least is not None and value < least) or (above is not None and value <= above):
            mend = "remove the quotes" if _numeric(value) else f"give a number {bounds}"
            raise self.error(name, f"expected a number {bounds}, got {show(value)}", mend)
        return value  # type: ignore[no-any-return]


def _quote(value: object) -> str:
    if isinstance(value, bool):
        return BOOLEAN_MEND
    return f"quote it: '{value}'" if isinstance(value, int | float) else ""


def _numeric(value: object) -> bool:
    try:
        return isinstance(value, str) and math.isfinite(float(value))
    except ValueError:
        return False
