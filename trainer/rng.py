"""The global random generators: seed them, and take or restore their states as plain tensors and numbers."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import torch


def seed_everything(seed: int) -> None:
    """Seed Python's, numpy's and torch's generators, those of all GPUs included."""
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def seed_rank(seed: int, rank: int, step: int = 0) -> None:
    """Seed the generators of one of several processes, so that each draws its own numbers. The first keeps its own."""
    if rank > 0:
        seed_everything(int(np.random.SeedSequence([seed, rank, step]).generate_state(1)[0]))


def capture(device: torch.device) -> dict[str, Any]:
    """All generators' states. Holds only what ``torch.load(weights_only=True)`` reads back."""
    version, words, gauss = random.getstate()
    _, key, position, has_gauss, cached = np.random.get_state()
    return {
        "python": {"version": version, "words": torch.tensor(words), "gauss": gauss},
        "numpy": {
            "key": torch.from_numpy(np.asarray(key).astype(np.int64)),
            "position": int(position),
            "has_gauss": int(has_gauss),
            "cached": float(cached),
        },
        **capture_torch(device),
    }


def restore(state: dict[str, Any], device: torch.device) -> None:
    """Put all generators back to what :func:`capture` saw."""
    python, numpy = state["python"], state["numpy"]
    random.setstate((python["version"], tuple(python["words"].tolist()), python["gauss"]))
    key = numpy["key"].numpy().astype(np.uint32)
    np.random.set_state(("MT19937", key, numpy["position"], numpy["has_gauss"], numpy["cached"]))
    restore_torch(state, device)


def capture_torch(device: torch.device) -> dict[str, torch.Tensor]:
    """Only torch's states, on the CPU and on ``device``: a few microseconds, little enough for every update."""
    state = {"torch": torch.get_rng_state()}
    if device.type == "cuda":
        state["cuda"] = torch.cuda.get_rng_state(device)
    return state


def restore_torch(state: dict[str, Any], device: torch.device) -> None:
    """Put torch's generators back; a state without a GPU's part leaves the GPU's generator as it is."""
    torch.set_rng_state(state["torch"])
    if device.type == "cuda" and "cuda" in state:
        torch.cuda.set_rng_state(state["cuda"], device)
