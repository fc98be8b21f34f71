"""What a training run says of itself at each report point."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

MEASURED = frozenset({"samples_per_second", "tokens_per_second", "host_memory_gb", "device_memory_gb"})
"""Metrics that differ from run to run of the same training."""


@dataclass(frozen=True)
class Report:
    """One report of one run.

    Attributes:
        number: counts from 1 and goes on after a resume.
        step: optimizer updates so far.
        epoch: fractions of an epoch so far.
        progress: how much of the whole run is done, 0 to 1.
        metrics: validation metrics under their plain names (``accuracy``, ``loss``), ``best_<metric>``
            for the chosen one, and the training side: ``train_loss``, ``learning_rate``, ``grad_norm``,
            ``samples_per_second``, of texts ``tokens_per_second``, and memory: ``host_memory_gb`` and on a GPU
            ``device_memory_gb``. All finite. Those in ``MEASURED`` say something of the machine, not of the training.
        train_seconds: seconds inside training steps since this run's first step, over all attempts.
        checkpoint: folder of the checkpoint written just before this report, if one was.
        is_best: whether this report holds the best value of the chosen metric so far.
        done: whether this was the last report.
        reason: why it is done: ``completed`` or ``patience``; ``None`` while it goes on.
        trainable: how many parameters of the model will ever train; 0 where that is not known.
    """

    number: int
    step: int
    epoch: float
    progress: float = 0.0
    metrics: dict[str, float] = field(default_factory=dict)
    train_seconds: float = 0.0
    checkpoint: Path | None = None
    is_best: bool = False
    done: bool = False
    reason: str | None = None
    trainable: int = 0
