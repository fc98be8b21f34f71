"""Where the time of a training goes: matrix products, other operations of torch, and what is not torch."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Any

import torch

# The kernels in which a transformer's multiplications and additions are.
PRODUCTS = ("aten::addmm", "aten::mm", "aten::bmm", "aten::baddbmm", "mkldnn", "_flash_attention", "aten::linear")


class Profile:
    """Nothing unless it is wanted: profiling slows what it measures."""

    def __init__(self, wanted: bool) -> None:
        self._profiler: Any = None
        if wanted:
            self._profiler = torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU])
        self._seconds = 0.0

    def __enter__(self) -> Profile:
        self._since = time.perf_counter()
        if self._profiler is not None:
            self._profiler.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._seconds = time.perf_counter() - self._since
        if self._profiler is not None:
            self._profiler.__exit__(kind, error, trace)

    def shares(self) -> dict[str, float]:
        """Shares of the whole time by the name of the operation, the largest first; ``not torch`` is the rest."""
        own = {event.key: event.self_cpu_time_total * 1e-6 / self._seconds for event in self._profiler.key_averages()}
        own = dict(sorted(own.items(), key=lambda entry: -entry[1]))
        return {**own, "not torch": max(0.0, 1.0 - sum(own.values()))}

    def table(self, most: int = 14) -> str:
        """The largest shares as Markdown."""
        shares = self.shares()
        products = sum(share for name, share in shares.items() if any(kernel in name for kernel in PRODUCTS))
        rows = [f"| `{name}` | {share:.1%} |" for name, share in list(shares.items())[:most]]
        rest = f"| not torch | {shares['not torch']:.1%} |"
        return "\n".join(
            [f"Matrix products and attention: {products:.1%}", "", "| operation | share |", "|---|---|", *rows, rest]
        )
