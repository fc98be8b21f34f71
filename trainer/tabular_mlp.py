"""The model of tables: categories as embeddings, numbers as piecewise-linear codes, and a multilayer perceptron.

Sources: embeddings of categories beside numbers, Guo and Berkhahn 2016; their sizes, fastai's ``emb_sz_rule``; the
perceptron and its residual form, Gorishniy et al. 2021, "Revisiting Deep Learning Models for Tabular Data", sections
3.1 and 3.2; the codes of numbers, Gorishniy et al. 2022, "On Embeddings for Numerical Features in Tabular Deep
Learning", section 3.2, with quantiles as the bins' edges.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Literal

import torch
from torch import nn
from torch.nn import functional

Norm = Literal["none", "layer", "batch"]


def mlp(
    numbers: int,
    categories: Sequence[int],
    outputs: int,
    knots: Sequence[Sequence[float]] = (),
    hidden: int = 256,
    layers: int = 2,
    dropout: float = 0.1,
    norm: Norm = "none",
    residual: bool = False,
    numeric: Literal["piecewise", "standard"] = "piecewise",
    bins: int = 48,
    embedding_size: int | None = None,
) -> TabularMLP:
    """The model.

    Args:
        numbers: how many numbers a row has, scaled to mean 0 and standard deviation 1; indicators last.
        categories: how many ids each column of categories has.
        outputs: how many a row gets.
        knots: quantiles of each column of numbers, equally far apart, on the scale of the inputs; indicators have none.
        hidden: units of each layer.
        layers: how many.
        dropout: after each layer.
        norm: of each layer.
        residual: whether each layer adds to what came in.
        numeric: ``piecewise`` codes numbers by ``bins`` (at most 256), ``standard`` takes them as they are.
        bins: of each column.
        embedding_size: of every column of categories; by default ``embedding_rule``.

    Raises:
        ValueError: no layers or units, or an option that there is not.
    """
    for name, value, least in (("hidden", hidden, 1), ("layers", layers, 1), ("bins", bins, 1)):
        if value < least:
            raise ValueError(f"{name} must be at least {least}, got {value}")
    if norm not in ("none", "layer", "batch") or numeric not in ("piecewise", "standard"):
        raise ValueError(f"norm is none, layer or batch and numeric is piecewise or standard, got {norm}, {numeric}")
    sizes = [embedding_size or embedding_rule(count) for count in categories]
    embeddings = nn.ModuleList(_embedding(*shape) for shape in zip(categories, sizes, strict=True))
    codes = PiecewiseLinear(knots, bins) if numeric == "piecewise" and knots else None
    coded = codes.width if codes is not None else 0
    width = numbers + coded + sum(sizes)
    layer = _Residual if residual else _Plain
    first = [nn.Linear(width, hidden)] if residual else []
    inputs = [hidden if residual or index else width for index in range(layers)]
    body = nn.Sequential(*first, *(layer(count, hidden, dropout, norm) for count in inputs))
    last = [_norm(norm, hidden), nn.ReLU()] if residual else []
    return TabularMLP(embeddings, codes, body, nn.Sequential(*last, nn.Linear(hidden, outputs)))


def embedding_rule(count: int) -> int:
    """The size of an embedding of so many ids: ``min(600, round(1.6 * count ** 0.56))``, fastai's ``emb_sz_rule``."""
    return min(600, round(1.6 * math.pow(count, 0.56)))


class TabularMLP(nn.Module):
    """From numbers ``(rows, numbers)`` and ids ``(rows, categories)`` to ``(rows, outputs)``."""

    def __init__(
        self, embeddings: nn.ModuleList, codes: PiecewiseLinear | None, body: nn.Module, head: nn.Module
    ) -> None:
        super().__init__()
        self.embeddings, self.codes, self.body, self.head = embeddings, codes, body, head

    def forward(self, numbers: torch.Tensor, categories: torch.Tensor) -> torch.Tensor:
        """Numbers are float32, ids int64."""
        parts = [numbers if self.codes is None else self.codes(numbers)]
        parts += [embedding(categories[:, at]) for at, embedding in enumerate(self.embeddings)]
        out: torch.Tensor = self.head(self.body(torch.cat(parts, dim=1)))
        return out


