"""The processes that train one model together, each on a device of its own: data parallelism over `torch.distributed`.

Every process runs the same loop over the same updates and takes its share of each batch's rows. What they must agree on
goes through here, so that a process that trains alone pays nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import torch
from torch import distributed

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np

_BUCKET = 2**24
"""Numbers summed over the processes at once: fewer calls, and no second copy of all gradients."""

_PATIENCE = timedelta(days=7)
"""How long a process waits for another: the first may score for hours, and a dead one is noticed by who started it."""


@dataclass(frozen=True)
class Ranks:
    """One of ``count`` processes; the first has ``rank`` 0, and is the only one that writes and reports."""

    rank: int = 0
    count: int = 1

    @property
    def alone(self) -> bool:
        """Whether there are no others."""
        return self.count == 1

    @property
    def first(self) -> bool:
        """Whether this is the process that writes and reports."""
        return self.rank == 0

    def share(self, rows: np.ndarray) -> np.ndarray:
        """Every ``count``-th of these row numbers: rows sorted by length are shared evenly. May be empty."""
        return rows[self.rank :: self.count]

    def most(self, rows: int) -> int:
        """How many of so many rows the largest share has: the first one's."""
        return -(-rows // self.count)

    def total(self, *numbers: int) -> tuple[int, ...]:
        """Sums over all processes."""
        if self.alone:
            return numbers
        # On the CPU, for which there is always gloo: nobody has to wait for a GPU.
        summed = torch.tensor(numbers, dtype=torch.int64)
        distributed.all_reduce(summed)
        return tuple(summed.tolist())

    def sum_tensors(self, tensors: Iterable[torch.Tensor]) -> None:
        """Add up tensors over all processes, in place; the same ones in the same order everywhere."""
        if self.alone:
            return
        for bucket in _buckets(tensors):
            flat = _flat(bucket)
            distributed.all_reduce(flat)
            _lay(flat, bucket)

    @torch.no_grad()
    def tell_tensors(self, tensors: Iterable[torch.Tensor]) -> None:
        """Give every process the values of the first one's tensors; the same ones in the same order everywhere."""
        if self.alone:
            return
        for bucket in _buckets(tensors):
            flat = _flat(bucket)
            distributed.broadcast(flat, src=0)
            _lay(flat, bucket)

    def brought(self, value: Any) -> list[Any]:
        """To the first process what each has, in the order of ranks; to the others nothing. For values that can be
        pickled."""
        if self.alone:
            return [value]
        values: list[Any] | None = [None] * self.count if self.first else None
        distributed.gather_object(value, values)
        return values or []

    def told(self, value: Any) -> Any:
        """What the first process has."""
        if self.alone:
            return value
        box = [value]
        distributed.broadcast_object_list(box, src=0)
        return box[0]


@contextmanager
def joined(rank: int, count: int, meeting: Path, *, gpus: bool = False) -> Iterator[Ranks]:
    """Meet the other processes for the time inside.

    Args:
        rank: from 0.
        count: how many there are.
        meeting: a file that all can write, and that is not there yet.
        gpus: sum tensors that lie on GPUs by NCCL. All else goes through gloo.

    Raises:
        RuntimeError: the others did not come.
    """
    if count == 1:
        yield Ranks()
        return
    distributed.init_process_group(
        "cpu:gloo,cuda:nccl" if gpus else "gloo",
        init_method=meeting.resolve().as_uri(),
        rank=rank,
        world_size=count,
        timeout=_PATIENCE,
    )
    try:
        yield Ranks(rank, count)
    finally:
        distributed.destroy_process_group()


def _flat(tensors: Sequence[torch.Tensor]) -> torch.Tensor:
    return torch.cat([tensor.reshape(-1) for tensor in tensors])


def _lay(flat: torch.Tensor, tensors: Sequence[torch.Tensor]) -> None:
    for tensor, values in zip(tensors, torch.split(flat, [t.numel() for t in tensors]), strict=True):
        tensor.copy_(values.view_as(tensor))


def _buckets(tensors: Iterable[torch.Tensor]) -> Iterator[Sequence[torch.Tensor]]:
    """Consecutive tensors of one type on one device, of so many numbers together."""
    bucket: list[torch.Tensor] = []
    size = 0
    for tensor in tensors:
        kind = (tensor.dtype, tensor.device)
        if bucket and (size + tensor.numel() > _BUCKET or kind != (bucket[0].dtype, bucket[0].device)):
            yield bucket
            bucket, size = [], 0
        bucket.append(tensor)
        size += tensor.numel()
    if bucket:
        yield bucket
