"""Parameter groups: what is decayed, and by how much the learning rate of each part differs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from trainer.optim.layers import head_names, heights

if TYPE_CHECKING:
    from trainer.config import TrainConfig

SCALE = "lr_scale"
"""A group's key: its learning rate is that of the run times this."""


def parameter_groups(
    model: torch.nn.Module, config: TrainConfig, apart: frozenset[str] = frozenset()
) -> list[dict[str, Any]]:
    """The parameters that require a gradient, for an optimizer of torch.

    Biases and the weights of norms (everything with fewer than two dimensions) are not decayed; embeddings are, as by
    transformers' ``Trainer``. ``layer_decay`` and ``head_learning_rate`` give groups a scale. Which groups there are
    depends on which settings are given and never on their values, so a checkpoint fits a run with others.

    Args:
        model: on whatever device.
        config: the settings.
        apart: names of parameters that are in groups of their own.

    Returns:
        Groups with ``params``, ``weight_decay``, ``lr_scale`` and ``apart``.

    Raises:
        ConfigError: the model has no layers or no head to tell apart.
    """
    below = heights(model) if config.layer_decay is not None else {}
    head = head_names(model) if config.head_learning_rate is not None else frozenset()
    groups: dict[tuple[bool, bool, int, bool], dict[str, Any]] = {}
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        decayed, height = parameter.ndim > 1, below.get(name, 0)
        group = {
            "params": [],
            "weight_decay": config.weight_decay if decayed else 0.0,
            SCALE: _scale(config, height, name in head),
            "apart": name in apart,
        }
        key = (not decayed, name in head, height, name in apart)
        groups.setdefault(key, group)["params"].append(parameter)
    return [groups[key] for key in sorted(groups)]


def _scale(config: TrainConfig, height: int, head: bool) -> float:
    if head and config.head_learning_rate is not None:
        return config.head_learning_rate / config.learning_rate
    return config.layer_decay**height if config.layer_decay is not None else 1.0
