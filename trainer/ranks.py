"""The processes that train one model together, each on a device of its own: data parallelism over `torch.distributed`.

Every process runs the same loop over the same updates and takes its share of each batch's rows. What they must agree on
goes through here, so that a process that trains alone pays nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import distributed

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np

_BUCKET = 2**24
"""Numbers summed over the processes at once: fewer calls, and no second copy of all gradients."""


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

    def total(self, *numbers: int) -> tuple[int, ...]:
        """Sums over all processes."""
        if self.alone:
            return numbers
        summed = torch.tensor(numbers, dtype=torch.int64, device=_device())
        distributed.all_reduce(summed)
        return tuple(summed.tolist())

    def sum_tensors(self, tensors: Iterable[torch.Tensor]) -> None:
        """Add up tensors over all processes, in place; the same ones in the same order everywhere."""
        if self.alone:
            return
        for bucket in _buckets(tensors):
            flat = torch.cat([tensor.reshape(-1) for tensor in bucket])
            distributed.all_reduce(flat)
            for tensor, summed in zip(bucket, flat.split([t.numel() for t in bucket]), strict=True):
                tensor.copy_(summed.view_as(tensor))

    def gathered(self, value: Any) -> list[Any]:
        """What each process has, in the order of ranks; for values that can be pickled."""
        if self.alone:
            return [value]
        values: list[Any] = [None] * self.count
        distributed.all_gather_object(values, value)
        return values

    def told(self, value: Any) -> Any:
        """What the first process has."""
        if self.alone:
            return value
        box = [value]
        distributed.broadcast_object_list(box, src=0)
        return box[0]


@contextmanager
def joined(rank: int, count: int, meeting: Path, backend: str | None = None) -> Iterator[Ranks]:
    """Meet the other processes for the time inside.

    Args:
        rank: from 0.
        count: how many there are.
        meeting: a file that all can write, and that is not there yet.
        backend: of `torch.distributed`; NCCL where there are GPUs and gloo otherwise if left out.

    Raises:
        RuntimeError: the others did not come.
    """
    if count == 1:
        yield Ranks()
        return
    chosen = backend or ("nccl" if torch.cuda.is_available() else "gloo")
    distributed.init_process_group(chosen, init_method=meeting.resolve().as_uri(), rank=rank, world_size=count)
    try:
        yield Ranks(rank, count)
    finally:
        distributed.destroy_process_group()


def _device() -> torch.device:
    return torch.device("cuda" if distributed.get_backend() == "nccl" else "cpu")


def _buckets(tensors: Iterable[torch.Tensor]) -> Iterator[Sequence[torch.Tensor]]:
    """Consecutive tensors of one type, of so many numbers together."""
    bucket: list[torch.Tensor] = []
    size = 0
    for tensor in tensors:
        if bucket and (size + tensor.numel() > _BUCKET or tensor.dtype != bucket[0].dtype):
            yield bucket
            bucket, size = [], 0
        bucket.append(tensor)
        size += tensor.numel()
    if bucket:
        yield bucket
