"""A training function of one's own as an iterator of reports: it runs in a thread, in step with its consumer."""

from __future__ import annotations

import contextlib
import os
import queue
import shutil
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sweeps import session
from sweeps.records.record import State
from trainer.hooks import resolve

_LEAVE_SECONDS = 10.0  # for a function to unwind once it is told to stop


class FunctionStuck(RuntimeError):
    """A training function that did not return after it was told to stop; its process cannot be used again."""


class _Thread(threading.Thread):
    """Runs the function; between reports it waits, so that a stopped trial trains no further."""

    def __init__(self, task: Mapping[str, Any]) -> None:
        super().__init__(name=f"train-{Path(task['folder']).name}", daemon=True)
        self.task = task
        self.messages: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self.go_on = threading.Semaphore(0)
        self.stopping = False
        self.error: BaseException | None = None

    def run(self) -> None:
        self.go_on.acquire()
        try:
            function = resolve(self.task["function"], Path(self.task["base"]))
            session.enter(session.Session(Path(self.task["folder"]), self.deliver))
            function(dict(self.task["settings"]))
        except session.StopTrial:
            pass
        except BaseException as error:  # noqa: BLE001 - handed to the consumer, which decides
            self.error = error
        finally:
            session.enter(None)
            self.messages.put({})

    def deliver(self, report: dict[str, Any]) -> None:
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
    Path(task["folder"]).mkdir(parents=True, exist_ok=True)
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
        if reports == 0:
            text = "the function returned without a report; call sweeps.report(metrics) in it"
            yield {"end": {"state": State.FAILED.value, "code": "no-report", "text": text, "spoiled": False}}
        else:
            yield {"end": {"state": State.FINISHED.value, "code": "completed", "text": "", "spoiled": False}}
    finally:
        _leave(thread)
        # What a Trainer saved for itself; the sweep has its own copies.
        with contextlib.suppress(OSError):
            shutil.rmtree(Path(task["folder"]) / "trainer")


def _leave(thread: _Thread) -> None:
    thread.stopping = True
    thread.go_on.release()
    thread.join(_LEAVE_SECONDS)
    if thread.is_alive():
        raise FunctionStuck(f"{thread.task['function']} did not return within {_LEAVE_SECONDS:.0f} s of its stop")
