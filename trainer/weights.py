"""The weights of a checkpoint: all of a model's, or only those that a run can change."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_model, save_file, save_model

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


def save_weights(model: torch.nn.Module, path: Path, frozen: Frozen | None) -> None:
    """Write them as safetensors; tied weights once.

    Raises:
        OSError: the disk is full or read-only.
    """
    try:
        if frozen is None:
            save_model(model, path)
        else:
            tensors = {name: tensor.detach().contiguous() for name, tensor in _kept(model, frozen).items()}
            # One entry only: safetensors writes several in any order, and equal runs shall write equal files.
            save_file(tensors, path, metadata={_DIGEST: frozen.origin.digest})
    except SafetensorError as error:
        # The library wraps the system's error; a full disk must read as one to whoever handles it.
        raise OSError(f"{path}: cannot be written ({error})") from error


def load_weights(path: Path, model: torch.nn.Module, frozen: Frozen | None) -> None:
    """Put what ``save_weights`` wrote into a model of the same shape, on the device where it is.

    Raises:
        ResumeError: missing, unreadable, of another architecture, or trained over other frozen weights.
    """
    try:
        if frozen is None:
            load_model(model, path, strict=True)
        else:
            _load_kept(path, model, frozen)
    except (OSError, RuntimeError, SafetensorError) as error:
        if isinstance(error, ResumeError):
            raise
        raise ResumeError(f"{path}: does not fit the model ({error})") from error


def _load_kept(path: Path, model: torch.nn.Module, frozen: Frozen) -> None:
    targets = _kept(model, frozen)
    with safe_open(path, "pt") as file:
        names = set(file.keys())
        if names != set(targets):
            odd = sorted(names ^ set(targets))
            raise ResumeError(
                f"{path}: does not fit the model ({len(odd)} weights are in one of them only: {odd[0]}, ...)"
            )
        if (file.metadata() or {}).get(_DIGEST) != frozen.origin.digest:
            raise ResumeError(f"{path}: was trained over other frozen weights; the base model has changed since")
        tensors = {name: file.get_tensor(name) for name in names}
    for name, tensor in tensors.items():
        if (tensor.shape, tensor.dtype) != (targets[name].shape, targets[name].dtype):
            raise ResumeError(f"{path}: does not fit the model ({name} is of another shape)")
    with torch.no_grad():
        for name, tensor in tensors.items():
            targets[name].copy_(tensor)


def _kept(model: torch.nn.Module, frozen: Frozen) -> dict[str, torch.Tensor]:
    tensors = [*model.named_parameters(), *model.named_buffers()]
    return {name: tensor for name, tensor in tensors if name in frozen.kept}


def _buffers(model: torch.nn.Module) -> set[str]:
    return {
        f"{prefix}.{name}" if prefix else name
        for prefix, module in model.named_modules()
        for name, buffer in module._buffers.items()
        if buffer is not None and name not in module._non_persistent_buffers_set
    }
