"""What a task is: the one place that knows what rows, a loss and a metric mean for it.

The loop asks for batches of rows, a loss and metrics, and knows nothing of texts or labels.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    import numpy as np
    import torch

    from trainer.config import Goal, TrainConfig
    from trainer.per_class import ClassScore

Batch = dict[str, "torch.Tensor"]

PAD = -100
"""Stands where a row of what evaluation keeps is shorter than others, and for a label that does not count (torch's
``ignore_index``)."""


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

    @cached_property
    def class_rows(self) -> np.ndarray:
        """How many rows each class has ``(classes,)``, for tasks whose ``labels`` are class ids ``(rows,)``."""
        import numpy as np

        counted: np.ndarray = np.bincount(self.arrays["labels"])
        return counted


class Predictor(ABC):
    """An exported model on a device, ready to predict.

    Attributes:
        model: in evaluation mode.
        device: where it is.
    """

    model: torch.nn.Module
    device: torch.device

    @abstractmethod
    def predict(self, rows: Sequence[Any], *, batch_size: int = 64) -> list[Any]:
        """What the model makes of each row; what rows and answers are is the task's business.

        Raises:
            DataError: a row that is not of the model's kind.
        """

    @abstractmethod
    def evaluate(
        self,
        rows: str | Path | Sequence[Mapping[str, Any]],
        *,
        batch_size: int = 64,
        **columns: str | None,
    ) -> dict[str, float]:
        """Metrics as in training, over a file with the truth or mappings of its columns.

        Args:
            rows: a file that could be trained on, or rows by column.
            batch_size: rows at once.
            columns: names by role (``text``, ``label``, ...) where they are not those of training.

        Raises:
            ConfigError: a role that this model has no column for.
            DataError: a file, column, row or label that cannot be used.
        """


@dataclass(frozen=True)
class Prepared:
    """Data made ready once and shared by every trial.

    Attributes:
        folder: where it lies; named by the fingerprint of source, cleaning, split and tokenizer.
        splits: ``train`` and ``validation``; ``test`` where there is one, and ``retain``, a second set to evaluate.
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

    def rehearse(self, config: TrainConfig, prepared: Prepared) -> None:  # noqa: B027 - most tasks know all by `check`
        """What only running people's own functions tells, tried once before the first trial begins.

        Raises:
            ConfigError: no trial could go well.
        """

    @abstractmethod
    def build_model(self, config: TrainConfig, prepared: Prepared) -> torch.nn.Module:
        """A fresh model on the CPU. New weights are drawn from torch's global generator, which the caller seeds."""

    def skeleton(self, config: TrainConfig, prepared: Prepared) -> torch.nn.Module:
        """A model with the right shapes, whatever its weights: for counting. A task may know a cheaper way."""
        return self.build_model(config, prepared)

    def size(self, config: TrainConfig, prepared: Prepared) -> int:
        """How many parameters the model has."""
        return sum(parameter.numel() for parameter in self.skeleton(config, prepared).parameters())

    @abstractmethod
    def collate(self, split: Split, rows: np.ndarray, config: TrainConfig, prepared: Prepared) -> Batch:
        """CPU tensors for these row numbers, each ``(len(rows), ...)``; ``labels`` among them."""

    def training_batch(
        self,
        split: Split,
        rows: np.ndarray,
        config: TrainConfig,
        prepared: Prepared,
        step: int,  # noqa: ARG002
    ) -> Batch:
        """As ``collate``, for rows that are trained on in update ``step``: here ``collate`` itself.

        A task overrides it to change rows by ``config.augment``. What it draws is ``trainer.draws``: numbers that
        depend on nothing but seed, update and row, so that neither a resume nor a halved micro-batch changes them.
        """
        return self.collate(split, rows, config, prepared)

    def units(self, batch: Batch) -> int:
        """What the loss is a mean over: rows here, tokens elsewhere. Weighs micro-batches in accumulation."""
        return int(batch["labels"].shape[0])

    @abstractmethod
    def loss(
        self, model: torch.nn.Module, batch: Batch, *, label_smoothing: float = 0.0
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Summed (not mean) loss over the batch's units, a scalar, and the outputs ``(rows, ...)``."""

    def training_loss(
        self,
        model: torch.nn.Module,
        batch: Batch,
        config: TrainConfig,
        prepared: Prepared,  # noqa: ARG002
    ) -> torch.Tensor:
        """What an update makes smaller, summed over the batch's units: the loss with label smoothing.

        A task overrides it for what evaluation leaves out, such as the weights of classes.
        """
        return self.loss(model, batch, label_smoothing=config.label_smoothing)[0]

    def strata(self, split: Split) -> np.ndarray | None:  # noqa: ARG002
        """The class of each row ``(rows,)``, for ``sampling: balanced``; ``None`` where a row has no one class."""
        return None

    def observe(
        self,
        model: torch.nn.Module,
        batch: Batch,
        config: TrainConfig,  # noqa: ARG002
        prepared: Prepared,  # noqa: ARG002
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Summed loss and what evaluation keeps of a batch ``(rows, ...)``, on the device: here the outputs.

        A task overrides it to keep less, or to generate. Trailing dimensions may differ from batch to batch: what is
        missing is filled with ``PAD``.
        """
        return self.loss(model, batch)

    @abstractmethod
    def evaluate(
        self, outputs: np.ndarray, split: Split, loss: float, config: TrainConfig, prepared: Prepared
    ) -> dict[str, float]:
        """Metrics over a whole split, from what ``observe`` kept of each row ``(rows, ...)`` and the mean loss."""

    def per_class(
        self,
        outputs: np.ndarray,  # noqa: ARG002
        split: Split,  # noqa: ARG002
        prepared: Prepared,  # noqa: ARG002
    ) -> Mapping[str, ClassScore]:
        """How well each class is told, from the same outputs; empty for a task without classes, as here."""
        return {}

    def in_full(self, config: TrainConfig) -> TrainConfig:
        """The settings with which evaluation gives every metric, also those that are left out while trials are
        compared because they take long."""
        return config

    @abstractmethod
    def export(self, model: torch.nn.Module, config: TrainConfig, prepared: Prepared, out: Path) -> None:
        """Write weights, preprocessing and label names into ``out``, a folder for ``trainer.predict.load``."""

    def restore(self, folder: Path, facts: Mapping[str, Any], device: torch.device) -> Predictor:
        """What ``export`` wrote, ready to predict. ``facts`` are those of ``sweepwright.json``.

        Raises:
            ConfigError: the folder is damaged, or the model's code is not there.
        """
        raise NotImplementedError(f"{self.name} has no prediction")
