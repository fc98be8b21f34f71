"""What training did between two reports, and the watch for numbers that are none."""

from __future__ import annotations

import math
import time

import torch

from trainer.errors import Diverged

_UNREAD = 100
"""Updates whose losses may wait on a GPU before they are read: each reading waits for the device."""

_HALVINGS = 40
"""Overflows in a row after which fp16's loss scale, 65536 at first, is near 0: the gradients themselves are bad."""


class Window:
    """Losses and gradient norms of the updates since the last report.

    On a CPU each is looked at at once; on a GPU a hundred updates together, and the first bad one is still named.

    Args:
        step: updates done before this window.
        device: where the losses lie.
        overflow_is_normal: a gradient that overflows is no divergence, as under fp16's loss scaling, which skips that
            update and goes on with half the scale. Many in a row are one all the same.
    """

    def __init__(self, step: int, device: torch.device, *, overflow_is_normal: bool = False) -> None:
        self._step = step
        self._limit = 1 if device.type == "cpu" else _UNREAD
        self._overflow_is_normal = overflow_is_normal
        self._unread: list[tuple[torch.Tensor, torch.Tensor]] = []
        self._updates, self._rows, self._tokens, self._losses = 0, 0, 0, 0.0
        self._norms, self._finite_norms, self._overflows = 0.0, 0, 0
        self._started = time.perf_counter()

    def add(self, loss: torch.Tensor, norm: torch.Tensor, rows: int, tokens: int = 0) -> None:
        """Note one update: its mean loss, its gradients' norm (scalars), and how many rows and tokens it had.

        Raises:
            Diverged: one of the numbers read by now is not finite.
        """
        self._rows += rows
        self._tokens += tokens
        self._unread.append((loss, norm))
        if len(self._unread) >= self._limit:
            self._read()

    def close(self) -> tuple[dict[str, float], float]:
        """``train_loss`` and ``grad_norm`` (means over updates), ``samples_per_second``; and the window's seconds.

        ``grad_norm`` is left out where every gradient overflowed; ``tokens_per_second`` is there where rows are texts.

        Raises:
            Diverged: a loss or a norm is not finite.
        """
        self._read()
        seconds = time.perf_counter() - self._started
        norm = {"grad_norm": self._norms / self._finite_norms} if self._finite_norms else {}
        losses = {"train_loss": self._losses / self._updates}
        tokens = {"tokens_per_second": self._tokens / seconds} if self._tokens else {}
        return {**losses, **norm, "samples_per_second": self._rows / seconds, **tokens}, seconds

    def _read(self) -> None:
        if len(self._unread) == 1:
            loss, norm = self._unread[0]
            self._look(float(loss), float(norm))
        elif self._unread:
            values = torch.stack([scalar.float() for pair in self._unread for scalar in pair]).tolist()
            for loss_value, norm_value in zip(values[::2], values[1::2], strict=True):
                self._look(loss_value, norm_value)
        self._unread.clear()

    def _look(self, loss: float, norm: float) -> None:
        self._step += 1
        self._updates += 1
        if not math.isfinite(loss):
            raise Diverged("train_loss", loss, self._step)
        self._losses += loss
        if math.isfinite(norm):
            self._norms += norm
            self._finite_norms += 1
            self._overflows = 0
            return
        self._overflows += 1
        if not self._overflow_is_normal or self._overflows > _HALVINGS:
            raise Diverged("grad_norm", norm, self._step)
