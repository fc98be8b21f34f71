"""How much each parameter decides whether a trial is among the best: PED-ANOVA.

Watanabe, Bansal, Hutter: "PED-ANOVA: Efficiently Quantifying Hyperparameter Importance in Arbitrary Subspaces" (IJCAI
2023), with the weights of conditional parameters of "Conditional PED-ANOVA" (2026), as Optuna's
``PedAnovaImportanceEvaluator`` has it: a test holds the two equal. Ours works out many sets of best trials at once, so
that chance can be told from importance, and needs no second to be imported.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from search_spaces.choices import Categorical
from search_spaces.parameters import Float, Int, Parameter
from search_spaces.values import same

Numbers: TypeAlias = NDArray[np.float64]
Places: TypeAlias = NDArray[np.int64]

_CELLS = 50  # of a range
_LEAST_SPREAD = 0.5 / 1.64  # of a kernel, in cells: 90 percent of it lie within one
_TINY = 1e-12
_FEWEST = 2  # active trials


@dataclass(frozen=True)
class Column:
    """A parameter of all trials: the cell of each value ``(trials,)``, -1 where it is inactive, of ``size`` cells."""

    cells: Places
    size: int
    categorical: bool


def column_of(parameter: Parameter, values: Sequence[Any]) -> Column:
    """The column of a searched ``parameter``.

    Args:
        parameter: a range or choices.
        values: of each trial ``(value,)``, since ``None`` may be a choice too, or ``None`` where it is inactive.
    """
    if isinstance(parameter, Categorical):
        choices = parameter.choices
        places = [next((i for i, c in enumerate(choices) if one and same(one[0], c)), -1) for one in values]
        return Column(np.array(places, dtype=np.int64), len(choices), categorical=True)
    low, high = (float(end) for end in parameter.ends)
    log = bool(getattr(parameter, "log", False)) and low > 0
    size = _size(parameter, low, high)
    if size < 2:
        return Column(np.array([-1 if one is None else 0 for one in values], dtype=np.int64), 1, categorical=False)
    scale = math.log if log else float
    start, width = scale(low), (scale(high) - scale(low)) / (size - 1)

    def place(value: float) -> int:
        inside = min(max(float(value), low), high)
        return min(max(math.ceil((scale(inside) - start) / width - 0.5), 0), size - 1)

    return Column(np.array([-1 if one is None else place(one[0]) for one in values]), size, categorical=False)


def importances(columns: Sequence[Column], tops: NDArray[np.bool_]) -> Numbers:
    """The importance of each parameter for being in each of several sets of trials.

    Args:
        columns: of the parameters.
        tops: the sets ``(sets, trials)``, each of the same number of trials.

    Returns:
        ``(parameters, sets)``: at least 0, 0 where the set is no different from all trials.
    """
    return np.stack([_importance(column, tops) for column in columns]) if columns else np.zeros((0, len(tops)))


def _importance(column: Column, tops: NDArray[np.bool_]) -> Numbers:
    active = column.cells >= 0
    there = int(active.sum())
    if column.size < 2 or there < _FEWEST:
        return np.zeros(len(tops))
    cells = column.cells[active]
    counts = np.stack([np.bincount(cells[top[active]], minlength=column.size) for top in tops])
    best, size = counts.sum(axis=1), tops.sum(axis=1)
    density = _shares if column.categorical else _kernels
    everywhere = density(np.bincount(cells, minlength=column.size)[None, :])[0] + _TINY
    among = density(counts) + _TINY
    divergence = ((among / everywhere - 1) ** 2) @ everywhere
    weight = (best / size) ** 2 / (there / len(active)) * (size / len(active)) ** 2
    return np.where(best > 0, weight * divergence, 0.0)


def _kernels(counts: Places) -> Numbers:
    """Densities over the cells of a range ``(sets, cells)``: normal kernels by Scott's rule, and one wide prior."""
    from scipy.special import ndtr

    size = counts.shape[1]
    cells = np.arange(size)
    total = np.maximum(counts.sum(axis=1), 1)
    mean = counts @ cells / total
    squares = (counts * (cells[None, :] - mean[:, None]) ** 2).sum(axis=1)
    spread = np.sqrt(squares / np.maximum(total - 1, 1))
    sums = np.cumsum(counts, axis=1)
    first = np.argmax(sums >= np.maximum(total // 4, 1)[:, None], axis=1)
    third = np.argmax(sums > (total * 3 // 4)[:, None], axis=1)
    width = np.maximum(1.059 * np.minimum((third - first) / 1.34, spread) * total**-0.2, _LEAST_SPREAD)
    edges = np.arange(size + 1) - 0.5

    def normal(middles: Numbers, widths: Numbers) -> Numbers:
        below = ndtr((edges[None, :, None] - middles[None, None, :]) / widths[:, None, None])
        inside: Numbers = np.diff(below, axis=1) / (below[:, -1:, :] - below[:, :1, :])
        return inside

    own = np.einsum("sck,sk->sc", normal(cells.astype(float), width), counts.astype(float))
    prior = normal(np.array([(size - 1) / 2]), np.array([float(size)]))[:, :, 0]
    found: Numbers = (own + prior) / (counts.sum(axis=1)[:, None] + 1)
    return found


def _shares(counts: Places) -> Numbers:
    """Shares of choices ``(sets, choices)``, each smoothed by a prior that counts as one more observation."""
    size = counts.shape[1]
    prior = 1.0 / ((counts > 0).sum(axis=1)[:, None] + 1)  # of each kernel
    total = counts.sum(axis=1)[:, None]
    # An observed choice has a kernel of its own: itself, and the prior on all.
    own = (counts + total * prior) / (1 + size * prior)
    found: Numbers = (own + 1 / size) / (total + 1)
    return found


def _size(parameter: Parameter, low: float, high: float) -> int:
    if high <= low:
        return 1
    step: float | None = getattr(parameter, "step", None)
    if isinstance(parameter, Int) and parameter.log:
        return min(math.ceil(math.log2(high - low + 1)) + 1, _CELLS)
    if isinstance(parameter, Float | Int) and step and not parameter.log:
        return min(round((high - low) / step) + 1, _CELLS)
    return _CELLS
