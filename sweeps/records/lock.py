"""One driver a sweep: a lock file that a dead driver cannot hold for ever."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import socket
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType

import psutil

from sweeps.errors import InputError

LOCK = "driver.lock"
PATIENCE = 0.3  # seconds: long enough for another taker to write its name, or for a reader to let go


@dataclass(frozen=True)
class Holder:
    """The driver that a lock file names. ``started`` and ``boot`` tell a pid that was used again from the same one."""

    host: str
    pid: int
    started: str
    boot: str
    since: float

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}, for {_duration(time.time() - self.since)}"

    @property
    def alive(self) -> bool | None:
        """Whether it still runs; ``None`` where that cannot be known from here (it is on another host)."""
        if self.host != socket.gethostname():
            return None
        return self.boot == _boot() and self.started == _started(self.pid)


class SweepLock:
    """Holds the sweep in ``folder`` for this process, from ``with`` or ``acquire`` to ``release``.

    The kernel's lock on the file (``flock``) settles races on one machine and ends with the process; what is written
    in the file settles them across machines, where that lock may not reach, and says who it is.

    Attributes:
        taken_over: the dead driver whose lock this was, if it was one's.
    """

    def __init__(self, folder: Path | str) -> None:
        self.path = Path(folder) / LOCK
        self.taken_over: Holder | None = None
        self._file: int | None = None

    def acquire(self) -> None:
        """Takes the lock.

        Raises:
            InputError: a live driver holds it, or one on another host of which nothing is known.
        """
        deadline = time.monotonic() + PATIENCE
        while self._file is None:
            try:
                self._file = self._try()
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise self._refusal(_read(self.path), alive=True) from None
                time.sleep(0.02)
            except OSError as error:
                raise InputError(f"cannot be locked: {error.strerror}", where=str(self.path)) from error

    def release(self) -> None:
        """Gives the lock back; a second call does nothing."""
        if self._file is not None:
            if _same(self._file, self.path):
                with contextlib.suppress(OSError):
                    self.path.unlink()  # while it is still locked: nobody else can take it for theirs
            os.close(self._file)
            self._file = None

    def __enter__(self) -> SweepLock:
        self.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def _try(self) -> int | None:
        file = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            _flock(file)
            if not _same(file, self.path):  # released, and so deleted, between the two lines above: once more
                os.close(file)
                return None
            before = _read(self.path)
            if before is not None and before.boot != _boot() and before.alive is None:
                raise self._refusal(before, alive=None)
            if before is not None and before.alive:  # a file system whose locks do not hold
                raise self._refusal(before, alive=True)
            self.taken_over = before
            me = Holder(socket.gethostname(), os.getpid(), _started(os.getpid()), _boot(), time.time())
            os.ftruncate(file, 0)
            os.pwrite(file, json.dumps(asdict(me)).encode() + b"\n", 0)
        except BaseException:
            os.close(file)
            raise
        return file

    def _refusal(self, by: Holder | None, *, alive: bool | None) -> InputError:
        if alive:
            mend = "stop that one first, or wait for it"
            return InputError(f"this sweep is run by {by or 'another process'}", where=str(self.path), mend=mend)
        mend = "if nothing runs there any more, delete this file"
        return InputError(f"this sweep was run by {by}, and whether it still is cannot be seen from here",
                          where=str(self.path), mend=mend)  # fmt: skip


def holder(folder: Path | str) -> Holder | None:
    """The driver that runs the sweep in ``folder`` now, or ``None``; one on another host is taken to be alive."""
    found = _read(Path(folder) / LOCK)
    return None if found is None or found.alive is False else found


def _read(path: Path) -> Holder | None:
    try:
        return Holder(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None  # missing, or never written to its end: nobody's


def _flock(file: int) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in {errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOLCK}:
            raise  # the rest: some cluster file systems have no such locks; what is in the file must do there


def _same(file: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file), path.stat())
    except FileNotFoundError:
        return False


def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()
    except OSError:
        return str(round(psutil.boot_time(), -1))


def _started(pid: int) -> str:
    """When ``pid`` started, in a form that tells it from any other process with that pid; ``""`` where it is dead.

    The kernel counts in ticks since its boot, which no change of the clock touches.
    """
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:  # killed, and not yet waited for by its parent
            return ""
        with contextlib.suppress(FileNotFoundError):
            return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[19]
        return str(process.create_time())
    except (psutil.Error, OSError):
        return ""


def _duration(seconds: float) -> str:
    minutes = int(max(seconds, 0) // 60)
    if not minutes:
        return f"{max(seconds, 0):.0f} s"
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"
