"""What a training function of one's own sees of its trial: ``report`` and ``get_checkpoint``.

One process trains one trial at a time, so the current session is a module variable that a worker sets.
Outside a sweep there is none: reports are printed, and there is no checkpoint to go on from, so the
same script runs by itself.
"""

from __future__ import annotations

import logging
import math
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from trainer.errors import Diverged
from trainer.manifest import latest_valid, write_manifest

logger = logging.getLogger(__name__)


class StopTrial(BaseException):
    """Raised inside a training function when its trial is over.

    Not an ``Exception``, so that a function's own ``except Exception`` does not train on.
    """


@dataclass
class Session:
    """One attempt at one trial of a training function.

    Args:
        folder: the trial's folder; checkpoints are copied below it.
        deliver: takes each report and returns when training may go on; raises ``StopTrial`` when it may not.
    """

    folder: Path
    deliver: Callable[[dict[str, Any]], None]
    number: int = 0
    resume_from: Path | None = field(default=None)

    def __post_init__(self) -> None:
        found, skipped = latest_valid(self.folder / "checkpoints")
        for damaged in skipped:
            logger.warning("checkpoint %s cannot be used; going on from an earlier one", damaged)
        if found is not None:
            self.resume_from = found
            self.number = int(found.name.lstrip("r"))

    def report(self, metrics: Mapping[str, Any], checkpoint: str | Path | None = None) -> None:
        """Number the report, keep its checkpoint, hand it on."""
        numbers = as_numbers(metrics)
        for name, value in numbers.items():
            if not math.isfinite(value):
                raise Diverged(name, value, self.number + 1)
        self.number += 1
        report = {"number": self.number, "step": self.number, "metrics": numbers}
        kept = self._keep(Path(checkpoint), report) if checkpoint is not None else None
        self.deliver({**report, "checkpoint": str(kept) if kept else None})

    def _keep(self, source: Path, report: dict[str, Any]) -> Path:
        if not source.is_dir():
            raise FileNotFoundError(f"checkpoint={str(source)!r} is not a folder; save into a folder and pass that")
        target = self.folder / "checkpoints" / f"r{self.number:04d}"
        # Left from an attempt that was killed while it copied: without a manifest it does not exist.
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(source, target)
        # With its report, which the driver may never get: a killed one reads it here when the sweep is resumed.
        write_manifest(target, {"report": report})
        return target


_current: Session | None = None


def enter(session: Session | None) -> None:
    """Make ``session`` the one that ``report`` speaks to; ``None`` leaves it."""
    global _current
    _current = session


def current() -> Session | None:
    """The session of the trial that this process is training, if there is one."""
    return _current


def report(metrics: Mapping[str, Any], checkpoint: str | Path | None = None) -> None:
    """Tell the sweep how this trial does; the sweep may end the trial here.

    Args:
        metrics: names and numbers (Python, NumPy or one-element tensors). Must hold the sweep's metric.
        checkpoint: a folder with everything needed to go on; it is copied, so it may be reused.

    Raises:
        ValueError: a value that is no number.
        FileNotFoundError: ``checkpoint`` is not a folder.
    """
    if _current is None:
        shown = "  ".join(f"{name}={value:.6g}" for name, value in as_numbers(metrics).items())
        logger.warning("no sweep is running; report: %s", shown)
        return
    _current.report(metrics, checkpoint)


def get_checkpoint() -> Path | None:
    """The folder this trial goes on from after a stop, or ``None`` when it starts afresh."""
    return _current.resume_from if _current is not None else None


def as_numbers(metrics: Mapping[str, Any]) -> dict[str, float]:
    """Metrics as plain floats.

    Raises:
        ValueError: names the metric whose value is no number.
    """
    numbers: dict[str, float] = {}
    for name, value in metrics.items():
        try:
            numbers[str(name)] = float(value)
        except (TypeError, ValueError):
            raise ValueError(f"report: metric {name!r} must be a number, got {value!r}") from None
    return numbers
