"""What ends a sweep before its trials do: a signal (a second one ends it at once), a request, or a full disk."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from sweeps.errors import Exit
from sweeps.records.record import Reason


class Interrupted(BaseException):
    """The sweep is to end now. ``code`` is the exit code that goes with it, ``reason`` what its trials are told.

    Not an ``Exception``: Tune would wait for its busy workers before it lets one through.
    """

    def __init__(self, code: Exit, reason: Reason | None = None) -> None:
        self.code = code
        self.reason = reason or Reason(code.name.lower(), "the sweep was ended by a signal")
        super().__init__(self.reason.text)


class Signals:
    """What has arrived so far."""

    def __init__(self) -> None:
        self.code: Exit | None = None
        self.trouble: Reason | None = None
        self.asked: tuple[Exit, Reason] | None = None
        self.polled = False  # whether somebody calls ``check`` often; until then a signal raises where it finds us

    def check(self) -> None:
        """Raise ``Interrupted`` if a signal has come, or the sweep cannot go on."""
        if self.code is not None:
            raise Interrupted(self.code)
        if self.asked is not None:
            raise Interrupted(*self.asked)
        if self.trouble is not None:
            raise Interrupted(Exit.FAILED, self.trouble)

    def give_up(self, reason: Reason) -> None:
        """The sweep cannot go on: the next ``check`` ends it."""
        self.trouble = reason

    def leave(self, code: Exit, reason: Reason) -> None:
        """Somebody asked for the sweep's end: the next ``check`` brings it about, with this exit code."""
        self.asked = (code, reason)

    def handle(self, number: int, frame: FrameType | None) -> None:
        """Note the signal; a second one ends the process: every line of the ledger is on its way to the disk."""
        if self.code is not None:
            os._exit(self.code)
        self.code = Exit.INTERRUPTED if number == signal.SIGINT else Exit.TERMINATED
        if not self.polled:
            self.check()

    def install(self) -> None:
        """Take over SIGINT and SIGTERM. Again after ``ray.init``, which takes SIGTERM for itself.

        In a thread other than the main one Python allows no handlers, and whoever runs us there has their own.
        """
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, self.handle)
            signal.signal(signal.SIGTERM, self.handle)


@contextmanager
def watched() -> Iterator[Signals]:
    """Our handlers for SIGINT, SIGTERM and SIGHUP; the earlier ones come back afterwards."""
    signals = Signals()
    numbers = [signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])]
    earlier = {number: signal.getsignal(number) for number in numbers}
    signals.install()
    in_main = threading.current_thread() is threading.main_thread()
    if in_main and hasattr(signal, "SIGHUP"):
        # A closed terminal does not end a sweep that has run for hours.
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        yield signals
    except Interrupted as end:
        # Before the loop or after it, where nobody waits for it: what was written is intact.
        raise SystemExit(int(end.code)) from None
    finally:
        for number, handler in earlier.items() if in_main else ():
            signal.signal(number, handler)
