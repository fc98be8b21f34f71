"""Where a key stands, so that complaints can name file and line, or the command line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from search_spaces.constraints import ConstraintError
from search_spaces.errors import SpaceError
from sweeps.errors import InputError
from trainer.errors import ConfigError

COMMAND_LINE = "command line"
ARGUMENTS = "arguments"  # of a Python call
BOOLEAN_MEND = "YAML reads a bare yes, no, on or off as a boolean: quote it, as in 'no'"
_LONGEST = 200


@dataclass(frozen=True)
class Places:
    """Finds keys.

    Attributes:
        where: the file, or whatever the configuration came from.
        line: from a dotted key to its line in that file, where known.
        overridden: dotted keys that were given instead of the file's.
        overrider: what gave them.
        written: dotted keys that a reader of ours asks for, and how they were written.
    """

    where: str = ""
    line: Callable[[str], int | None] | None = None
    overridden: tuple[str, ...] = ()
    overrider: str = COMMAND_LINE
    written: Mapping[str, str] = field(default_factory=dict)

    def at(self, key: str) -> str:
        """The place of a dotted key: ``sweep.yaml:7``, ``sweep.yaml``, or what overrode it: ``command line``.

        Where only a part of it was overridden, both.
        """
        key = self._as_written(key)
        if any(key == given or key.startswith(f"{given}.") for given in self.overridden):
            return self.overrider
        number = self.line(key) if self.line is not None else None
        place = f"{self.where}:{number}" if self.where and number else self.where
        inside = ", ".join(one_line(given) for given in self.overridden if given.startswith(f"{key}."))
        return f"{place} with {inside} of the {self.overrider}" if inside else place

    def error(self, key: str, message: str, mend: str = "") -> InputError:
        """The complaint about a key, on one line however long or odd its value is."""
        return self.error_at(key, key, message, mend)

    def error_at(self, place: str, key: str, message: str, mend: str = "") -> InputError:
        """The complaint about ``key``, at the line of the dotted key ``place``."""
        key = one_line(self._as_written(key))
        return InputError(one_line(message), where=self.at(place), key=key, mend=one_line(mend))

    def _as_written(self, key: str) -> str:
        known = next((known for known in self.written if key == known or key.startswith(f"{known}.")), None)
        if known is None:
            return key
        # A parameter has keys of its own inside; a setting that was written under another name was a plain value.
        return self.written[known] + (key.removeprefix(known) if known.startswith("parameters.") else "")

    def setting_error(self, key: str, error: ConfigError, mend: str = "") -> InputError:
        """The trainer's complaint, about the setting that stands at ``key``; ``mend`` where it has none."""
        return self.error(key, error.message, error.mend or mend)

    @contextmanager
    def known(self) -> Iterator[None]:
        """Complaints that come out of here with a key and without a place are given the place of that key."""
        try:
            yield
        except InputError as error:
            if error.where or not error.key:
                raise
            raise self.error(error.key, error.message, error.mend) from error

    def space_error(self, error: SpaceError) -> InputError:
        """The search space's complaint, about one of ``parameters`` or of ``constraints``."""
        if isinstance(error, ConstraintError):
            return self.error_at(f"constraints.{error.index}", "constraints", error.message, error.mend)
        if error.key == "preset":
            return self.error("preset", error.message, error.mend)
        key = f"parameters.{error.key}" if error.key else "parameters"
        return self.error(key, error.message, error.mend)


def one_line(text: str) -> str:
    """``text`` without line breaks, cut where it is very long."""
    flat = " ".join(text.split())
    return flat if len(flat) <= _LONGEST else f"{flat[:_LONGEST]}..."


def show(value: Any) -> str:
    """A value for a message: as Python writes it, cut where it is long."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}..."
