"""What is known of a trial: records, rebuilt from the ledger and from nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Literal

from sweeps.records.confirmation import Confirmation, Look
from trainer.requirement import Bounds

Goal = Literal["minimize", "maximize"]


class State(StrEnum):
    """Where a trial is in its life."""

    PENDING = "pending"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"  # by a scheduler, at a report
    FINISHED = "finished"
    FAILED = "failed"
    DIVERGED = "diverged"
    INTERRUPTED = "interrupted"  # the sweep ended first; resume goes on with it

    @property
    def final(self) -> bool:
        """Whether nothing more is to come from such a trial."""
        return self in {State.STOPPED, State.FINISHED, State.FAILED, State.DIVERGED}


@dataclass(frozen=True)
class Reason:
    """Why a trial is in its state: a code for machines (``asha``, ``completed``, ``worker-lost``) and a text."""

    code: str
    text: str = ""


@dataclass(frozen=True)
class ReportRecord:
    """One report as the ledger has it. ``checkpoint`` is relative to the sweep folder; ``time`` seconds since 1970."""

    number: int
    metrics: Mapping[str, float]
    attempt: int
    time: float
    step: int = 0
    epoch: float = 0.0
    train_seconds: float = 0.0
    checkpoint: str | None = None
    progress: float | None = None  # 0 to 1: how much of its training the trial had done, where that is known
    fits: bool = True  # within the bounds that the sweep requires: others are never the best


@dataclass(frozen=True)
class Parent:
    """Where a trial begins that is a copy: from the checkpoint of report ``report`` of ``trial``.

    ``progress`` is how much of its training (0 to 1) that one had done there, where it is known; ``replaces`` the trial
    that was stopped for the copy, if one was.
    """

    trial: str
    report: int
    progress: float | None = None
    replaces: str | None = None

    @property
    def text(self) -> str:
        """``t0002@4``: for people."""
        return f"{self.trial}@{self.report}"


@dataclass(frozen=True)
class TrialRecord:
    """One trial. ``reports`` are gapless: those of a later attempt have replaced earlier ones. They are counted from 1,
    and on from the parent's where the trial began from another one's checkpoint.

    ``seconds`` is the time on a worker, over all attempts; ``worker`` the node and pid it runs or last ran on.
    ``trainable`` is how many parameters of its model train, where that is known.
    ``params`` are those of the sweep's configuration ``generation`` (from 1; each extension is one more). Where the
    extended sweep has none for such a training, ``outside`` says why. ``by`` is who asked for it, where somebody did.
    """

    id: str
    params: Mapping[str, Any]
    state: State = State.PENDING
    reason: Reason | None = None
    reports: tuple[ReportRecord, ...] = ()
    attempt: int = 0
    seconds: float = 0.0
    created: float = 0.0
    dropped: frozenset[str] = field(default_factory=frozenset)  # checkpoints that retention deleted
    worker: Mapping[str, Any] | None = None
    parent: Parent | None = None
    generation: int = 1
    outside: str = ""
    by: str = ""
    trainable: int | None = None

    @property
    def reached(self) -> int:
        """The number of its last report; before it has one of its own, that of its parent, or 0."""
        if self.reports:
            return self.reports[-1].number
        return self.parent.report if self.parent else 0

    def best(self, metric: str, goal: Goal) -> ReportRecord | None:
        """The report with the best value of ``metric`` of those that fit; the earliest of equals; ``None`` without."""
        having = [report for report in self.reports if report.fits and metric in report.metrics]
        if not having:
            return None
        sign = 1.0 if goal == "minimize" else -1.0
        return min(having, key=lambda report: (sign * report.metrics[metric], report.number))


@dataclass(frozen=True)
class Cost:
    """What a sweep has spent: full trainings' worth of training, seconds of all workers, seconds by the clock.

    ``pace`` is the seconds on a worker that a full training takes, by the reports so far; 0 before there are any.
    """

    trainings: float = 0.0
    worker_seconds: float = 0.0
    seconds: float = 0.0
    pace: float = 0.0


@dataclass(frozen=True)
class SweepRecord:
    """A whole sweep as its ledger tells it.

    ``state``: ``running``, ``finished``, ``interrupted`` or ``failed`` as last written; ``trials`` in order of id.
    ``seconds`` is driver time over all attempts; ``limits`` the budget as the sweep file has it, and ``devices`` of a
    trial; ``generation`` counts its configurations: 1, and one more with each extension. ``confirmation`` is the latest
    one; ``looks`` are all at the test split.
    """

    name: str
    metric: str
    goal: Goal
    state: str
    trials: tuple[TrialRecord, ...]
    planned: int | None = None
    created: float = 0.0
    seconds: float = 0.0
    attempts: int = 1
    id: str = ""
    cost: Cost = field(default_factory=Cost)
    limits: Mapping[str, Any] = field(default_factory=dict)
    require: Mapping[str, Bounds] = field(default_factory=dict)
    confirmation: Confirmation | None = None
    looks: tuple[Look, ...] = ()
    generation: int = 1

    def with_trials(self, trials: tuple[TrialRecord, ...]) -> SweepRecord:
        """The same sweep with these trials only."""
        return replace(self, trials=trials)