class PiecewiseLinear(nn.Module):
    """Each number as how far it fills each bin of its column: 1 for those below it, 0 for those above; and as it is.

    The first and the last bin are open, so nothing is out of range. The numbers themselves stand beside their codes,
    which the paper does not do: where most values are the same, as with gains that few have, all others share a bin or
    two.
    """

    left: torch.Tensor
    size: torch.Tensor
    column: torch.Tensor
    low: torch.Tensor
    high: torch.Tensor

    def __init__(self, knots: Sequence[Sequence[float]], bins: int) -> None:
        super().__init__()
        left: list[float] = []
        size: list[float] = []
        column: list[int] = []
        low: list[float] = []
        high: list[float] = []
        for at, quantiles in enumerate(knots):
            most = len(quantiles) - 1
            count = min(bins, most)
            edges = sorted({float(quantiles[round(most * index / count)]) for index in range(count + 1)})
            # Many equal values make one edge of several; a column of one value has a single bin.
            edges = edges if len(edges) > 1 else [edges[0], edges[0] + 1.0]
            count = len(edges) - 1
            left += edges[:-1]
            size += [above - below for below, above in itertools.pairwise(edges)]
            column += [at] * count
            low += [float("-inf"), *[0.0] * (count - 1)]
            high += [*[1.0] * (count - 1), float("inf")]
        self.width = len(column)
        for name, values in (("left", left), ("size", size), ("low", low), ("high", high)):
            self.register_buffer(name, torch.tensor(values, dtype=torch.float32))
        self.register_buffer("column", torch.tensor(column, dtype=torch.int64))

    def forward(self, numbers: torch.Tensor) -> torch.Tensor:
        """``(rows, numbers)`` to ``(rows, bins of all columns + numbers)``."""
        filled = (numbers[:, self.column] - self.left) / self.size
        return torch.cat([filled.maximum(self.low).minimum(self.high), numbers], dim=1)


class _Plain(nn.Sequential):
    def __init__(self, inputs: int, hidden: int, dropout: float, norm: Norm) -> None:
        super().__init__(nn.Linear(inputs, hidden), _norm(norm, hidden), nn.ReLU(), nn.Dropout(dropout))


class _Residual(nn.Module):
    def __init__(self, inputs: int, hidden: int, dropout: float, norm: Norm) -> None:
        super().__init__()
        self.inner = nn.Sequential(
            _norm(norm, inputs),
            nn.Linear(inputs, hidden),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(hidden, inputs),
            nn.Dropout(dropout),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = x + self.inner(x)
        return out


class _BatchNorm(nn.BatchNorm1d):
    def forward(self, input: torch.Tensor) -> torch.Tensor:
        if self.training and len(input) == 1:
            # One row has no statistics of its own, and an epoch's last batch may be one row.
            return functional.batch_norm(
                input, self.running_mean, self.running_var, self.weight, self.bias, eps=self.eps
            )
        return super().forward(input)


def _norm(kind: Norm, width: int) -> nn.Module:
    if kind == "none":
        return nn.Identity()
    return nn.LayerNorm(width) if kind == "layer" else _BatchNorm(width)


def _embedding(count: int, size: int) -> nn.Embedding:
    """Uniform within ``1 / sqrt(size)`` as in Gorishniy et al. 2021; id 0, unknown, begins as nothing."""
    embedding = nn.Embedding(count, size)
    bound = size**-0.5
    with torch.no_grad():
        embedding.weight.uniform_(-bound, bound)
        embedding.weight[0] = 0.0
    return embedding
