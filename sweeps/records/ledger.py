"""The ledger: what happened in a sweep, one JSON object a line, only ever appended to.

Every line carries ``n`` (from 1: the order, and the only thing that orders), ``time`` (seconds since 1970, for
people), ``sweep`` (the sweep's id, which tells foreign lines) and ``event``. The other fields by event:

``sweep``      id, name, metric, goal, planned, limits, slots (trials at once), schedule (the scheduler, its settings,
               how many finish, and may_end_early: a target or patience may end it), attempt, digest, host, pid,
               versions: at each start of a driver; where it begins an extension also ``extension`` {generation (2 is
               the first), params (of trials that have others in the new space), outside (why trials do not fit it),
               reopened (ended trials that may go on), prior_from (the suggestion from which priors fade)}
``trial``      trial, params, number; of a copy parent; of one that somebody asked for command (its id), by (who), and a
               number below zero, since it is no suggestion
``twin``       number, params, same_as (trial): a suggestion that was trained before, and is not again
``state``      trial, state, attempt, reason {code, text} or null, worker {node, pid} or null, seconds (on a worker in
               this attempt, once it has ended)
``report``     trial, attempt, report, step, epoch, metrics, train_seconds, checkpoint (relative to the folder) or null;
               where known, progress (0 to 1 of the whole training) and the worker's pid
``dropped``    trial, checkpoint
``note``       text
``command``    id, command, by, text, refused (whether nothing came of it); where known trial, and planned (trials, now)
``sweep_end``  state, seconds (of this driver)
``confirmed``  number, top, seeds, candidates, comparisons, level, passed_over: repeats of the best trials with fresh
               seeds (`sweeps.records.confirmation`)
``tested``     look (from 1), trial, report, checkpoint, metrics, rows, classes, validation, reported, undefined: a look
               at the test split
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

from sweeps.errors import InputError, SweepError
from sweeps.records.events import Damage, Event, decode, encode, parse
from sweeps.records.finding import RECORDS as RECORDS
from sweeps.records.finding import no_sweep

SYNC_SECONDS = 0.05  # fsync took 0.2 ms on a virtual disk and may take far longer elsewhere: never one a line


class LedgerError(SweepError):
    """The ledger cannot be written or makes no sense; the message says what to do."""


def read_events(folder: Path | str) -> tuple[list[Event], Damage | None]:
    """All valid events of the sweep in ``folder``, in order, and what is wrong with the rest, if anything is.

    Safe while a driver is writing: a line that is only half there is reported as torn.

    Raises:
        InputError: there is no ledger, it cannot be read, it is none, or it holds lines of another sweep.
    """
    path = Path(folder) / RECORDS
    try:
        data = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise no_sweep(Path(folder)) from None
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", where=str(path)) from error
    events, _, damage = parse(data, str(path))
    if damage is not None and not events and not damage.torn:
        raise _no_ledger(path, damage)
    return events, damage


class Ledger:
    """The open ledger of a sweep. Hold the sweep's lock while writing: there must be one writer.

    Attributes:
        id: the sweep's id.
        path: the file.
        past: the events that were there when it was opened; clear it when they have been used.
        damage: what was cut away on opening, or ``None``.
    """

    def __init__(self, path: Path, id: str, past: list[Event], size: int, damage: Damage | None) -> None:
        self.path, self.id, self.past, self.damage = path, id, past, damage
        self._n, self._size = len(past), size
        self._clock: Callable[[], float] = time.time
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND)
        self._lock = threading.Lock()
        self._failure: OSError | None = None
        self._closed = False
        self._dirty, self._ending = threading.Event(), threading.Event()
        self._syncer = threading.Thread(target=self._sync_often, name="ledger-sync", daemon=True)
        self._syncer.start()

    @classmethod
    def open(cls, folder: Path | str, *, create: bool) -> Ledger:
        """The ledger in ``folder``: a new one with ``create``, else the one that is there, ready to go on.

        What a kill or a crash left of a last line is cut away; damage further up is cut away with all that follows it,
        which is kept beside the ledger. ``damage`` says so.

        Raises:
            InputError: with ``create`` there is one already; without it there is none; the folder cannot be written;
                the file is no ledger, or holds lines of another sweep.
        """
        path = Path(folder) / RECORDS
        try:
            if create:
                Path(folder).mkdir(parents=True, exist_ok=True)
                path.touch()
                _sync_folder(path.parent)
            data = path.read_bytes()
            events, valid, damage = parse(data, str(path))
            if create and events:
                raise InputError("there is a sweep already", where=str(path), mend="resume it, or choose another name")
            if damage is not None and not events and not damage.torn:
                raise _no_ledger(path, damage)
            if damage is not None:
                damage = _cut(path, data, valid, damage)
            return cls(path, events[0]["sweep"] if events else secrets.token_hex(6), events, valid, damage)
        except (FileNotFoundError, NotADirectoryError):
            raise no_sweep(Path(folder)) from None
        except OSError as error:
            raise InputError(f"cannot be written: {error.strerror}", where=str(path)) from error

    def append(self, event: str, **fields: Any) -> Event:
        """Writes one event; it survives a kill of this process from here on, and a power cut some 50 ms later.

        Returns:
            The event just as a reader will see it.

        Raises:
            LedgerError: it could not be written (disk full); nothing of it is left in the file.
            ValueError: a field is NaN, infinite or no JSON.
        """
        if event == "sweep":
            fields = {"id": self.id, **fields}
        with self._lock:
            self._check()
            line = encode({"n": self._n + 1, "time": self._clock(), "sweep": self.id, "event": event}, fields)
            try:
                self._write(line)
            except OSError as error:
                raise LedgerError(self._explain(error)) from error
            self._n, self._size = self._n + 1, self._size + len(line)
        self._dirty.set()
        return decode(line)

    def sync(self) -> None:
        """Returns when everything appended so far is on the disk.

        Raises:
            LedgerError: the disk says no.
        """
        with self._lock:
            self._check()
            try:
                os.fsync(self._file)
            except OSError as error:
                raise LedgerError(self._explain(error)) from error

    def close(self) -> None:
        """Syncs and closes; a second call does nothing."""
        if self._closed:
            return
        self._ending.set()
        self._dirty.set()
        self._syncer.join()
        try:
            self.sync()
        finally:
            with self._lock:
                self._closed = True
                os.close(self._file)

    def __enter__(self) -> Ledger:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _write(self, line: bytes) -> None:
        # One write a line, so that a kill leaves all of it or nothing. A full disk may take a part: the second write
        # then says why, and the part is taken back.
        try:
            written = os.write(self._file, line)
            while written < len(line):
                written += os.write(self._file, line[written:])
        except OSError as error:
            try:
                os.ftruncate(self._file, self._size)
            except OSError:
                self._failure = error  # half a line may be left: nothing may follow it
            raise

    def _sync_often(self) -> None:
        while not self._ending.is_set():
            self._dirty.wait()
            self._dirty.clear()
            try:
                os.fsync(self._file)
            except OSError as error:
                self._failure = error  # raised by the next append: after a failed fsync nothing is certain
                return
            self._ending.wait(SYNC_SECONDS)

    def _check(self) -> None:
        if self._closed:
            raise LedgerError(f"{self.path}: closed already")
        if self._failure is not None:
            raise LedgerError(self._explain(self._failure)) from self._failure

    def _explain(self, error: OSError) -> str:
        mend = "free some space, then resume" if error.errno in {errno.ENOSPC, errno.EDQUOT} else "mend it, then resume"
        return f"{self.path}: cannot be written: {error.strerror}; what was written before is intact: {mend}"


def _no_ledger(path: Path, damage: Damage) -> InputError:
    return InputError(damage.text, where=str(path), mend="restore the file, or start under another name")


def _cut(path: Path, data: bytes, valid: int, damage: Damage) -> Damage:
    if not damage.torn:  # more than one line's worth: someone may want to look at it
        aside = path.with_name(f"{path.stem}.damaged-{secrets.token_hex(3)}.jsonl")
        aside.write_bytes(data[valid:])
        damage = Damage(damage.line, f"{damage.text}; kept in {aside.name}", torn=False)
    os.truncate(path, valid)
    return damage


def _sync_folder(folder: Path) -> None:
    with contextlib.suppress(OSError):  # some file systems cannot
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
