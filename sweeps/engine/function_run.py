"""A training function of one's own as an iterator of reports: it runs in a thread, in step with its consumer."""

from __future__ import annotations

import os
import queue
import shutil
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sweeps import session
from sweeps.engine.own_process import left_as_found, seed
from sweeps.records.record import State
from trainer.hooks import resolve

_LEAVE_SECONDS = 10.0  # for a function to unwind once it is told to stop


class FunctionStuck(BaseException):
    """A training function that did not return after it was told to stop; its process cannot be used again.

    Not an ``Exception``: it is no failure of the trial, which has ended already.
    """


class _Thread(threading.Thread):
    """Runs the function; between reports it waits, so that a stopped trial trains no further."""

    def __init__(self, task: Mapping[str, Any]) -> None:
        super().__init__(name=f"train-{Path(task['folder']).name}", daemon=True)
        self.task = task
        self.messages: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self.go_on = threading.Semaphore(0)
        self.stopping = False
        self.session: session.Session | None = None
        self.error: Exception | None = None

    def run(self) -> None:
        self.go_on.acquire()
        try:
            with left_as_found(Path(self.task["base"])):
                self._call()
        except session.StopTrial:
            pass
        except Exception as error:  # noqa: BLE001 - handed to the consumer, which decides
            self.error = error
        except BaseException as error:  # noqa: BLE001 - let through, it would end the worker and look like a crash
            self.error = RuntimeError(f"the function raised {type(error).__name__}({error})")
        finally:
            session.leave(self.session)
            if self.session is not None and self.session.diverged is not None:
                # Whatever the function made of being stopped for it.
                self.error = self.session.diverged
            self.messages.put({})

    def _call(self) -> None:
        task = self.task
        function = resolve(task["function"], Path(task["base"]), key="trainer.function")
        self.session = session.Session(
            Path(task["folder"]), self._deliver, metric=task.get("metric"), goal=task.get("goal")
        )
        seed(_seed_of(task["settings"]))
        session.enter(self.session)
        try:
            function(dict(task["settings"]))
        except SystemExit as end:  # how many scripts end
            if end.code not in (None, 0):
                raise

    def _deliver(self, report: dict[str, Any]) -> None:
        if not self.stopping:
            self.messages.put({"report": {**report, "pid": os.getpid()}})
            self.go_on.acquire()
        if self.stopping:
            raise session.StopTrial


def function_reports(task: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Messages of one attempt at a function; the last says that it returned.

    Raises:
        Exception: whatever the function raised.
        FunctionStuck: it went on training after it was told to stop.
    """
    folder = Path(task["folder"])
    folder.mkdir(parents=True, exist_ok=True)
    _clear_scratch(folder)  # of an attempt that was killed
    thread = _Thread(task)
    thread.start()
    reports = 0
    try:
        while True:
            thread.go_on.release()
            message = thread.messages.get()
            if not message:
                break
            reports += 1
            yield message
        if thread.error is not None:
            raise thread.error
        yield _end_of(thread, reports)
    finally:
        _leave(thread)
        _clear_scratch(folder)


def _end_of(thread: _Thread, reports: int) -> dict[str, Any]:
    # Without a report, but from a checkpoint: it had only its end left to say when it was cut off.
    if reports == 0 and (thread.session is None or thread.session.resume_from is None):
        text = "the function returned without a report; call sweeps.report(metrics) in it"
        return {"end": {"state": State.FAILED.value, "code": "no-report", "text": text, "spoiled": False}}
    return {"end": {"state": State.FINISHED.value, "code": "completed", "text": "", "spoiled": False}}


def _leave(thread: _Thread) -> None:
    thread.stopping = True
    thread.go_on.release()
    thread.join(_LEAVE_SECONDS)
    # A traceback holds every local of the function, its model among them.
    thread.error = thread.session = None
    if thread.is_alive():
        raise FunctionStuck(f"{thread.task['function']} did not return within {_LEAVE_SECONDS:.0f} s of its stop")


def _clear_scratch(folder: Path) -> None:
    """What a Trainer saved for itself; the sweep has its own copies."""
    shutil.rmtree(folder / session.SCRATCH, ignore_errors=True)


def _seed_of(settings: Mapping[str, Any]) -> int:
    number = settings.get("seed", 0)
    return number if isinstance(number, int) else 0
