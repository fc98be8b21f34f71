"""What evaluation keeps of each batch comes together in the order of the rows, whatever its width."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from tests.trainer_tests.toy import ToyTask, blobs, settings
from trainer.config import TrainConfig
from trainer.evaluation import evaluate
from trainer.precision import Compute
from trainer.tasks.base import PAD, Batch, Prepared, Split


class Ragged(ToyTask):
    """Keeps as many numbers of each row as the longest row of its batch has: integers, its length over and over."""

    def observe(
        self, model: nn.Module, batch: Batch, config: TrainConfig, prepared: Prepared
    ) -> tuple[torch.Tensor, torch.Tensor]:
        long = (batch["features"] != 0).sum(dim=1)
        kept = torch.full((len(long), int(long.max())), PAD)
        for row, length in enumerate(long):
            kept[row, :length] = length
        return self.loss(model, batch)[0], kept

    def evaluate(
        self, outputs: np.ndarray, split: Split, loss: float, config: TrainConfig, prepared: Prepared
    ) -> dict[str, float]:
        assert split.lengths is not None
        assert outputs.dtype == np.int64
        assert outputs.shape == (split.rows, split.lengths.max())
        for row, length in zip(outputs, split.lengths, strict=True):
            assert row.tolist() == [length] * length + [PAD] * (len(row) - length)
        return {"loss": loss}


def test_batches_of_different_widths_are_filled_up() -> None:
    prepared, task, config = blobs(lengths=True), Ragged(), settings()
    split = prepared.splits["validation"]
    found = evaluate(
        task.build_model(config, prepared),
        task=task,
        split=split,
        config=config,
        prepared=prepared,
        compute=Compute.choose("fp32", "cpu"),
        batch_size=7,
    )
    assert set(found.metrics) == {"loss"}
