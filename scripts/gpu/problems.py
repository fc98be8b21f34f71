"""Two small problems for the trainer, made from nothing: rows into an MLP, token sequences into a transformer."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
from torch import nn

from trainer.config import Goal, TrainConfig
from trainer.metrics import CLASSIFICATION_GOALS, classification_metrics
from trainer.tasks.base import Batch, Prepared, Split, Task

CLASSES = 4
WORDS = 100


class Problem(Task):
    """Classification of what lies in the array ``inputs``."""

    goals: ClassVar[Mapping[str, Goal]] = CLASSIFICATION_GOALS

    def check(self, config: TrainConfig) -> None: ...

    def prepare(self, config: TrainConfig, cache: Path) -> Prepared:
        raise NotImplementedError("made by rows() or sequences()")

    def collate(self, split: Split, rows: np.ndarray, config: TrainConfig, prepared: Prepared) -> Batch:
        return {name: torch.from_numpy(split.arrays[name][rows]) for name in ("inputs", "labels")}

    def loss(
        self, model: nn.Module, batch: Batch, *, label_smoothing: float = 0.0
    ) -> tuple[torch.Tensor, torch.Tensor]:
        logits = self.logits(model, batch["inputs"])
        loss = nn.functional.cross_entropy(logits, batch["labels"], reduction="sum", label_smoothing=label_smoothing)
        return loss, logits

    def logits(self, model: nn.Module, inputs: torch.Tensor) -> torch.Tensor:
        return model(inputs)

    def evaluate(
        self, outputs: np.ndarray, split: Split, loss: float, config: TrainConfig, prepared: Prepared
    ) -> dict[str, float]:
        return classification_metrics(outputs, split.arrays["labels"], loss)

    def export(self, model: nn.Module, config: TrainConfig, prepared: Prepared, out: Path) -> None: ...


class Rows(Problem):
    """An MLP with two hidden layers of ``model_args.width``."""

    name = "mlp"

    def build_model(self, config: TrainConfig, prepared: Prepared) -> nn.Module:
        features = prepared.splits["train"].arrays["inputs"].shape[1]
        width = config.model_args.get("width", 256)
        drop = nn.Dropout(config.dropout or 0.0)
        hidden = [nn.Linear(features, width), nn.GELU(), drop, nn.Linear(width, width), nn.GELU(), drop]
        return nn.Sequential(*hidden, nn.Linear(width, CLASSES))


class Sequences(Problem):
    """A BERT of ``model_args.width`` and ``model_args.layers``, untrained."""

    name = "transformer"

    def build_model(self, config: TrainConfig, prepared: Prepared) -> nn.Module:
        from transformers import BertConfig, BertForSequenceClassification

        width = config.model_args.get("width", 64)
        dropout = config.dropout or 0.0
        return BertForSequenceClassification(
            BertConfig(
                vocab_size=WORDS,
                hidden_size=width,
                intermediate_size=4 * width,
                num_hidden_layers=config.model_args.get("layers", 2),
                num_attention_heads=4,
                num_labels=CLASSES,
                hidden_dropout_prob=dropout,
                attention_probs_dropout_prob=dropout,
            )
        )

    def logits(self, model: nn.Module, inputs: torch.Tensor) -> torch.Tensor:
        return model(input_ids=inputs).logits


def rows(count: int, *, features: int = 64) -> Prepared:
    """Gaussian blobs that overlap."""
    draw = np.random.default_rng(0)
    centres = draw.normal(size=(CLASSES, features)) * 0.3
    labels = np.arange(count) % CLASSES
    inputs = (centres[labels] + draw.normal(size=(count, features))).astype(np.float32)
    return _split(inputs, labels)


def sequences(count: int, *, length: int = 32) -> Prepared:
    """Token ids of which nine in ten tell the class."""
    draw = np.random.default_rng(0)
    labels = np.arange(count) % CLASSES
    share = WORDS // CLASSES
    telling = labels[:, None] * share + draw.integers(0, share, (count, length))
    inputs = np.where(draw.random((count, length)) < 0.9, telling, draw.integers(0, WORDS, (count, length)))
    return _split(inputs.astype(np.int64), labels)


def _split(inputs: np.ndarray, labels: np.ndarray) -> Prepared:
    held = max(CLASSES, len(labels) // 8)
    train = Split(len(labels) - held, {"inputs": inputs[held:], "labels": labels[held:].astype(np.int64)})
    validation = Split(held, {"inputs": inputs[:held], "labels": labels[:held].astype(np.int64)})
    return Prepared(Path("made"), {"train": train, "validation": validation}, tuple("abcd"[:CLASSES]))
