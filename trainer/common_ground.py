"""What the processes that train one model together begin from alike, and what each has of its own."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from trainer import rng, sharding
from trainer.weights import stored_buffers

if TYPE_CHECKING:
    import torch

    from trainer.checkpoint import Checkpoint
    from trainer.config import TrainConfig
    from trainer.precision import Compute
    from trainer.ranks import Ranks

log = logging.getLogger(__name__)


def placed(
    model: torch.nn.Module, config: TrainConfig, compute: Compute, ranks: Ranks, *, frozen: bool
) -> torch.nn.Module:
    """The model on its device, or its part of it, and the same in all processes: a user's function may have drawn its
    weights by generators of its own. What is ``frozen`` came from a folder."""
    in_parts = sharding.sharded(config, ranks)
    if not in_parts:
        model = model.to(compute.device)
    if not ranks.alone:
        weights = [one for one in model.parameters() if one.requires_grad or not frozen]
        ranks.tell_tensors([*weights, *stored_buffers(model)])
    if in_parts:
        sharding.shard(model, compute.device, ranks.count)
    return model


def share_statistics(model: torch.nn.Module, ranks: Ranks) -> None:
    """Buffers, such as those of batch normalisation, are those of the first process, as with torch's
    DistributedDataParallel."""
    if not ranks.alone:
        ranks.tell_tensors(stored_buffers(model))


def random_state(saved: Checkpoint, config: TrainConfig, ranks: Ranks, device: torch.device) -> dict[str, Any]:
    """This process's own from a checkpoint; of one that was not there then, a fresh one."""
    states: list[dict[str, Any]] = [saved.state["random"], *saved.state.get("random_of_others", ())]
    if len(states) != ranks.count and ranks.first:
        there = len(states)
        log.warning("%d processes go on with what %d began: equal but for rounding and dropout", ranks.count, there)
    if ranks.rank < len(states):
        return states[ranks.rank]
    rng.seed_rank(config.seed, ranks.rank, saved.progress.step)
    return rng.capture(device)
