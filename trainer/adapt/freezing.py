"""Frozen parts of a model, and parts that thaw while it trains."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from trainer.adapt.parts import Group, Parts
from trainer.errors import ConfigError

if TYPE_CHECKING:
    from trainer.config import TrainConfig


def frozen_groups(config: TrainConfig, parts: Parts) -> tuple[Group, ...]:
    """What ``freeze`` holds fast, from the top down: in this order gradual unfreezing lets it go.

    Raises:
        ConfigError: more layers than the model has, or nothing would be left to train.
    """
    layers, asked = parts.layers, config.freeze
    if isinstance(asked, int):
        if asked > len(layers):
            message = f"{asked} is more than the {len(layers)} layers of {config.model}"
            raise ConfigError("freeze", message, "layers that share their weights count once")
        groups = [*reversed(layers[:asked]), parts.embeddings]
    elif asked == "embeddings":
        groups = [parts.embeddings]
    else:
        top = (*parts.above, *(layers[-1] if layers else ()))
        groups = [top, *reversed(layers[:-1]), parts.embeddings]
    frozen = {id(parameter) for group in groups for parameter in group}
    every = [*parts.embeddings, *parts.above, *parts.head, *(p for layer in layers for p in layer)]
    if all(id(parameter) in frozen for parameter in every):
        message = f"{asked!r} leaves nothing to train: {config.model} has no new head for this task"
        raise ConfigError("freeze", message, "freeze the first n layers (freeze: n), or use peft: lora")
    return tuple(group for group in groups if group)


class Unfreezing:
    """Gradual unfreezing: one more group, from the top down, after each interval.

    What is frozen is a function of the number of updates done, so a resumed run needs no memory of it. Parameters that
    are still frozen get no gradient, and so neither a step nor decay.

    Args:
        groups: what is frozen at first, from the top down.
        interval: updates between two groups; need not be whole.

    Source: Howard and Ruder 2018, "Universal Language Model Fine-tuning for Text Classification", section 3.3; there
    the interval is an epoch.
    """

    def __init__(self, groups: Sequence[Group], interval: float) -> None:
        self._groups = groups
        self._points = [round(count * interval) for count in range(1, len(groups) + 1)]
        self._open = -1

    def at(self, step: int) -> None:
        """Freeze and thaw as it is to be for the update after ``step`` updates."""
        count = sum(point <= step for point in self._points)
        if count == self._open:
            return
        self._open = count
        for index, group in enumerate(self._groups):
            for parameter in group:
                parameter.requires_grad_(index < count)
