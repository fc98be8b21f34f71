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


def suggest(word: object, known: Iterable[str]) -> str:
    """``did you mean X?`` for a word that is close to a known one, else the list of what is known."""
    names = list(known)
    close = difflib.get_close_matches(str(word), names, n=1)
    return f"did you mean {close[0]}?" if close else f"known are {', '.join(names)}"
