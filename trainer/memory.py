"""How much memory a training takes, at its reports."""

from __future__ import annotations

import os
import resource
import sys
from pathlib import Path

import torch

_GB = 1e9


def reset(device: torch.device) -> None:
    """From here on, the most that is taken on ``device`` is measured anew."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)


def used(device: torch.device) -> dict[str, float]:
    """``host_memory_gb``: what this process holds in the machine's memory now. On a GPU also ``device_memory_gb``: the
    most that its tensors took there since this was last asked, or since `reset`. In units of 10^9 bytes.
    """
    found = {"host_memory_gb": _resident() / _GB}
    if device.type == "cuda":
        found["device_memory_gb"] = torch.cuda.max_memory_allocated(device) / _GB
        reset(device)
    return found


def _resident() -> int:
    """The resident set in bytes; where only its peak is known, that."""
    try:
        pages = int(Path("/proc/self/statm").read_bytes().split()[1])
    except OSError:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else 1024 * peak
    return pages * os.sysconf("SC_PAGE_SIZE")
