"""Metrics of a model over a whole split."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import torch

from trainer.batches import evaluation_order
from trainer.precision import Compute, out_of_memory
from trainer.ranks import Ranks
from trainer.requirement import RETAIN
from trainer.tasks.base import PAD

if TYPE_CHECKING:
    from trainer.config import TrainConfig
    from trainer.per_class import ClassScore
    from trainer.tasks.base import Prepared, Split, Task

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Seen:
    """What one process saw of its share: ``outputs`` (rows, ...), ``None`` of an empty one; the summed loss."""

    outputs: np.ndarray | None
    loss: float
    units: int
    batch_size: int


@dataclass(frozen=True)
class Evaluation:
    """Metrics under their plain names, and the batch size that fitted the device; ``classes`` where they were asked for
    and the task has some."""

    metrics: dict[str, float]
    batch_size: int
    classes: Mapping[str, ClassScore] = field(default_factory=dict)


def evaluate_all(
    model: torch.nn.Module,
    *,
    task: Task,
    config: TrainConfig,
    prepared: Prepared,
    compute: Compute,
    batch_size: int,
    ranks: Ranks,
) -> tuple[dict[str, float], int]:
    """Metrics of the validation rows under their plain names, those of ``retain`` as ``retain_<metric>``, and the batch
    size that fitted; otherwise as ``evaluate``."""
    metrics: dict[str, float] = {}
    for split, prefix in (("validation", ""), ("retain", RETAIN)):
        if split not in prepared.splits:
            continue
        evaluation = evaluate(
            model,
            task=task,
            split=prepared.splits[split],
            config=config,
            prepared=prepared,
            compute=compute,
            batch_size=batch_size,
            ranks=ranks,
        )
        batch_size = evaluation.batch_size
        metrics |= {f"{prefix}{name}": value for name, value in evaluation.metrics.items()}
    return metrics, batch_size


def evaluate(
    model: torch.nn.Module,
    *,
    task: Task,
    split: Split,
    config: TrainConfig,
    prepared: Prepared,
    compute: Compute,
    batch_size: int | None = None,
    ranks: Ranks | None = None,
    per_class: bool = False,
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
        ranks: which of several processes this one is: each takes a share of the rows, and the first one's metrics are
            everybody's.
        per_class: whether to tell how well each class is told.

    Raises:
        torch.OutOfMemoryError: a single row does not fit.
    """
    model.eval()
    ranks = ranks or Ranks()
    order = evaluation_order(split.rows, split.lengths)
    size = batch_size or config.eval_batch_size
    seen = ranks.brought(_seen(model, order, size, task, split, config, prepared, compute, ranks))
    evaluation: Evaluation | None = None
    if ranks.first:
        outputs = [torch.from_numpy(one.outputs) for one in seen if one.outputs is not None]
        ordered = _joined(outputs).numpy() if len(outputs) > 1 else outputs[0].numpy()
        own_order = np.empty_like(order)
        shares = [Ranks(rank, ranks.count).share(order) for rank in range(ranks.count)]
        own_order[np.concatenate(shares)] = np.arange(split.rows)
        mean_loss = sum(one.loss for one in seen) / sum(one.units for one in seen)
        metrics = task.evaluate(ordered[own_order], split, mean_loss, config, prepared)
        classes = task.per_class(ordered[own_order], split, prepared) if per_class else {}
        smallest = min(one.batch_size for one in seen)
        evaluation = Evaluation({name: float(value) for name, value in metrics.items()}, smallest, classes)
    told: Evaluation = ranks.told(evaluation)
    return told


def _seen(
    model: torch.nn.Module,
    order: np.ndarray,
    size: int,
    task: Task,
    split: Split,
    config: TrainConfig,
    prepared: Prepared,
    compute: Compute,
    ranks: Ranks,
) -> _Seen:
    """This process's share of the rows, in batches of ``size``, or of what fits."""
    mine, in_parts = ranks.share(order), not ranks.alone and config.sharding != "none"
    outputs: list[torch.Tensor] = []
    losses: list[torch.Tensor] = []
    units, start = 0, 0
    # A model in parts puts its layers together in here, and tensors of inference mode could not be trained on.
    with torch.no_grad() if in_parts else torch.inference_mode():
        while start < len(mine):
            batch = task.collate(split, mine[start : start + size], config, prepared)
            try:
                with compute.autocast():
                    loss, kept = task.observe(model, compute.move(batch), config, prepared)
            except RuntimeError as error:
                rows = min(size, len(mine) - start)
                if rows == 1 or not out_of_memory(error) or in_parts:
                    raise
                size = (rows + 1) // 2
                log.warning("out of memory in evaluation with %d rows at once, going on with %d", rows, size)
                continue
            outputs.append(kept)
            losses.append(loss)
            units += task.units(batch)
            start += size
        for _ in range(-(-ranks.most(len(order)) // size) - len(outputs) if in_parts else 0):
            # Others still have rows, and parts of layers are only had from all together.
            with compute.autocast():
                task.observe(model, compute.move(task.collate(split, order[:1], config, prepared)), config, prepared)
        if not outputs:
            return _Seen(None, 0.0, 0, size)
        summed = float(torch.stack(losses).cpu().double().sum())
        # Kept on the device until here: one copy, and one wait for the device, per evaluation.
        return _Seen(_joined(outputs).cpu().numpy(), summed, units, size)


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
