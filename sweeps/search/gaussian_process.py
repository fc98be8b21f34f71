"""A small Gaussian process: exact, for some hundreds of points, with priors that suit few of them.

Matérn-5/2 kernel with a length scale for each dimension, unit signal variance (scores come standardised), and noise
that may differ between points. Length scales and noise are the most probable ones under log-normal priors; those of
length scales grow with the number of dimensions, as Hvarfner et al. 2024 propose, "Vanilla Bayesian Optimization
Performs Great in High Dimensions". For the rest see Rasmussen and Williams 2006, "Gaussian Processes for Machine
Learning", chapters 2 and 5.

Where something is believed of the function beforehand (`Trend`), the process describes what that leaves open, and its
signal variance is fitted too: their section 2.7, explicit basis functions.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve, solve_triangular
from scipy.optimize import minimize
from scipy.spatial.distance import cdist

from sweeps.search.trend import Trend

Array = np.ndarray

_SQRT5 = math.sqrt(5.0)
_JITTER = 1e-6
_SAME = 1e-9  # two choices that differ by less in the unit interval are one
_STEPS = 40  # of the optimiser; most fits need fewer
# Log-normal priors: mean and standard deviation of the logarithm.
_LENGTH_SD = math.sqrt(3.0)
_NOISE = (-4.0, 1.5)
_EXTRA_NOISE = (-2.0, 1.5)
_VARIANCE = (math.log(0.5), 1.0)


@dataclass(frozen=True)
class Hyperparameters:
    """Length scales ``(dimensions,)``, noise variance, and what is added to it for points of the lowest fidelity.

    ``variance`` is the signal's; ``loss`` how improbable they are, as a negative log posterior: what compares models of
    the same values.
    """

    lengths: Array
    noise: float
    extra: float
    variance: float = 1.0
    loss: float = math.nan

    def variances(self, coarse: Array) -> Array:
        """The noise variance of each point; ``coarse`` (points,) is 1 at the lowest fidelity and 0 at the highest."""
        return self.noise + self.extra * coarse + _JITTER


class Metric:
    """Differences between points of the unit cube, dimension by dimension: unordered choices are equal or not.

    Args:
        unordered: (dimensions,) whether a dimension is a choice without an order.
    """

    def __init__(self, unordered: Array) -> None:
        self._unordered = unordered

    def correlations(self, a: Array, b: Array, lengths: Array) -> Array:
        """Matérn-5/2 correlations (n, m) of points ``a`` (n, dimensions) and ``b`` (m, dimensions)."""
        ordered = ~self._unordered
        squares = cdist(a[:, ordered] / lengths[ordered], b[:, ordered] / lengths[ordered], "sqeuclidean")
        for j in np.flatnonzero(self._unordered):
            squares += (np.abs(a[:, j, None] - b[None, :, j]) > _SAME) / lengths[j] ** 2
        distance = _SQRT5 * np.sqrt(squares)
        correlations: Array = (1.0 + distance + np.square(distance) / 3.0) * np.exp(-distance)
        return correlations

    def squares(self, a: Array, b: Array) -> Array:
        """Squared differences (dimensions, n, m) of points ``a`` (n, dimensions) and ``b`` (m, dimensions)."""
        gaps = a.T[:, :, None] - b.T[:, None, :]
        squares: Array = np.square(gaps)
        if self._unordered.any():
            squares[self._unordered] = (np.abs(gaps[self._unordered]) > _SAME).astype(float)
        return squares


def fit(metric: Metric, points: Array, values: Array, coarse: Array, trend: Trend | None = None) -> Hyperparameters:
    """The most probable hyperparameters.

    Args:
        metric: of the space.
        points: (n, dimensions) in the unit cube.
        values: (n,) standardised.
        coarse: (n,) from 1, the lowest fidelity, to 0.
        trend: what is believed at the points.
    """
    squares = metric.squares(points, points)
    dimensions = points.shape[1]
    # Most probable are length scales themselves, as in the paper, not their logarithms: a log-normal density has its
    # mode below its median, by the variance. At the median (11.6 in 8 dimensions) all functions would be nearly linear,
    # and a search driven to the corners.
    length = math.sqrt(2.0) + 0.5 * math.log(dimensions) - _LENGTH_SD**2
    priors = [(length, _LENGTH_SD)] * dimensions + [_NOISE, _EXTRA_NOISE]
    start = [math.log(0.5) + 0.5 * math.log(dimensions)] * dimensions + [-3.0, -2.0]
    bounds = [(math.log(0.02), math.log(200.0))] * dimensions + [(-12.0, 1.0)] * 2
    fixed = None
    if trend is not None:
        values, fixed = values - trend.mean, trend.covariance(trend)
        priors, start, bounds = [*priors, _VARIANCE], [*start, _VARIANCE[0]], [*bounds, (-6.0, 2.0)]
    means, sds = np.array([mean for mean, _ in priors]), np.array([sd for _, sd in priors])

    def loss(theta: Array) -> tuple[float, Array]:
        return _loss(theta, squares, values, coarse, means, sds, fixed)

    found = minimize(loss, np.array(start), jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": _STEPS})
    lengths, (noise, extra, *variance) = np.exp(found.x[:dimensions]), map(math.exp, found.x[dimensions:])
    return Hyperparameters(lengths, noise, extra, variance[0] if variance else 1.0, float(found.fun))


def _loss(
    theta: Array, squares: Array, values: Array, coarse: Array, means: Array, sds: Array, fixed: Array | None = None
) -> tuple[float, Array]:
    """Negative log posterior and its gradient in the logarithms of the hyperparameters.

    ``fixed`` (n, n) is a covariance that comes from beliefs; without it the signal variance is 1.
    """
    dimensions = len(squares)
    lengths, noise, extra = np.exp(theta[:dimensions]), math.exp(theta[dimensions]), math.exp(theta[dimensions + 1])
    scaled = squares / np.square(lengths)[:, None, None]
    distance = _SQRT5 * np.sqrt(scaled.sum(axis=0))
    decay = np.exp(-distance)
    if fixed is not None:
        decay *= math.exp(theta[-1])
    signal = (1.0 + distance + np.square(distance) / 3.0) * decay
    covariance = signal if fixed is None else signal + fixed
    covariance[np.diag_indices_from(covariance)] += noise + extra * coarse + _JITTER
    factor = cho_factor(covariance, lower=True, check_finite=False)
    weights = cho_solve(factor, values, check_finite=False)
    inverse = cho_solve(factor, np.eye(len(values)), check_finite=False)
    # d log p / d K, whose products with dK / d theta are the gradient (Rasmussen and Williams, equation 5.9).
    slope = 0.5 * (np.outer(weights, weights) - inverse)
    # dK / d log length_j = 5/3 (1 + distance) exp(-distance) * scaled_j
    shape = slope * (5.0 / 3.0) * (1.0 + distance) * decay
    gradient = np.concatenate(
        [
            np.tensordot(scaled, shape, axes=([1, 2], [0, 1])),
            [noise * np.trace(slope), extra * np.dot(np.diag(slope), coarse)],
            [] if fixed is None else [np.sum(slope * signal)],
        ]
    )
    likelihood = -0.5 * values @ weights - np.log(np.diag(factor[0])).sum()
    deviation = (theta - means) / sds
    return float(-likelihood + 0.5 * deviation @ deviation), -gradient + deviation / sds


class Posterior:
    """What the process knows after its data: mean and variance anywhere.

    Where it was given a trend, it has to be asked with what that believes of the points in question.

    Attributes:
        fitted: mean (n,) of the function at the data's own points.
        learnt: means (k,) of the trend's weights after the data; empty without one.

    Args:
        metric: of the space.
        given: the hyperparameters.
        points: (n, dimensions).
        values: (n,).
        coarse: (n,) from 1, the lowest fidelity, to 0.
        trend: what was believed of the points.
    """

    def __init__(
        self,
        metric: Metric,
        given: Hyperparameters,
        points: Array,
        values: Array,
        coarse: Array,
        trend: Trend | None = None,
    ) -> None:
        self._metric, self._given, self._points, self._trend = metric, given, points, trend
        covariance = given.variance * metric.correlations(points, points, given.lengths)
        if trend is not None:
            covariance += trend.covariance(trend)
        noise = given.variances(coarse)
        covariance[np.diag_indices_from(covariance)] += noise
        self._factor = cho_factor(covariance, lower=True, check_finite=False)
        left = values if trend is None else values - trend.mean
        self._weights = cho_solve(self._factor, left, check_finite=False)
        # Of K (K + N)^-1 y = y - N (K + N)^-1 y the right side needs no further correlations.
        self.fitted = values - noise * self._weights
        self.learnt = (
            np.empty(0) if trend is None else trend.means + trend.variances * (trend.columns.T @ self._weights)
        )

    def mean(self, points: Array, trend: Trend | None = None) -> Array:
        """Mean (m,) of the function at ``points`` (m, dimensions); far cheaper than with the deviation."""
        cross = self._given.variance * self._metric.correlations(points, self._points, self._given.lengths)
        means: Array = cross @ self._weights
        if trend is not None:
            means += trend.columns @ self.learnt
        return means

    def at(self, points: Array, trend: Trend | None = None) -> tuple[Array, Array]:
        """Mean and standard deviation (m,) of the noiseless function at ``points`` (m, dimensions)."""
        cross = self._given.variance * self._metric.correlations(self._points, points, self._given.lengths)
        own: float | Array = self._given.variance
        believed: float | Array = 0.0
        if trend is not None and self._trend is not None:
            cross += self._trend.covariance(trend)
            own, believed = own + trend.spread, trend.mean
        mean = cross.T @ self._weights + believed
        half = solve_triangular(self._factor[0], cross, lower=True, check_finite=False)
        variance = np.maximum(own - np.square(half).sum(axis=0), 1e-12)
        return mean, np.sqrt(variance)
