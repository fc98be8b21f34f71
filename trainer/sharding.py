"""A model in parts: weights, gradients and the optimizer's state are spread over the processes, and each layer is put
together where it is computed. It is torch's ``fully_shard``, known as FSDP2 or ZeRO's third stage.

What is written down is whole: a checkpoint does not know whether the model was in parts.

Source: Zhao et al. 2023, "PyTorch FSDP: Experiences on Scaling Fully Sharded Data Parallel".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from trainer.errors import ConfigError

if TYPE_CHECKING:
    import torch

    from trainer.config import TrainConfig
    from trainer.ranks import Ranks

_WHOLE_MATRICES = ("adafactor", "muon")
"""Optimizers whose update of a weight depends on all of its matrix."""


def check(config: TrainConfig) -> None:
    """Refuse what a model in parts cannot do. Imports no torch.

    Raises:
        ConfigError: names the setting and the mend.
    """
    if config.sharding == "none":
        return
    mend = "or leave sharding out: each device then has the whole model"
    if config.optimizer in _WHOLE_MATRICES:
        message = f"{config.optimizer} looks at whole matrices, of which sharding: full leaves no process one"
        raise ConfigError("optimizer", message, f"take adamw, adam, sgd or lion, {mend}")
    if config.precision == "fp16":
        message = "'fp16' scales the loss by what is seen of all gradients, and sharding: full has parts of them"
        raise ConfigError("precision", message, f"take bf16, {mend}")
    for name, absent in (("ema", None), ("unfreeze_every", None), ("quantize", "none"), ("compile", False)):
        if (value := getattr(config, name)) != absent:
            raise ConfigError(name, f"{value!r} cannot be had with sharding: full", f"leave it out, {mend}")


def sharded(config: TrainConfig, ranks: Ranks) -> bool:
    """Whether this run's model is in parts.

    Raises:
        ConfigError: it is to be, and there are no others to share it with.
    """
    if config.sharding == "none":
        return False
    if ranks.alone:
        mend = "write resources: {gpus_per_trial: 2}, or leave it out"
        raise ConfigError("sharding", f"{config.sharding!r} means nothing to one process", mend)
    return True


def shard(model: torch.nn.Module, device: torch.device, count: int) -> None:
    """Spread a model over all processes, in place: a layer at a time, so that none ever has it whole on ``device``."""
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import fully_shard

    mesh = init_device_mesh(device.type, (count,))
    for module in (*_layers(model), model):
        fully_shard(module, mesh=mesh, reshard_after_forward=True)


def whole(tensor: torch.Tensor) -> torch.Tensor:
    """All of a tensor, put together from all processes, which must all ask; a whole one is returned as it is."""
    put_together = getattr(tensor, "full_tensor", None)
    found: torch.Tensor = tensor if put_together is None else put_together()
    return found


def fill(target: torch.Tensor, values: torch.Tensor) -> None:
    """Put the values of a whole tensor, which every process has, into one that may be in parts."""
    local = getattr(target, "to_local", None)
    if local is None:
        target.copy_(values)
    else:
        local().copy_(_part(target, values))


def in_parts(model: torch.nn.Module) -> bool:
    """Whether a model's weights are."""
    return any(hasattr(parameter, "full_tensor") for parameter in model.parameters())


def whole_state(optimizer: torch.optim.Optimizer, *, keep: bool) -> dict[str, Any]:
    """An optimizer's state as if its weights were whole, on the CPU; all processes must ask.

    ``keep``: whether this process wants it; others get only what is small.
    """
    state = optimizer.state_dict()
    return {**state, "state": {key: _whole_entries(entries, keep) for key, entries in state["state"].items()}}


def state_in_parts(optimizer: torch.optim.Optimizer, state: Mapping[str, Any]) -> dict[str, Any]:
    """What ``whole_state`` gave, for an optimizer whose weights may be in parts; else the same."""
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    if not any(hasattr(parameter, "full_tensor") for parameter in parameters):
        return dict(state)
    entries = {key: dict(_like(parameters[key], given)) for key, given in state["state"].items()}
    return {**state, "state": entries}


def _layers(model: torch.nn.Module) -> Iterator[torch.nn.Module]:
    """What is put together at once: the layers that transformers says must stay whole, or those in lists of modules.
    Inner ones first."""
    import torch

    named = set(getattr(model, "_no_split_modules", None) or ())
    listed = {id(one) for parent in model.modules() if isinstance(parent, torch.nn.ModuleList) for one in parent}
    for module in reversed(list(model.modules())):
        chosen = type(module).__name__ in named if named else id(module) in listed
        if chosen and module is not model and any(True for _ in module.parameters()):
            yield module


def _part(target: Any, values: torch.Tensor) -> torch.Tensor:
    # As torch cuts: along the first dimension, the last parts smaller or empty.
    mesh = target.device_mesh
    parts, rank = values.chunk(mesh.size()), mesh.get_local_rank()
    return parts[rank] if rank < len(parts) else values[:0]


def _whole_entries(entries: Mapping[str, Any], keep: bool) -> dict[str, Any]:
    import torch

    found = {}
    for name, value in entries.items():
        put_together = whole(value) if isinstance(value, torch.Tensor) else value
        if keep:
            found[name] = put_together.detach().cpu() if isinstance(value, torch.Tensor) else value
    return found


def _like(parameter: Any, entries: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    import torch

    for name, value in entries.items():
        if not hasattr(parameter, "full_tensor") or not isinstance(value, torch.Tensor) or value.ndim == 0:
            yield name, value
            continue
        from torch.distributed.tensor import DTensor

        local = _part(parameter, value).to(parameter.device)
        yield (
            name,
            DTensor.from_local(
                local,
                parameter.device_mesh,
                parameter.placements,
                run_check=False,
                shape=parameter.shape,
                stride=parameter.stride(),
            ),
        )
