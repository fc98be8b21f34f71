"""Reports that reached a checkpoint but not the ledger, because the driver died between the two."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from trainer.manifest import latest_valid, verify
from trainer.progress import PROGRESS, history


def undelivered(folder: Path, known: int) -> list[dict[str, Any]]:
    """Messages for the reports after number ``known`` that the trial's newest valid checkpoint remembers.

    Args:
        folder: the trial's folder.
        known: how many reports the ledger has; they are gapless from 1.

    Raises:
        ResumeError: the newest checkpoint is whole but not of a kind that this version reads.
    """
    newest, _ = latest_valid(folder / "checkpoints")
    if newest is None:
        return []
    if (newest / PROGRESS).is_file():
        return [_message(folder, entry) for entry in history(folder) if entry["number"] > known]
    # A function's own checkpoint knows its own report; a driver is never more than one behind.
    report = verify(newest).get("report")
    return [{**report, "checkpoint": str(newest)}] if report and report["number"] == known + 1 else []


def _message(folder: Path, entry: dict[str, Any]) -> dict[str, Any]:
    # Its own pruning keeps few of them: name only one that is there.
    checkpoint = folder / entry["checkpoint"] if entry.get("checkpoint") else None
    return {**entry, "checkpoint": str(checkpoint) if checkpoint is not None and checkpoint.is_dir() else None}
