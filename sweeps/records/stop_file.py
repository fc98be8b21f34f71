"""How a worker hears, between two reports, that somebody has stopped its trial: by a file in the trial's folder."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

LOOK_SECONDS = 1.0  # storage may be a network away


def stop_file(folder: Path, trial: str) -> Path:
    """The file of ``trial`` of the sweep in ``folder``; it is there from the stop until the trial begins again."""
    return folder / "trials" / trial / "stop"


class StopWatch:
    """Asked before each update, it looks for the file now and then; once it was there it stays said.

    Args:
        file: see `stop_file`.
        clock: seconds.
    """

    def __init__(self, file: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._file, self._clock = file, clock
        self._looked = float("-inf")
        self._there = False

    def __call__(self) -> bool:
        """Whether the trial is to end."""
        if not self._there and self._clock() - self._looked >= LOOK_SECONDS:
            self._looked = self._clock()
            self._there = self._file.exists()
        return self._there
