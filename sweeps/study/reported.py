"""A worker's message about a report, as the ledger has it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sweeps.config import SweepConfig

Message = Mapping[str, Any]


def report_fields(message: Message, config: SweepConfig, folder: Path, *, sized: bool = False) -> dict[str, Any]:
    """The fields of a ``report`` line that the worker knows.

    Args:
        message: as `Study.report` gets it.
        config: the sweep's.
        folder: the sweep's, to which checkpoints are relative.
        sized: how many parameters train is written down already: no attempt of a trial changes that.
    """
    checkpoint = message.get("checkpoint")
    return {
        "report": message["number"],
        "step": message.get("step", 0),
        "epoch": message.get("epoch", 0.0),
        "metrics": message["metrics"],
        "train_seconds": message.get("train_seconds", 0.0),
        "progress": _progress(message, config),
        "checkpoint": str(Path(checkpoint).relative_to(folder)) if checkpoint else None,
        "pid": message.get("pid"),
        **({"done": message.get("reason") or "completed"} if message.get("done") else {}),
        **({"trainable": message["trainable"]} if message.get("trainable") and not sized else {}),
    }


def _progress(message: Message, config: SweepConfig) -> float | None:
    """How much of its training a trial has done: by its own word, or by the length that the sweep file says."""
    reports = config.limits.reports
    if message.get("progress") is None and reports is not None:
        return min(1.0, float(message["number"] / reports))
    return message.get("progress")
