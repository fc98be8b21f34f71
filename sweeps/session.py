"""What a training function of one's own sees of its trial: ``report`` and ``get_checkpoint``.

One process trains one trial at a time, so the current session is a module variable that a worker sets.
Outside a sweep there is none: reports are printed, and there is no checkpoint to go on from, so the
same script runs by itself.
"""

from __future__ import annotations

import logging
import math
import threading
import weakref
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sweeps.own_checkpoints import OwnCheckpoints
from trainer.errors import Diverged

logger = logging.getLogger(__name__)

SCRATCH = "trainer"
"""The folder, in a trial's own, for what a library saves for itself; gone when the attempt is over."""


class StopTrial(BaseException):
    """Raised inside a training function when its trial is over.

    Not an ``Exception``, so that a function's own ``except Exception`` does not train on.
    """


class Session:
    """One attempt at one trial of a training function. Its threads may all report, one after another.

    Args:
        folder: the trial's folder; checkpoints are copied below it.
        deliver: takes each report and returns when training may go on; raises ``StopTrial`` when it may not.
        metric: what the sweep compares trials by; the checkpoint that scored best is kept.
        goal: ``minimize`` or ``maximize``.

    Attributes:
        number: reports so far.
        resume_from: the checkpoint to go on from, if there is one.
        diverged: why the trial was ended here, where a number was not finite.
    """

    def __init__(
        self,
        folder: Path,
        deliver: Callable[[dict[str, Any]], None],
        *,
        metric: str | None = None,
        goal: str | None = None,
    ) -> None:
        self.folder, self.metric = folder, metric
        self.number = 0
        self.diverged: Diverged | None = None
        self._deliver = deliver
        self._checkpoints = OwnCheckpoints(folder / "checkpoints", metric=metric, goal=goal)
        self.resume_from, self._resumed = self._checkpoints.newest()
        self._asked = self._begun = False
        self._lock = threading.Lock()
        me = threading.current_thread()
        self._strangers = weakref.WeakSet(one for one in threading.enumerate() if one is not me)

    def get_checkpoint(self) -> Path | None:
        """The checkpoint to go on from. Whoever asks is taken to go on from there; others start from nothing."""
        if not self._begun:
            self._asked = True
        return self.resume_from

    def report(
        self,
        metrics: Mapping[str, Any],
        checkpoint: str | Path | None = None,
        *,
        step: int | None = None,
        epoch: float | None = None,
        link: bool = False,
    ) -> None:
        """Number the report, keep its checkpoint, hand it on. ``link``: see ``OwnCheckpoints.keep``.

        Raises:
            StopTrial: the trial is over.
            TypeError, ValueError, FileNotFoundError: as ``sweeps.report``; then nothing was reported.
        """
        if threading.current_thread() in self._strangers:
            # A thread that an earlier trial left behind in this process: its numbers are not this trial's.
            raise StopTrial
        with self._lock:
            numbers = self._finite(as_numbers(metrics))
            self._begin()
            number = self.number + 1
            report: dict[str, Any] = {"number": number, "step": step if step is not None else number}
            if epoch is not None:
                report["epoch"] = epoch
            report["metrics"] = numbers
            # Kept before it is delivered: the scheduler may end us in there.
            kept = self._checkpoints.keep(Path(checkpoint), report, link=link) if checkpoint is not None else None
            self.number = number
            self._deliver({**report, "checkpoint": str(kept) if kept else None})
            self._checkpoints.prune()

    def _begin(self) -> None:
        if self._begun:
            return
        self._begun = True
        if self._asked and self.resume_from is not None:
            self.number = int(self.resume_from.name[1:])
        else:
            # From nothing again, so report 1 is next, and what an earlier attempt left is superseded.
            self._checkpoints.drop_after(0)

    def _finite(self, numbers: dict[str, float]) -> dict[str, float]:
        """The finite ones. The sweep's metric or a loss that is not finite is the end of the trial."""
        for name, value in numbers.items():
            if not math.isfinite(value):
                if self.metric is None or name == self.metric or name.endswith("loss"):
                    self.diverged = Diverged(name, value, self.number + 1)
                    raise StopTrial from self.diverged
                logger.warning("report %d: %s is %s and is left out", self.number + 1, name, value)
        return {name: value for name, value in numbers.items() if math.isfinite(value)}


_current: Session | None = None


def enter(session: Session | None) -> None:
    """Make ``session`` the one that ``report`` speaks to; ``None`` leaves it."""
    global _current
    _current = session


def leave(session: Session | None) -> None:
    """Leave ``session`` if it is the one entered: a thread that ends late must not end its successor's."""
    if session is not None and _current is session:
        enter(None)


def current() -> Session | None:
    """The session of the trial that this process is training, if there is one."""
    return _current


def report(metrics: Mapping[str, Any], checkpoint: str | Path | None = None) -> None:
    """Tell the sweep how this trial does; the sweep may end the trial here.

    A metric of the sweep, or a loss, that is NaN or infinite ends the trial as diverged; other such values are left
    out. Of the checkpoints, the best one and the last two are kept.

    Args:
        metrics: names and numbers (Python, NumPy or one-element tensors). Must hold the sweep's metric.
        checkpoint: a folder with everything needed to go on; it is copied, so it may be reused.

    Raises:
        TypeError: ``metrics`` is no mapping.
        ValueError: a value that is no number, or a ``manifest.json`` in ``checkpoint``: that name is taken.
        FileNotFoundError: ``checkpoint`` is not a folder.
    """
    if _current is None:
        shown = "  ".join(f"{name}={value:.6g}" for name, value in as_numbers(metrics).items())
        logger.warning("no sweep is running; report: %s", shown)
        return
    _current.report(metrics, checkpoint)


def get_checkpoint() -> Path | None:
    """The folder this trial goes on from after a stop, or ``None`` when it starts afresh. Read it, do not write in it.

    A function that never asks before its first report starts from the beginning, and so do the numbers of its reports.
    """
    return _current.get_checkpoint() if _current is not None else None


def as_numbers(metrics: Mapping[str, Any]) -> dict[str, float]:
    """Metrics as plain floats.

    Raises:
        TypeError: no mapping.
        ValueError: names the metric whose value is no number.
    """
    if not isinstance(metrics, Mapping):
        raise TypeError(f"report: metrics must be names and numbers, as in {{'accuracy': 0.9}}, got {metrics!r}")
    numbers: dict[str, float] = {}
    for name, value in metrics.items():
        try:
            if isinstance(value, str | bytes):
                raise TypeError
            # One element of a tensor or an array: float() takes these from some of them only.
            numbers[str(name)] = float(value.item() if hasattr(value, "item") else value)
        except (TypeError, ValueError, RuntimeError, OverflowError):
            raise ValueError(f"report: metric {name!r} must be a number, got {value!r}") from None
    return numbers
