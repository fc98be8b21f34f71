"""One attempt at one trial, in this process: an iterator of messages. No Ray here.

A message is a plain dict: ``{"report": {...}}`` for each report and, where the trial ends otherwise than with a
report that says so, ``{"end": {"state", "code", "text", "spoiled"}}`` as the last.
"""

from __future__ import annotations

import logging
import os
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sweeps.engine.function_run import function_reports
from sweeps.records.record import State
from trainer.errors import Diverged
from trainer.failures import RankFailed

if TYPE_CHECKING:
    from trainer.report import Report

logger = logging.getLogger(__name__)

Message = dict[str, Any]

# What a CUDA error that leaves its process unusable says of itself (torch has no class of its own for them all).
_POISON = ("CUDA error", "device-side assert", "cuDNN error", "CUBLAS_STATUS", "NCCL error")

# Libraries wrap the system's error in their own, so that only its text is left.
_FULL = ("No space left on device", "Disk quota exceeded")


def attempt(task: Mapping[str, Any], should_stop: Callable[[], bool] | None = None) -> Iterator[Message]:
    """Train and say how it goes; never raises for a trial's own failure.

    Args:
        task: ``settings``; ``folder`` of the trial; ``function`` and ``base`` for a function of one's own, else
            ``cache`` with the prepared data, ``threads`` in all, and ``processes`` where several train it together,
            then with ``gpus``.
        should_stop: polled by the loop; when it turns true the iterator ends with a message that says so.
    """
    try:
        if task.get("function"):
            yield from function_reports(task)
        else:
            yield from _loop_reports(task, should_stop)
    except Diverged as error:
        yield _end(State.DIVERGED, "diverged", str(error))
    except Exception as error:
        logger.error("the trial failed", exc_info=error)
        yield _failure(error)


def _loop_reports(task: Mapping[str, Any], should_stop: Callable[[], bool] | None) -> Iterator[Message]:
    done = False
    reports = _together if task.get("processes", 1) > 1 else _alone
    for report in reports(task, should_stop):
        done = report.done
        yield {
            "report": {
                "number": report.number,
                "step": report.step,
                "epoch": report.epoch,
                "progress": report.progress,
                "metrics": report.metrics,
                "train_seconds": report.train_seconds,
                "checkpoint": str(report.checkpoint) if report.checkpoint else None,
                "pid": os.getpid(),
                "done": report.done,
                "reason": report.reason,
                "trainable": report.trainable,
            }
        }
    if not done and should_stop is not None and should_stop():
        yield _end(State.STOPPED, "told", "it was told to stop")
    elif not done:
        # It had come to its end before, and its driver died before it could write that down.
        yield _end(State.FINISHED, "completed", "")


def _alone(task: Mapping[str, Any], should_stop: Callable[[], bool] | None) -> Iterator[Report]:
    import torch

    from trainer.config import TrainConfig
    from trainer.loop import train
    from trainer.tasks import get_task

    if (threads := task.get("threads")) is not None:
        torch.set_num_threads(threads)
    config = TrainConfig.build(task["settings"])
    kind = get_task(config.task)
    prepared = kind.prepare(config, Path(task["cache"]))
    yield from train(
        config, prepared=prepared, task=kind, folder=Path(task["folder"]), resume=True, should_stop=should_stop
    )


def _together(task: Mapping[str, Any], should_stop: Callable[[], bool] | None) -> Iterator[Report]:
    from trainer.config import TrainConfig
    from trainer.together import train_together

    yield from train_together(
        TrainConfig.build(task["settings"]),
        task["processes"],
        cache=Path(task["cache"]),
        folder=Path(task["folder"]),
        gpus=task["gpus"] > 0,
        threads=max(1, task["threads"] // task["processes"]),
        resume=True,
        should_stop=should_stop,
    )


def _failure(error: Exception) -> Message:
    text = f"{type(error).__name__}: {error}".strip()
    frames = traceback.extract_tb(error.__traceback__)
    where = f" ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""
    if isinstance(error, RankFailed):
        text, where = str(error), f" ({error.place})" if error.place else ""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return _end(State.FAILED, "oom", text.splitlines()[0])
    if _says(error, _FULL):
        # No fault of this trial, and every other would meet it: the whole sweep ends here, and can be resumed.
        return _end(State.INTERRUPTED, "disk-full", text.splitlines()[0])
    # What happened in a process of its own spoiled none but that one.
    spoiled = not isinstance(error, RankFailed) and _says(error, _POISON)
    return _end(State.FAILED, "error", text.splitlines()[0] + where, spoiled=spoiled)


def _says(error: BaseException | None, signs: Iterable[str]) -> bool:
    """Whether this error, or one that it was raised over, speaks of any of ``signs``: people wrap errors in theirs."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        if any(sign in str(error) for sign in signs):
            return True
        seen.add(id(error))
        error = error.__cause__ or error.__context__
    return False


def _end(state: State, code: str, text: str, *, spoiled: bool = False) -> Message:
    return {"end": {"state": state.value, "code": code, "text": text, "spoiled": spoiled}}
