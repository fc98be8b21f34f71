"""What a task is: the one place that knows what rows, a loss and a metric mean for it.

The loop asks for batches of rows, a loss and metrics, and knows nothing of texts or labels.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    import numpy as np
    import torch

    from trainer.config import Goal, TrainConfig
    from trainer.data.tables import Table

Batch = dict[str, "torch.Tensor"]


@dataclass(frozen=True)
class Split:
    """The rows of one split, memory-mapped.

    Attributes:
        rows: how many.
        arrays: named arrays that lie on disk; what they hold is the task's business.
        lengths: tokens per row, ``(rows,)``, for length bucketing; ``None`` where rows are all alike.
    """

    rows: int
    arrays: Mapping[str, np.ndarray]
    lengths: np.ndarray | None = None


@dataclass(frozen=True)
class Restored:
    """An exported model, and how to feed it.

    Attributes:
        model: on the CPU, in evaluation mode.
        columns: the columns it was trained on, by role: ``label``, and for texts ``text`` and ``text_pair``.
        check: rows as people have them -> rows for ``encode``; all rows at once, so that errors number them rightly.
        encode: checked rows -> a CPU batch without labels.
        logits: model and batch -> scores before softmax ``(rows, classes)``.
        read: a table and its columns by role -> rows for ``check``.
        size: how long a checked row is, where rows are padded to the longest of their batch; ``None`` where all
            are alike.
    """

    model: torch.nn.Module
    columns: Mapping[str, str]
    check: Callable[[Sequence[Any]], Sequence[Any]]
    encode: Callable[[Sequence[Any]], Batch]
    logits: Callable[[torch.nn.Module, Batch], torch.Tensor]
    read: Callable[[Table, Mapping[str, str]], Sequence[Any]]
    size: Callable[[Any], int] | None = None


@dataclass(frozen=True)
class Prepared:
    """Data made ready once and shared by every trial.

    Attributes:
        folder: where it lies; named by the fingerprint of source, cleaning, split and tokenizer.
        splits: ``train`` and ``validation``, and ``test`` where there is one.
        label_names: in the order of their ids.
        meta: small facts that models and exports need (feature names, scaling, input shape).
    """

    folder: Path
    splits: Mapping[str, Split]
    label_names: tuple[str, ...] = ()
    meta: Mapping[str, Any] = field(default_factory=dict)


class Task(ABC):
    """One kind of training. Stateless: instances are shared."""

    name: ClassVar[str]
    goals: ClassVar[Mapping[str, Goal]]
    """Every metric that evaluation gives, with its direction."""

    @abstractmethod
    def check(self, config: TrainConfig) -> None:
        """Refuse settings that this task cannot use. Cheap; imports no torch.

        Raises:
            ConfigError: names the setting and the mend.
        """

    @abstractmethod
    def prepare(self, config: TrainConfig, cache: Path) -> Prepared:
        """Load, split and tokenise into ``cache/<fingerprint>``, or open what is there already.

        Safe for several processes at once; a folder without its marker counts as absent.

        Raises:
            DataError: rows, columns or labels that cannot be used, with file, column and row.
        """

    @abstractmethod
    def build_model(self, config: TrainConfig, prepared: Prepared) -> torch.nn.Module:
        """A fresh model on the CPU. New weights are drawn from torch's global generator, which the caller seeds."""

    def size(self, config: TrainConfig, prepared: Prepared) -> int:
        """How many parameters the model has. Here by building it; a task may know a cheaper way."""
        return sum(parameter.numel() for parameter in self.build_model(config, prepared).parameters())

    @abstractmethod
    def collate(self, split: Split, rows: np.ndarray, config: TrainConfig, prepared: Prepared) -> Batch:
        """CPU tensors for these row numbers, each ``(len(rows), ...)``; must hold ``labels``."""

    def units(self, batch: Batch) -> int:
        """What the loss is a mean over: rows here, tokens elsewhere. Weighs micro-batches in accumulation."""
        return int(batch["labels"].shape[0])

    @abstractmethod
    def loss(
        self, model: torch.nn.Module, batch: Batch, *, label_smoothing: float = 0.0
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Summed (not mean) loss over the batch's units, a scalar, and the outputs ``(rows, ...)``."""

    @abstractmethod
    def evaluate(self, outputs: np.ndarray, labels: np.ndarray, loss: float, prepared: Prepared) -> dict[str, float]:
        """Metrics over a whole split from its outputs ``(rows, ...)``, labels ``(rows,)`` and mean loss."""

    @abstractmethod
    def export(self, model: torch.nn.Module, config: TrainConfig, prepared: Prepared, out: Path) -> None:
        """Write weights, preprocessing and label names into ``out``, a folder for ``trainer.predict.load``."""

    def restore(self, folder: Path, facts: Mapping[str, Any]) -> Restored:
        """What ``export`` wrote, ready to predict. ``facts`` are those of ``sweepwright.json``.

        Raises:
            ConfigError: the folder is damaged, or the model's code is not there.
        """
        raise NotImplementedError(f"{self.name} has no prediction")
