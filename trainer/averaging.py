"""An exponential moving average of the weights, by which a run is evaluated and exported."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


class Average:
    """The moving average of everything that training moves: the optimizer's parameters, and running statistics.

    After the n-th update the average takes ``1 - min(decay, (1 + n) / (10 + n))`` of the new weights, so it forgets
    where it began however short the run is.

    Source: ``tf.train.ExponentialMovingAverage`` with ``num_updates``; Polyak and Juditsky 1992.

    Args:
        model: whose weights are averaged, on its device.
        optimizer: whose parameters count; what is frozen is its own average.
        decay: of the average, below 1. The larger, the longer it remembers.
    """

    def __init__(self, model: torch.nn.Module, optimizer: torch.optim.Optimizer, decay: float) -> None:
        self._decay = decay
        parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
        # A constant that is infinite would become NaN in the mean, and statistics are finite.
        buffers = [one for one in model.buffers() if one.is_floating_point() and bool(one.isfinite().all())]
        self._live: list[torch.Tensor] = [*parameters, *buffers]
        self._averaged = [tensor.detach().clone() for tensor in self._live]

    @torch.no_grad()
    def update(self, updates: int) -> None:
        """Take in the weights as they are after so many updates of the run."""
        decay = min(self._decay, (1 + updates) / (10 + updates))
        torch._foreach_lerp_(self._averaged, [tensor.detach() for tensor in self._live], 1.0 - decay)

    def begin_here(self) -> None:
        """Forget, and begin with the weights as they are."""
        for averaged, live in zip(self._averaged, self._live, strict=True):
            averaged.copy_(live.detach())

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """The model has the averaged weights inside this context, and its own again after it. Nothing is copied."""
        self._swap()
        try:
            yield
        finally:
            self._swap()

    def _swap(self) -> None:
        for index, live in enumerate(self._live):
            live.data, self._averaged[index] = self._averaged[index], live.data
