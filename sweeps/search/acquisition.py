"""Which of many candidates to try, by what a Gaussian process says of them."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr

from sweeps.search.gaussian_process import Metric


def expected_improvement(mean: np.ndarray, sd: np.ndarray, best: float) -> np.ndarray:
    """Mockus et al. 1978; Jones et al. 1998, equation 15: of maximisation, for points (m,)."""
    gap = (mean - best) / sd
    density = np.exp(-0.5 * np.square(gap)) / np.sqrt(2.0 * np.pi)
    improvement: np.ndarray = sd * (gap * ndtr(gap) + density)
    return improvement


def by_promise(
    candidates: np.ndarray, promise: np.ndarray, alike: float, metric: Metric, tried: np.ndarray
) -> np.ndarray:
    """Indices (m,) of candidates (m, dimensions), the most promising first.

    Those that promise at least ``alike`` times what the best one does are as good. They come in the order of their
    distances from the points that were tried (n, dimensions), the furthest first.
    """
    order = np.argsort(-promise, kind="stable")
    level = order[promise[order] >= alike * promise[order[0]]]
    apart = metric.squares(candidates[level], tried).sum(axis=0).min(axis=1)
    return np.concatenate([level[np.argsort(-apart, kind="stable")], order[len(level) :]])
