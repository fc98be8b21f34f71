"""One optimizer update of the effective batch size, through whatever part of it fits the device at once."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import torch
from torch.nn.utils import clip_grads_with_norm_, get_total_norm

from trainer import rng, sharding
from trainer.optim.build import set_lr
from trainer.precision import Compute, out_of_memory
from trainer.ranks import Ranks

if TYPE_CHECKING:
    import numpy as np

    from trainer.config import TrainConfig
    from trainer.tasks.base import Batch, Prepared, Task

log = logging.getLogger(__name__)


class Updater:
    """Turns rows into optimizer updates, and remembers how many rows fit.

    An update sums the loss over its micro-batches and divides by the units of all of them, so its gradients are those
    of the full batch whatever the micro-batch size is. Two things do depend on it: the statistics of batch
    normalisation, and which draws of dropout a row gets.

    Of several processes each takes its share of the rows, and their gradients are summed. This is done here, after all
    micro-batches, rather than by hooks in the backward pass: where one process runs out of memory, the others can hear
    of it and do the update again with it. A model in parts gets its gradients summed inside the backward pass.

    Attributes:
        micro_batch_size: rows on the device at once; halved where they do not fit.
        tokens: how many tokens of text the last update read, over all processes; 0 where rows are none.
    """

    def __init__(
        self,
        model: torch.nn.Module,
        optimizer: torch.optim.Optimizer,
        *,
        task: Task,
        config: TrainConfig,
        prepared: Prepared,
        compute: Compute,
        micro_batch_size: int,
        ranks: Ranks | None = None,
    ) -> None:
        self.ranks = ranks or Ranks()
        self._in_parts = sharding.sharded(config, self.ranks)
        self.model, self.optimizer = model, optimizer
        self.task, self.config, self.prepared, self.compute = task, config, prepared, compute
        self.micro_batch_size = micro_batch_size
        self.tokens = 0
        self.scaler = compute.scaler()
        self._split = prepared.splits["train"]
        self._trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
        self._autocast = compute.autocast()

    def update(self, rows: np.ndarray, lr: float, *, step: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
        """One update with these row numbers; ``step`` updates were done before.

        Returns:
            The mean loss over the batch's units, and the norm of the gradients before clipping: scalars on the device,
            so that nobody has to wait for them.

        Raises:
            torch.OutOfMemoryError: a single row does not fit, or the optimizer's own state does not.
        """
        before = rng.capture_torch(self.compute.device)
        while (loss := self._agreed(self._try_gradients(rows, step))) is None:
            # Only here is the failed attempt's memory free: inside its handler the error still holds the tensors.
            self._halve(self.ranks.most(len(rows)))
            rng.restore_torch(before, self.compute.device)
        norm = self._clip()
        set_lr(self.optimizer, lr)
        if self.scaler is None:
            self.optimizer.step()
        else:
            self.scaler.step(self.optimizer)
            self.scaler.update()
        # After the step rather than before the next: evaluation has the gradients' memory.
        self._drop_gradients()
        return loss, norm

    def _try_gradients(self, rows: np.ndarray, step: int) -> torch.Tensor | None:
        """Gradients of this process's share of the batch, and what it adds to the mean loss; ``None`` where it does
        not fit."""
        try:
            return self._gradients(rows, step)
        except RuntimeError as error:
            smallest = min(self.micro_batch_size, self.ranks.most(len(rows))) == 1
            # In parts it goes up at once: the others wait inside their layers, where they hear nothing.
            if not out_of_memory(error) or smallest or self._in_parts:
                raise
            return None

    def _gradients(self, rows: np.ndarray, step: int) -> torch.Tensor:
        size, mine = self.micro_batch_size, self.ranks.share(rows)
        batches = [
            self.task.training_batch(self._split, mine[start : start + size], self.config, self.prepared, step)
            for start in range(0, len(mine), size)
        ]
        counts = (sum(self.task.units(batch) for batch in batches), sum(_tokens(batch) for batch in batches))
        units, self.tokens = self.ranks.total(*counts)
        mean_loss: torch.Tensor | None = None
        for batch in batches:
            share = self._forward(batch) / units
            self._backward(share)
            mean_loss = share.detach() if mean_loss is None else mean_loss + share.detach()
        if self._in_parts:
            self._idle(rows, -(-self.ranks.most(len(rows)) // size) - len(batches), step)
        return torch.zeros((), device=self.compute.device) if mean_loss is None else mean_loss

    def _forward(self, batch: Batch) -> torch.Tensor:
        moved = self.compute.move(batch)
        with self._autocast:
            return self.task.training_loss(self.model, moved, self.config, self.prepared)

    def _backward(self, share: torch.Tensor) -> None:
        if self._in_parts:
            share = share * self.ranks.count  # torch averages over the processes
        (share if self.scaler is None else self.scaler.scale(share)).backward()  # type: ignore[no-untyped-call]

    def _idle(self, rows: np.ndarray, passes: int, step: int) -> None:
        """Passes that count for nothing, while others have rows: parts of layers are only had from all together."""
        for _ in range(passes):
            batch = self.task.training_batch(self._split, rows[:1], self.config, self.prepared, step)
            self._backward(self._forward(batch) * 0.0)

    def _agreed(self, loss: torch.Tensor | None) -> torch.Tensor | None:
        """The mean loss and the gradients of the whole batch, from those of all shares; ``None`` where one of them did
        not fit."""
        if self.ranks.alone:
            return loss
        if self._in_parts:
            assert loss is not None
            self.ranks.sum_tensors([loss])
            return loss
        there = [loss is not None and parameter.grad is not None for parameter in self._trained]
        failures, *counts = self.ranks.total(loss is None, *there)
        if failures or loss is None:
            return None
        # What no process has a gradient of keeps none: zeros would be decayed. An empty share has none at all.
        used = [parameter for parameter, count in zip(self._trained, counts, strict=True) if count]
        gradients = [torch.zeros_like(p) if p.grad is None else p.grad for p in used]
        self.ranks.sum_tensors([loss, *gradients])
        for parameter, gradient in zip(used, gradients, strict=True):
            parameter.grad = gradient
        return loss

    def _halve(self, rows: int) -> None:
        tried = min(self.micro_batch_size, rows)
        self.micro_batch_size = (tried + 1) // 2
        self._drop_gradients()
        if self.compute.device.type == "cuda":
            torch.cuda.empty_cache()
        log.warning(
            "out of memory with %d rows at once: the same update again in micro-batches of %d; batch_size stays %d",
            tried,
            self.micro_batch_size,
            self.config.batch_size,
        )

    def _drop_gradients(self) -> None:
        # What zero_grad() does, without its 30 microseconds of hooks and profiler records.
        for parameter in self._trained:
            parameter.grad = None

    def _clip(self) -> torch.Tensor:
        """Clip the gradients to ``max_grad_norm``; their norm before that."""
        if self.scaler is not None:
            self.scaler.unscale_(self.optimizer)
        norm = sharding.whole(get_total_norm([p.grad for p in self._trained if p.grad is not None]))
        limit = self.config.max_grad_norm
        # Reading a number is free on a CPU, and spares most updates a pass over the gradients. A GPU would have to be
        # waited for.
        if limit is not None and (self.compute.device.type != "cpu" or float(norm) > limit):
            clip_grads_with_norm_(self._trained, limit, norm)
        return norm


def _tokens(batch: Batch) -> int:
    """How many tokens a batch of texts has, without what pads them; of other batches 0."""
    ids, mask = batch.get("input_ids"), batch.get("attention_mask")
    if ids is None:
        return 0
    return int(mask.sum()) if mask is not None and mask.shape == ids.shape else ids.numel()
