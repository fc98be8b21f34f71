"""What this machine has. No Ray here."""

from __future__ import annotations

import os
from pathlib import Path

from sweeps.engine.slots import Node


def local_node() -> Node:
    """What this machine has for us: the CPUs we may run on and the GPUs we may see."""
    return Node(
        cpus=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        gpus=_visible_gpus(),
    )


def _visible_gpus() -> int:
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return len([entry for entry in visible.split(",") if entry.strip() not in {"", "-1", "NoDevFiles"}])
    # The driver's own listing: asking torch would cost this process two seconds for its import.
    try:
        return len(list(Path("/proc/driver/nvidia/gpus").iterdir()))
    except OSError:
        return 0
