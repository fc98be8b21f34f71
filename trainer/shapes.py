"""The shapes of a model's tensors, compared with those of a file."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import torch

Shapes = Mapping[str, tuple[int, ...]]


def shapes(model: torch.nn.Module) -> dict[str, tuple[int, ...]]:
    """Of all tensors that a model saves, by name."""
    return {name: tuple(tensor.shape) for name, tensor in model.state_dict().items() if torch.is_tensor(tensor)}


def tied(model: torch.nn.Module) -> dict[str, frozenset[str]]:
    """All names of each tensor that has several: a file holds it under one of them."""
    names: dict[tuple[int, tuple[int, ...]], list[str]] = {}
    for name, tensor in model.state_dict(keep_vars=True).items():
        if hasattr(tensor, "data_ptr"):
            names.setdefault((tensor.data_ptr() or id(tensor), tuple(tensor.shape)), []).append(name)
    return {name: frozenset(group) for group in names.values() for name in group}


def difference(fresh: Shapes, stored: Shapes, by_class: Collection[str], tied: Mapping[str, frozenset[str]]) -> str:
    """The first tensor that is not the same in both; empty where all are."""
    for name, shape in fresh.items():
        if name in by_class:
            continue
        if name not in stored:
            if not tied.get(name, frozenset()) & stored.keys():
                return f"it has no {name}"
        elif stored[name] != shape:
            return f"{name} has the shape {list(stored[name])} there and {list(shape)} here"
    lost = next((name for name in stored if name not in fresh), None)
    return f"nothing takes its {lost}" if lost else ""
