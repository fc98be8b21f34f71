"""The weights of a checkpoint: all of a model's, or only those that a run can change."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_model, save_file, save_model

from trainer import sharding
from trainer.errors import ResumeError

if TYPE_CHECKING:
    from trainer.adapt.origin import Origin

_DIGEST = "frozen"


@dataclass(frozen=True)
class Frozen:
    """Weights that a run never changes.

    Attributes:
        origin: where they come from; its digest goes into each checkpoint, so that none is completed by others.
        kept: names of the parameters and buffers that a checkpoint has to hold nevertheless.
    """

    origin: Origin
    kept: frozenset[str]

    @classmethod
    def of(cls, model: torch.nn.Module, origin: Origin) -> Self:
        """What ``model`` as it is now keeps: parameters that require a gradient, and buffers that it saves at all."""
        trained = {name for name, parameter in model.named_parameters() if parameter.requires_grad}
        return cls(origin, frozenset(trained | _buffers(model)))


def stored_buffers(model: torch.nn.Module) -> list[torch.Tensor]:
    """Those that a model saves: statistics of what it has seen. Others are made anew, and never change."""
    names = _buffers(model)
    return [tensor for name, tensor in model.named_buffers() if name in names]


def gathered(model: torch.nn.Module, frozen: Frozen | None, *, keep: bool) -> dict[str, torch.Tensor]:
    """The weights of a model in parts, whole and on the CPU; tied ones once. All processes must ask at once.

    ``keep``: whether this process wants them; others get nothing.
    """
    found: dict[str, torch.Tensor] = {}
    for name, tensor in _stored(model, frozen).items():
        put_together = sharding.whole(tensor.detach())
        if keep:
            found[name] = put_together.cpu().contiguous()
    return found


def save_weights(
    model: torch.nn.Module, path: Path, frozen: Frozen | None, whole: Mapping[str, torch.Tensor] | None = None
) -> None:
    """Write them as safetensors; tied weights once. ``whole`` are those of a model in parts, from ``gathered``.

    Raises:
        OSError: the disk is full or read-only.
    """
    try:
        if frozen is None and whole is None:
            save_model(model, path)
            return
        tensors = whole or {name: tensor.detach().contiguous() for name, tensor in _stored(model, frozen).items()}
        # One entry only: safetensors writes several in any order, and equal runs shall write equal files.
        save_file(dict(tensors), path, metadata={_DIGEST: frozen.origin.digest} if frozen is not None else None)
    except SafetensorError as error:
        # The library wraps the system's error; a full disk must read as one to whoever handles it.
        raise OSError(f"{path}: cannot be written ({error})") from error


def load_weights(path: Path, model: torch.nn.Module, frozen: Frozen | None) -> None:
    """Put what ``save_weights`` wrote into a model of the same shape, on the device where it is.

    Raises:
        ResumeError: missing, unreadable, of another architecture, or trained over other frozen weights.
    """
    try:
        if frozen is None and not sharding.in_parts(model):
            load_model(model, path, strict=True)
        else:
            _load_stored(path, model, frozen)
    except (OSError, RuntimeError, SafetensorError) as error:
        if isinstance(error, ResumeError):
            raise
        raise ResumeError(f"{path}: does not fit the model ({error})") from error


def _load_stored(path: Path, model: torch.nn.Module, frozen: Frozen | None) -> None:
    targets = _stored(model, frozen)
    with safe_open(path, "pt") as file:
        names = set(file.keys())
        if frozen is None:
            targets = _under_names_of(names, model, targets)
        if names != set(targets):
            odd = sorted(names ^ set(targets))
            raise ResumeError(
                f"{path}: does not fit the model ({len(odd)} weights are in one of them only: {odd[0]}, ...)"
            )
        if frozen is not None and (file.metadata() or {}).get(_DIGEST) != frozen.origin.digest:
            raise ResumeError(f"{path}: was trained over other frozen weights; the base model has changed since")
        tensors = {name: file.get_tensor(name) for name in names}
    for name, tensor in tensors.items():
        if (tensor.shape, tensor.dtype) != (targets[name].shape, targets[name].dtype):
            raise ResumeError(f"{path}: does not fit the model ({name} is of another shape)")
    with torch.no_grad():
        for name, tensor in tensors.items():
            sharding.fill(targets[name], tensor)


def _stored(model: torch.nn.Module, frozen: Frozen | None) -> dict[str, torch.Tensor]:
    """What a checkpoint holds, by name; tied weights under their first."""
    parameters = dict(model.named_parameters())
    kept = frozen.kept if frozen is not None else parameters.keys() | _buffers(model)
    return {name: tensor for name, tensor in (*parameters.items(), *model.named_buffers()) if name in kept}


def _under_names_of(
    names: Collection[str], model: torch.nn.Module, targets: Mapping[str, torch.Tensor]
) -> dict[str, torch.Tensor]:
    """The same tensors, tied ones under that of their names which a file has for them."""
    tied: dict[int, str] = {}
    for name, parameter in model.named_parameters(remove_duplicate=False):
        if name in names:
            tied[id(parameter)] = name
    return {tied.get(id(tensor), name): tensor for name, tensor in targets.items()}


def _buffers(model: torch.nn.Module) -> set[str]:
    return {
        f"{prefix}.{name}" if prefix else name
        for prefix, module in model.named_modules()
        for name, buffer in module._buffers.items()
        if buffer is not None and name not in module._non_persistent_buffers_set
    }
