"""The Gaussian process held to scikit-learn's, its gradient to differences, its improvement to draws."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import Matern

from sweeps.search.acquisition import by_promise, expected_improvement
from sweeps.search.gaussian_process import Hyperparameters, Metric, Posterior, _loss, fit

RNG = np.random.default_rng(3)
POINTS = RNG.random((40, 3))
VALUES = np.sin(6 * POINTS[:, 0]) + POINTS[:, 1] ** 2
VALUES = (VALUES - VALUES.mean()) / VALUES.std()
ORDERED = Metric(np.zeros(3, dtype=bool))
EVEN = np.zeros(40)


def test_posterior_is_that_of_scikit_learn() -> None:
    lengths, noise = np.array([0.3, 0.7, 2.0]), 0.01
    ours = Posterior(ORDERED, Hyperparameters(lengths, noise, 0.0), POINTS, VALUES, EVEN)
    kernel = Matern(lengths, nu=2.5)
    theirs = GaussianProcessRegressor(kernel, alpha=noise + 1e-6, optimizer=None).fit(POINTS, VALUES)
    anywhere = RNG.random((25, 3))
    mean, sd = ours.at(anywhere)
    expected_mean, expected_sd = theirs.predict(anywhere, return_std=True)
    assert mean == pytest.approx(expected_mean, abs=1e-8)
    assert sd == pytest.approx(expected_sd, abs=1e-6)
    assert ours.fitted == pytest.approx(ours.mean(POINTS), abs=1e-9)


@pytest.mark.parametrize("unordered", [[False] * 3, [False, False, True]])
def test_gradient_is_that_of_differences(unordered: list[bool]) -> None:
    metric, coarse = Metric(np.array(unordered)), RNG.random(40)
    squares = metric.squares(POINTS.round(1), POINTS.round(1))
    theta, means, sds = RNG.normal(size=5) * 0.3, np.array([0.1, 0.2, 0.3, -3.0, -2.0]), np.full(5, 1.7)

    def loss(at: np.ndarray) -> float:
        return _loss(at, squares, VALUES, coarse, means, sds)[0]

    steps = 1e-5 * np.eye(5)
    differences = [(loss(theta + step) - loss(theta - step)) / 2e-5 for step in steps]
    assert _loss(theta, squares, VALUES, coarse, means, sds)[1] == pytest.approx(differences, abs=1e-6)


def test_what_does_not_matter_gets_a_long_length_scale() -> None:
    found = fit(ORDERED, POINTS, VALUES, EVEN)
    assert found.lengths[0] < found.lengths[1] < 0.2 * found.lengths[2]
    assert found.noise < 0.05


def test_noise_of_coarse_values_is_told_from_that_of_fine_ones() -> None:
    coarse = np.repeat([1.0, 0.0], 20)
    noisy = VALUES + coarse * np.random.default_rng(0).normal(size=40)
    found = fit(ORDERED, POINTS, noisy, coarse)
    assert found.extra > 5 * found.noise


def test_unordered_choices_are_equal_or_not_however_far_apart() -> None:
    metric = Metric(np.array([True]))
    correlations = metric.correlations(np.array([[0.1], [0.5], [0.9]]), np.array([[0.1]]), np.array([1.0]))
    assert correlations[0] == pytest.approx(1.0)
    assert correlations[1] == correlations[2] < 0.9
    assert metric.squares(np.array([[0.1], [0.9]]), np.array([[0.1], [0.5]])).tolist() == [[[0.0, 1.0], [1.0, 1.0]]]


def test_expected_improvement_is_the_mean_of_draws() -> None:
    mean, sd, best = np.array([0.3, -1.0, 2.0]), np.array([1.0, 0.5, 0.1]), 0.5
    draws = np.random.default_rng(1).normal(mean, sd, size=(400_000, 3))
    assert expected_improvement(mean, sd, best) == pytest.approx(np.maximum(draws - best, 0).mean(axis=0), abs=3e-3)


def test_of_candidates_that_promise_as_much_the_furthest_from_all_trials_comes_first() -> None:
    candidates = np.array([[0.1, 0.1, 0.1], [0.5, 0.5, 0.9], [0.5, 0.5, 0.3], [0.9, 0.9, 0.9]])
    promise, tried = np.array([1.0, 0.9, 0.95, 0.7]), np.array([[0.1, 0.1, 0.2], [0.5, 0.5, 0.2]])
    assert by_promise(candidates, promise, 1.0, ORDERED, tried).tolist() == [0, 2, 1, 3]
    assert by_promise(candidates, promise, 0.8, ORDERED, tried).tolist() == [1, 0, 2, 3]
    assert by_promise(candidates, promise, 0.6, ORDERED, tried).tolist() == [3, 1, 0, 2]
