"""A ledger read as it grows, by whoever looks on: no lock, no driver, any machine that sees the folder."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

from sweeps.errors import InputError
from sweeps.records.events import Event, decode
from sweeps.records.finding import RECORDS, no_sweep
from sweeps.records.lock import holder


class LedgerTail:
    """Gives the events that came since it was asked last; a line that is only half there waits for its end.

    Args:
        folder: the sweep's.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self._path = folder, folder / RECORDS
        self._read = self._number = 0

    def __call__(self) -> list[Event]:
        """The new events.

        Raises:
            InputError: the ledger is gone, or is not the one that it was.
        """
        try:
            with self._path.open("rb") as file:
                file.seek(self._read)
                data = file.read()
        except (FileNotFoundError, NotADirectoryError):
            raise no_sweep(self._folder) from None
        except OSError as error:
            raise InputError(f"cannot be read: {error.strerror}", where=str(self._path)) from error
        whole = data[: data.rfind(b"\n") + 1]
        try:
            events = [decode(line) for line in whole.splitlines()]
        except ValueError as error:
            raise self._changed(f"broken after line {self._number}: {error}") from None
        for event in events:
            if event.get("n") != self._number + 1:
                raise self._changed(f"line {self._number + 1} is numbered {event.get('n')!r}")
            self._number += 1
        self._read += len(whole)
        return events

    def _changed(self, what: str) -> InputError:
        return InputError(what, where=str(self._path), mend="see `sweeps status`, and begin to follow it again")


def follow(
    folder: Path,
    *,
    every: float = 0.5,
    alive: Callable[[], bool] | None = None,
    pause: Callable[[float], object] = time.sleep,
) -> Iterator[list[Event]]:
    """The events of a sweep, first all that there are, then those that come, until it ends or its driver is gone.

    Args:
        folder: the sweep's.
        every: seconds between two looks.
        alive: whether anything may come still; by default whether some driver holds the sweep's lock.
        pause: waits, for so many seconds at most.

    Raises:
        InputError: there is no sweep.
    """
    tail, ended = LedgerTail(folder), False
    while True:
        # Asked before reading, so that nothing which it still writes is missed.
        more = holder(folder) is not None if alive is None else alive()
        events = tail()
        for event in events:
            ended = event["event"] == "sweep_end" or (ended and event["event"] != "sweep")
        if events:
            yield events
        if not more or ended:
            return
        pause(every)
