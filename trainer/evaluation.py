"""Metrics of a model over a whole split."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from trainer.batches import evaluation_order
from trainer.precision import Compute, out_of_memory
from trainer.tasks.base import PAD

if TYPE_CHECKING:
    from trainer.config import TrainConfig
    from trainer.tasks.base import Prepared, Split, Task

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Evaluation:
    """Metrics under their plain names, and the batch size that fitted the device."""

    metrics: dict[str, float]
    batch_size: int


def evaluate(
    model: torch.nn.Module,
    *,
    task: Task,
    split: Split,
    config: TrainConfig,
    prepared: Prepared,
    compute: Compute,
    batch_size: int | None = None,
) -> Evaluation:
    """Evaluate in eval mode and without label smoothing; leaves the model in eval mode.

    Rows go through sorted by length, and come back in their own order before the task sees them. Where the device's
    memory does not suffice the batch is halved and the rest of the split goes on with that.

    Args:
        model: on ``compute.device``.
        task: gives the loss and the metrics.
        split: of any number of rows above 0.
        config: for collation; ``eval_batch_size`` unless ``batch_size`` is given.
        prepared: what ``split`` belongs to.
        compute: device and format.
        batch_size: rows at once.

    Raises:
        torch.OutOfMemoryError: a single row does not fit.
    """
    model.eval()
    order = evaluation_order(split.rows, split.lengths)
    size = batch_size or config.eval_batch_size
    outputs: list[torch.Tensor] = []
    losses: list[torch.Tensor] = []
    units, start = 0, 0
    with torch.inference_mode():
        while start < split.rows:
            batch = task.collate(split, order[start : start + size], config, prepared)
            try:
                with compute.autocast():
                    loss, kept = task.observe(model, compute.move(batch), config, prepared)
            except RuntimeError as error:
                rows = min(size, split.rows - start)
                if rows == 1 or not out_of_memory(error):
                    raise
                size = (rows + 1) // 2
                log.warning("out of memory in evaluation with %d rows at once, going on with %d", rows, size)
                continue
            outputs.append(kept)
            losses.append(loss)
            units += task.units(batch)
            start += size
        mean_loss = float(torch.stack(losses).cpu().double().sum()) / units
        # Kept on the device until here: one copy, and one wait for the device, per evaluation.
        ordered = _joined(outputs).cpu().numpy()
    own_order = np.empty_like(order)
    own_order[order] = np.arange(split.rows)
    metrics = task.evaluate(ordered[own_order], split, mean_loss, config, prepared)
    return Evaluation({name: float(value) for name, value in metrics.items()}, size)


def _joined(outputs: list[torch.Tensor]) -> torch.Tensor:
    """Batches ``(rows, ...)`` one after another, each filled up with ``PAD`` to the widest; floats in float32."""
    widest = [max(sizes) for sizes in zip(*(batch.shape[1:] for batch in outputs), strict=True)]
    filled = []
    for batch in outputs:
        lacking = [most - size for most, size in zip(widest, batch.shape[1:], strict=True)]
        # torch counts from the last dimension, before and after each.
        pad = [amount for lack in reversed(lacking) for amount in (0, lack)]
        filled.append(torch.nn.functional.pad(batch, pad, value=PAD) if any(lacking) else batch)
    joined = torch.cat(filled)
    return joined.float() if joined.is_floating_point() else joined
