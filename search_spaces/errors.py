"""The error this room raises on purpose, and the suggestions that go into it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class SpaceError(ValueError):
    """A search space that cannot be used.

    Args:
        key: dotted name of the parameter, for example ``model_args.hidden``; empty for the space as a whole.
        message: the rule that was broken, with the value that broke it.
        mend: what to do about it.
    """

    def __init__(self, key: str, message: str, mend: str = "") -> None:
        self.key, self.message, self.mend = key, message, mend
        line = f"{key}: {message}" if key else message
        super().__init__(f"{line} ({mend})" if mend else line)


def _initials(name: str) -> str:
    """Of the last part of a dotted name; empty for a single word, which one letter does not tell."""
    words = name.rpartition(".")[2].split("_")
    return "".join(word[:1] for word in words) if len(words) > 1 else ""


def suggest(word: object, known: Iterable[str]) -> str:
    """``did you mean X?`` for a word that is close to a known one, or has its initials, as ``lr`` those of
    ``learning_rate``; else the list of what is known."""
    names = list(known)
    close = [name for name in names if _initials(name) == str(word)]
    close = close or difflib.get_close_matches(str(word), names, n=1)
    return f"did you mean {close[0]}?" if close else f"known are {', '.join(names)}"
