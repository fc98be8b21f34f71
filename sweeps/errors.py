"""Errors that a person can act on, and the exit codes that go with them."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """Exit codes of the command line."""

    DONE = 0
    FAILED = 1
    BAD_INPUT = 2
    NO_USABLE_TRIAL = 3
    INTERRUPTED = 130
    TERMINATED = 143


class SweepError(Exception):
    """Something went wrong that is worth one clear line rather than a traceback."""

    exit_code: Exit = Exit.FAILED


class InputError(SweepError):
    """Input or a request that cannot be used; raised before anything starts.

    Args:
        message: what is wrong: the value, and what was expected.
        where: the file (and line) or the command-line argument.
        key: dotted key inside it.
        mend: what to do.
    """

    exit_code = Exit.BAD_INPUT

    def __init__(self, message: str, *, where: str = "", key: str = "", mend: str = "") -> None:
        self.message, self.where, self.key, self.mend = message, where, key, mend
        place = ": ".join(part for part in (where, key) if part)
        line = f"{place}: {message}" if place else message
        super().__init__(f"{line}; {mend}" if mend else line)


class NoUsableTrial(SweepError):
    """No trial of the sweep gave a result that can be used."""

    exit_code = Exit.NO_USABLE_TRIAL
