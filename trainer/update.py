"""One optimizer update of the effective batch size, through whatever part of it fits the device at once."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import torch
from torch.nn.utils import clip_grads_with_norm_, get_total_norm

from trainer import rng
from trainer.optim.build import set_lr
from trainer.precision import Compute, out_of_memory

if TYPE_CHECKING:
    import numpy as np

    from trainer.config import TrainConfig
    from trainer.tasks.base import Prepared, Task

log = logging.getLogger(__name__)


class Updater:
    """Turns rows into optimizer updates, and remembers how many rows fit.

    An update sums the loss over its micro-batches and divides by the units of all of them, so its gradients are those
    of the full batch whatever the micro-batch size is. Two things do depend on it: the statistics of batch
    normalisation, and which draws of dropout a row gets.

    Attributes:
        micro_batch_size: rows on the device at once; halved where they do not fit.
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
    ) -> None:
        self.model, self.optimizer = model, optimizer
        self.task, self.config, self.prepared, self.compute = task, config, prepared, compute
        self.micro_batch_size = micro_batch_size
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
        while (loss := self._try_gradients(rows, step)) is None:
            # Only here is the failed attempt's memory free: inside its handler the error still holds the tensors.
            self._halve(len(rows))
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
        """Gradients of the whole batch and its mean loss; ``None`` where it does not fit."""
        try:
            return self._gradients(rows, step)
        except RuntimeError as error:
            if not out_of_memory(error) or min(self.micro_batch_size, len(rows)) == 1:
                raise
            return None

    def _gradients(self, rows: np.ndarray, step: int) -> torch.Tensor:
        size = self.micro_batch_size
        batches = [
            self.task.training_batch(self._split, rows[start : start + size], self.config, self.prepared, step)
            for start in range(0, len(rows), size)
        ]
        units = sum(self.task.units(batch) for batch in batches)
        mean_loss: torch.Tensor | None = None
        for batch in batches:
            moved = self.compute.move(batch)
            with self._autocast:
                summed = self.task.training_loss(self.model, moved, self.config, self.prepared)
            share = summed / units
            (share if self.scaler is None else self.scaler.scale(share)).backward()  # type: ignore[no-untyped-call]
            mean_loss = share.detach() if mean_loss is None else mean_loss + share.detach()
        assert mean_loss is not None
        return mean_loss

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
        norm = get_total_norm([p.grad for p in self._trained if p.grad is not None])
        limit = self.config.max_grad_norm
        # Reading a number is free on a CPU, and spares most updates a pass over the gradients. A GPU would have to be
        # waited for.
        if limit is not None and (self.compute.device.type != "cpu" or float(norm) > limit):
            clip_grads_with_norm_(self._trained, limit, norm)
        return norm
