"""The errors this room raises on purpose."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

_MOST, _SHOWN = 12, 6  # names in a message: all up to so many, else only the closest


class ConfigError(ValueError):
    """A setting that cannot be used.

    Args:
        key: dotted name of the setting, for example ``data.train``.
        message: what is wrong and what was expected, with the value.
        mend: what to do about it.
    """

    def __init__(self, key: str, message: str, mend: str = "") -> None:
        self.key, self.message, self.mend = key, message, mend
        super().__init__(f"{key}: {message}" + (f" ({mend})" if mend else ""))


def suggest(word: object, known: Iterable[object], what: str = "known are", *, always: bool = False) -> str:
    """``did you mean X?`` where a name is close to the word; else, or ``always``, what there is, as ``few`` says it."""
    names = [str(name) for name in known]
    close = difflib.get_close_matches(str(word), names, n=1)
    guess, listed = f"did you mean {close[0]}?" if close else "", f"{what} {few(names, word)}"
    return f"{guess} {listed}" if guess and always else guess or listed


def few(names: Iterable[object], word: object = "") -> str:
    """All names where they are few, else those that are closest to the word, and how many more there are."""
    listed = [str(name) for name in names]
    if len(listed) <= _MOST:
        return ", ".join(listed) or "none"
    near = difflib.get_close_matches(str(word), listed, n=_SHOWN, cutoff=0.4)
    shown = [*near, *(name for name in listed if name not in near)][:_SHOWN]
    return f"{', '.join(shown)} and {len(listed) - len(shown)} more"


class DataError(ConfigError):
    """Data that cannot be trained on: missing, empty, a wrong column, a wrong label."""


class ResumeError(RuntimeError):
    """A checkpoint that does not fit the run that wants to go on from it."""


class Diverged(ArithmeticError):
    """The loss or a metric is NaN or infinite. ``step`` is the optimizer update where it was seen."""

    def __init__(self, what: str, value: float, step: int) -> None:
        self.what, self.value, self.step = what, value, step
        super().__init__(f"{what} is {value} at step {step}")
