"""Regret at a budget, its interval, ranks, and whether a difference is one."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
BEFORE = 1.0  # regret while nothing has reported: that of the median configuration
VALIDATION, TEST = 1, 2  # columns of a path


def regret_at(path: Sequence[Sequence[float]], budget: float, column: int = VALIDATION) -> float:
    """The regret of the incumbent when ``budget`` was spent. ``path``: rows of spent, validation, test."""
    known = [point[column] for point in path if point[0] <= budget + 1e-9]
    return known[-1] if known else BEFORE


def bootstrap(values: Numbers, *, draws: int = 2000, seed: int = 0, level: float = 0.95) -> tuple[float, float]:
    """A percentile interval of the mean over tasks and seeds.

    Args:
        values: ``(tasks, seeds)``; NaN where a seed was not measured. Tasks are drawn with replacement, and within
            each drawn task its seeds: so the interval is for other tasks than these too.
        draws: how many times.
        seed: of the drawing.
        level: how much of the distribution lies inside.
    """
    rng = np.random.default_rng(seed)
    values = np.sort(values[~np.isnan(values).all(axis=1)], axis=1)  # what is measured first, NaN last
    tasks, seeds = values.shape
    counts = np.count_nonzero(~np.isnan(values), axis=1)
    rows = rng.integers(tasks, size=(draws, tasks))
    weights = np.where(np.arange(seeds) < counts[rows][:, :, None], 1.0, np.nan)  # as many draws as a task has seeds
    columns = (rng.random((draws, tasks, seeds)) * counts[rows][:, :, None]).astype(int)
    drawn = values[rows[:, :, None], columns] * weights
    means = np.nanmean(drawn.reshape(draws, -1), axis=1)
    tail = (1 - level) / 2
    low, high = np.quantile(means, [tail, 1 - tail])
    return float(low), float(high)


def ranks(values: Sequence[float]) -> list[float]:
    """From 1 for the smallest; those that tie share the mean of their ranks."""
    order = sorted(values)
    return [(2 * order.index(value) + order.count(value) + 1) / 2 for value in values]


def mean_ranks(regrets: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """The mean rank of each row over cases; ``regrets`` has all rows' regret in the same order of cases."""
    cases = zip(*regrets.values(), strict=True)
    return dict(zip(regrets, np.mean([ranks(case) for case in cases], axis=0).tolist(), strict=True))


def wilcoxon(one: Sequence[float], other: Sequence[float]) -> float:
    """The p-value of the paired two-sided signed-rank test; 1 where all pairs are equal."""
    from scipy.stats import wilcoxon as test

    if all(math.isclose(a, b, abs_tol=1e-12) for a, b in zip(one, other, strict=True)):
        return 1.0
    return float(test(one, other, zero_method="wilcox").pvalue)
