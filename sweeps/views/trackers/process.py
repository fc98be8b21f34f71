"""A tracker in a process of its own, which reads the ledger: whatever it does, the sweep neither waits nor fails."""

from __future__ import annotations

import argparse
import json
import logging
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from sweeps.config import read_config
from sweeps.config.places import Places
from sweeps.config.trackers import Tracker, read_trackers
from sweeps.errors import InputError, SweepError
from sweeps.records.following import follow
from sweeps.records.ledger import read_events
from sweeps.records.record import TrialRecord
from sweeps.views.trackers.feeding import Feeder
from sweeps.views.trackers.making import make_sink
from sweeps.views.trackers.tracked import FOLDER, TrackedSweep

logger = logging.getLogger(__name__)

PATIENCE = {"finished": 60.0}  # seconds that the end of a sweep waits for its trackers
IMPATIENCE = 5.0  # of one that was interrupted, where somebody waits
_AT_MOST = 120.0  # seconds after which such a process ends itself, whatever a service does
_LOOK = 0.5  # seconds between two looks at the ledger


class TrackerProcess:
    """A sink that starts the process with the first event, notices its death, and sees it end.

    Args:
        tracker: which.
        folder: the sweep's.
        after: the number of the last event of earlier drivers.
        patience: seconds that its end may take, by the state in which the sweep ends.
    """

    def __init__(self, tracker: Tracker, folder: Path, after: int, patience: Mapping[str, float] = PATIENCE) -> None:
        self._tracker, self._folder, self._after, self._patience = tracker, folder, after, patience
        self._process: subprocess.Popen[bytes] | None = None
        self._log = _file(folder, tracker, "log")
        self._state, self._said = "", False

    def handle(self, event: Mapping[str, Any], trial: TrialRecord | None) -> None:
        """Takes one event: the process reads it from the ledger."""
        del trial
        if event.get("replayed"):
            return
        if self._process is None:
            self._process = self._start()
        if event["event"] == "sweep_end":
            self._state = event["state"]
        elif self._process.poll() is not None:
            self._complain("has ended")

    def close(self) -> None:
        """Lets it send the rest, for a while."""
        process = self._process
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()  # which says that nothing more is to come
        try:
            code = process.wait(self._patience.get(self._state, IMPATIENCE))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            self._complain("was not done in time")
            return
        if code:
            self._complain("has failed")

    def _start(self) -> subprocess.Popen[bytes]:
        self._log.parent.mkdir(exist_ok=True)
        program = f"import sys; sys.path[:] = {sys.path!r}\nfrom {__name__} import main; main()"
        arguments = [str(self._folder), json.dumps(self._tracker.to_mapping()), str(self._after)]
        with self._log.open("ab") as log:
            # A session of its own: Ctrl-C is for the sweep, which then says that nothing more is to come.
            return subprocess.Popen(
                [sys.executable, "-c", program, *arguments],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _complain(self, what: str) -> None:
        if not self._said:
            self._said = True
            why = last_line(self._log)
            mend = f"the sweep is whole: sweeps track {self._folder} sends the rest"
            logger.warning("tracker %s %s%s; %s", self._tracker.name, what, f" ({why})" if why else "", mend)


@contextmanager
def sending(folder: Path, tracker: Tracker, *, timeout: float) -> Iterator[None]:
    """Whoever is inside is the only one who sends the sweep to the tracker.

    Raises:
        InputError: somebody else is, for longer than ``timeout`` seconds.
    """
    file = _file(folder, tracker, "lock")
    file.parent.mkdir(exist_ok=True)
    lock = FileLock(file)
    try:
        lock.acquire(timeout=timeout)
    except Timeout:
        message = f"another process sends this sweep to {tracker.name}"
        raise InputError(
            message, where=str(folder), mend="wait for its end: the sweep's driver sends by itself"
        ) from None
    try:
        yield
    finally:
        lock.release()


def _file(folder: Path, tracker: Tracker, kind: str) -> Path:
    return folder / FOLDER / f"{re.sub(r'[^A-Za-z0-9._-]+', '-', tracker.name)}.{kind}"


def last_line(log: Path) -> str:
    """What a log says at its end."""
    try:
        lines = [line for line in log.read_text("utf-8", "replace").splitlines() if line.strip()]
    except OSError:
        return ""
    return lines[-1].strip()[:300] if lines else ""


def tracked(folder: Path) -> tuple[TrackedSweep, Path]:
    """The sweep in ``folder`` as trackers are told of it, and the folder where its modules are.

    Raises:
        InputError: there is none.
    """
    start = next((event for event in read_events(folder)[0] if event["event"] == "sweep"), None)
    if start is None:
        raise InputError("the sweep never began", where=str(folder), mend="run it again")
    config = read_config(folder)
    metric = config.metric
    sweep = TrackedSweep(folder.resolve(), start["id"], config.name, metric.name, metric.goal, config.to_mapping())
    return sweep, config.base


def main(arguments: list[str] | None = None) -> None:
    """The process: until its sweep has ended, or its standard input is closed; exit code 1 where not all was sent."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("tracker", type=json.loads)
    parser.add_argument("after", type=int)
    given = parser.parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(message)s")
    os.nice(5)  # trials come first
    over = threading.Event()
    threading.Thread(target=_listen, args=(over,), daemon=True).start()
    try:
        (tracker,) = read_trackers([given.tracker], Path.cwd(), Places(), outside=False)
        sweep, base = tracked(given.folder)
        # One of a driver that died may still be at it.
        with sending(given.folder, tracker, timeout=_AT_MOST):
            feeder = Feeder(make_sink(tracker, sweep, base), given.after)
            feeder.feed(follow(given.folder, every=_LOOK, alive=lambda: not over.is_set(), pause=over.wait))
    except SweepError as error:
        sys.exit(str(error))
    if feeder.failure:
        sys.exit(feeder.failure)


def _listen(over: threading.Event) -> None:
    """Until whoever started this process is done, or dead."""
    while os.read(0, 4096):  # unbuffered: an interpreter that ends must not wait for a buffer's lock
        pass
    over.set()
    time.sleep(_AT_MOST)
    os._exit(1)
