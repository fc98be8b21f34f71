"""How far a run has come: what its checkpoint keeps besides weights. Needs no torch."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trainer.errors import ResumeError
from trainer.manifest import latest_valid
from trainer.report import Report

if TYPE_CHECKING:
    from trainer.config import Goal

PROGRESS = "progress.json"


@dataclass(frozen=True)
class Progress:
    """A run at one report point.

    Attributes:
        number: reports so far.
        step: optimizer updates so far.
        train_seconds: seconds inside training steps over all attempts.
        micro_batch_size, eval_batch_size: rows that fit the device at once, as found out.
        best, best_number: the best value of the chosen metric and the report that held it.
        since_best: reports since then; what ``patience`` counts.
        train_rows: rows of the training split: with the batch size they give ``step`` its place in the epoch.
        history: every report so far as plain JSON, ``checkpoint`` relative to the run's folder.
        config: the settings of the run, as JSON.
    """

    number: int = 0
    step: int = 0
    train_seconds: float = 0.0
    micro_batch_size: int = 1
    eval_batch_size: int = 1
    best: float | None = None
    best_number: int = 0
    since_best: int = 0
    train_rows: int = 0
    history: tuple[dict[str, Any], ...] = ()
    config: dict[str, Any] = field(default_factory=dict)

    def scored(self, value: float, goal: Goal, *, fits: bool = True) -> Progress:
        """One report further: count it, and keep the best value. Equal is not better, and what does not fit is none."""
        better = fits and (self.best is None or (value > self.best if goal == "maximize" else value < self.best))
        number = self.number + 1
        if better:
            return replace(self, number=number, best=value, best_number=number, since_best=0)
        return replace(self, number=number, since_best=self.since_best + 1)

    def write(self, folder: Path) -> None:
        """Write ``progress.json``. Floats come back bit for bit."""
        (folder / PROGRESS).write_text(json.dumps(vars(self), allow_nan=False), encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> Progress:
        """Read what :meth:`write` wrote.

        Raises:
            ResumeError: missing, not JSON, or of another version.
        """
        path = folder / PROGRESS
        try:
            fields = json.loads(path.read_text(encoding="utf-8"))
            return cls(**{**fields, "history": tuple(fields["history"])})
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ResumeError(f"{path}: cannot be read ({error})") from error


def history(folder: Path, at_most: int | None = None) -> list[dict[str, Any]]:
    """Every report of a run up to its newest valid checkpoint, as plain JSON; empty where there is none.

    A checkpoint is written before its report is handed out, so this also has the report that a killed run could no
    longer deliver.

    Args:
        folder: the run's folder, which holds ``checkpoints``.
        at_most: ignore checkpoints past this report.
    """
    newest, _ = latest_valid(folder / "checkpoints", at_most)
    return list(Progress.read(newest).history) if newest else []


def as_json(report: Report) -> dict[str, Any]:
    """A report as plain JSON; its checkpoint relative to the run's folder, so that the folder can be moved."""
    checkpoint = "/".join(report.checkpoint.parts[-2:]) if report.checkpoint else None
    return {**vars(report), "metrics": dict(report.metrics), "checkpoint": checkpoint}
