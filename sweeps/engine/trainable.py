"""The Tune Trainable around one attempt. Its process is kept and serves one attempt after another."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
import time
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from ray import tune

from sweeps.engine.attempt import attempt
from sweeps.engine.bundle import bundle
from sweeps.engine.function_run import FunctionStuck
from sweeps.engine.trial_log import TrialLog
from sweeps.records.stop_file import StopWatch

_LOG = TrialLog()

IDLE_SECONDS = 0.1  # how often a worker without work asks for some


class SweepTrainable(tune.Trainable):  # type: ignore[misc]  # ray is untyped here
    """Hands on one message per ``step``, or a few quick ones.

    Tune starts it without a configuration: the driver calls ``begin`` once the worker is ready, so that what is
    trained is decided at the last moment, with everything known by then.
    """

    def setup(self, config: dict[str, Any]) -> None:
        self._messages: Iterator[dict[str, Any]] | None = None
        self._spoiled = False
        self._frozen = False
        self._judged: Collection[int] | None = None

    def begin(self, task: dict[str, Any] | None) -> None:
        """What to train next, instead of what was trained; ``None``: nothing now."""
        self._finish()
        if task is None or self._spoiled:
            return
        _prepare_process(task)
        with contextlib.suppress(OSError):  # nobody hears of it here; the attempt meets the same and says so
            _LOG.open(Path(task["folder"]) / "log.txt")
        self._judged = task["judged"]
        self._messages = attempt(task, StopWatch(Path(task["folder"]) / "stop"))

    def step(self) -> dict[str, Any]:
        if self._spoiled and self._messages is None:
            return {"messages": [{"unfit": True}]}
        if self._messages is None:
            time.sleep(IDLE_SECONDS)
            return {"messages": [{"idle": True}]}
        with _LOG.listening():
            messages = bundle(self._messages, self._judged)
        self._spoiled |= bool(messages[-1].get("end", {}).get("spoiled"))
        return {"messages": messages}  # a list, since Tune flattens nested dicts

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        self._finish()
        if self._spoiled:
            # Tune wants to use this process for another lease. Nothing that runs in it can be trusted any more, not
            # even an orderly exit.
            os._exit(1)
        return True

    def cleanup(self) -> None:
        self._finish()

    def _finish(self) -> None:
        messages, self._messages = self._messages, None
        if messages is None:
            return  # nothing has run since; and what is frozen below must wait until a trial has loaded its modules
        try:
            with _LOG.listening():
                messages.close()  # type: ignore[attr-defined]  # a generator
        except FunctionStuck:
            self._spoiled = True
        _LOG.leave()
        del messages
        # A trial's model leaves cycles, which hold its memory until they are found.
        gc.collect()
        if not self._frozen:
            # What is left after the first trial are modules, which stay. Looking through them again after each trial
            # took 0.2 s of a digits trial's half second. (Asking gc.get_freeze_count instead counts them: 25 ms.)
            gc.freeze()
            self._frozen = True
        self._spoiled |= not _device_is_well()


def _device_is_well() -> bool:
    """Give the GPU's memory back; whether the GPU still answers, which it does not in a poisoned process."""
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_initialized():
        return True
    try:
        torch.cuda.synchronize()
        torch.cuda.empty_cache()
    except RuntimeError:
        # A function may have swallowed the error and returned: without this the next trial would fail for it.
        return False
    return True


def _prepare_process(task: dict[str, Any]) -> None:
    if task["base"] not in sys.path:
        sys.path.insert(0, task["base"])
    # Two trials with all the machine's threads each slow each other down many times over.
    os.environ["OMP_NUM_THREADS"] = str(task["threads"])
    torch = sys.modules.get("torch")
    if torch is not None and torch.get_num_threads() != task["threads"]:
        torch.set_num_threads(task["threads"])
