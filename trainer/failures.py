"""An error of one process, told to another: as plain JSON, and as an error of the same kind again."""

from __future__ import annotations

import signal
import time
import traceback
from pathlib import Path
from typing import Any

from trainer.errors import ConfigError, DataError, Diverged, ResumeError

_PLAIN = {"ResumeError": ResumeError, "MemoryError": MemoryError}
_OF_KEYS = {"ConfigError": ConfigError, "DataError": DataError}


class RankFailed(RuntimeError):
    """What ended one of the processes that trained together, where it is no error of this room's own.

    Attributes:
        place: file and line where it was raised; empty where the process ended without a word.
    """

    def __init__(self, text: str, place: str = "") -> None:
        self.place = place
        super().__init__(text)


def told(error: BaseException) -> dict[str, Any]:
    """An error as plain JSON. ``at`` is when, on a clock that all processes of a machine share."""
    frames = traceback.extract_tb(error.__traceback__)
    facts: dict[str, Any] = {"at": time.monotonic(), "kind": type(error).__name__, "text": str(error)}
    facts["place"] = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    facts["behind"] = _behind(error)
    if isinstance(error, Diverged):
        facts["fields"] = [error.what, str(error.value), error.step]
    elif isinstance(error, ConfigError):
        facts["fields"] = [error.key, error.message, error.mend]
    return facts


def error_of(facts: dict[str, Any]) -> Exception:
    """What :func:`told` told; what it was raised over is its cause, as text."""
    error = _error(facts["kind"], facts["text"], facts["place"], facts.get("fields"))
    if facts["behind"]:
        error.__cause__ = RuntimeError("; ".join(facts["behind"]))
    return error


def ended(rank: int, count: int, code: int) -> RankFailed:
    """A process that ended by itself, with this exit code; a signal's is negative."""
    how = f"with exit code {code}"
    if code < 0:
        how = f"by {signal.Signals(-code).name}"
        how += ", perhaps for lack of memory" if code == -signal.SIGKILL else ""
    return RankFailed(f"process {rank} of {count} (counted from 0) was ended {how}")


def _error(kind: str, text: str, place: str, fields: list[Any] | None) -> Exception:
    if kind == "Diverged" and fields is not None:
        return Diverged(fields[0], float(fields[1]), fields[2])
    if kind in _OF_KEYS and fields is not None:
        return _OF_KEYS[kind](*fields)
    if kind in _PLAIN:
        return _PLAIN[kind](text)
    if kind == "OutOfMemoryError":
        import torch

        return torch.OutOfMemoryError(text)
    return RankFailed(f"{kind}: {text}".strip(), place)


def _behind(error: BaseException) -> list[str]:
    said: list[str] = []
    seen = {id(error)}
    while (cause := error.__cause__ or error.__context__) is not None and id(cause) not in seen:
        seen.add(id(cause))
        said.append(str(cause))
        error = cause
    return said
