"""The model of the digits recipe."""

from __future__ import annotations

import math
from collections.abc import Sequence

from torch import nn


def mlp(
    inputs: int | Sequence[int], classes: int, hidden: int = 64, layers: int = 1, dropout: float = 0.0
) -> nn.Module:
    """A multilayer perceptron: ``(batch, *inputs)`` -> logits ``(batch, classes)``.

    Args:
        inputs: number of features, or the shape of a row, which is flattened.
        classes: how many.
        hidden: width of each hidden layer.
        layers: how many hidden layers; 0 is a linear model.
        dropout: share of hidden units dropped while training.
    """
    width = inputs if isinstance(inputs, int) else math.prod(inputs)
    parts: list[nn.Module] = [nn.Flatten()]
    for _ in range(layers):
        parts += [nn.Linear(width, hidden), nn.ReLU(), nn.Dropout(dropout)]
        width = hidden
    return nn.Sequential(*parts, nn.Linear(width, classes))
