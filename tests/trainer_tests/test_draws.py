"""Draws by place: uniform, and the same whenever and beside whomever they are drawn."""

from __future__ import annotations

import numpy as np
from scipy import stats

from trainer.draws import Draws


def test_are_uniform_and_uncorrelated() -> None:
    drawn = Draws(7, 3, np.arange(4000)).uniform("flip", 5)
    assert drawn.shape == (4000, 5)
    assert drawn.min() >= 0
    assert drawn.max() < 1
    assert stats.kstest(drawn.ravel(), "uniform").pvalue > 0.001
    correlations = np.corrcoef(drawn.T) - np.eye(5)
    assert np.abs(correlations).max() < 0.06


def test_steps_seeds_and_purposes_are_streams_of_their_own() -> None:
    rows = np.arange(2000)
    streams = [Draws(*place, rows).uniform(purpose)[:, 0] for place, purpose in PLACES]
    correlations = np.corrcoef(streams) - np.eye(len(streams))
    assert np.abs(correlations).max() < 0.09


PLACES = [((0, 0), "a"), ((0, 1), "a"), ((1, 0), "a"), ((0, 0), "b"), ((2**32 - 1, 10**9), "a")]


def test_a_row_draws_the_same_beside_any_others() -> None:
    whole = Draws(1, 2, np.array([5, 9, 0, 7])).uniform("crop", 6)
    part = Draws(1, 2, np.array([0, 9])).uniform("crop", 3)
    np.testing.assert_array_equal(part, whole[[2, 1], :3])


def test_neighbouring_rows_and_steps_do_not_overlap() -> None:
    """Row 1's second number is not row 2's first, as it would be in one long stream."""
    drawn = Draws(0, 0, np.arange(300)).uniform("a", 300)
    later = Draws(0, 1, np.arange(300)).uniform("a", 300)
    assert len(np.unique(np.stack([drawn, later]))) == 2 * 300 * 300


def test_no_rows_draw_nothing() -> None:
    assert Draws(0, 0, np.arange(0)).uniform("a", 3).shape == (0, 3)
