"""Paired tests over seeds: held to scipy's own, to numbers worked out by hand, and to what they promise."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from sweeps.take_home.paired import LEVEL, Paired, holm, mean_and_error, paired, seeds_needed


@pytest.mark.parametrize("pairs", [2, 3, 5, 30])
def test_a_paired_test_is_scipys(pairs):
    draw = np.random.default_rng(pairs)
    ours, theirs = draw.normal(0.9, 0.02, pairs), draw.normal(0.88, 0.02, pairs)
    found, known = paired(ours.tolist(), theirs.tolist()), stats.ttest_rel(ours, theirs)
    assert found.p == pytest.approx(known.pvalue, rel=1e-10)
    for confidence in (0.95, 0.975):
        low, high = known.confidence_interval(confidence)
        assert found.interval(confidence) == pytest.approx((low, high), rel=1e-10)
    assert found.difference == pytest.approx((ours - theirs).mean())
    assert found.error == pytest.approx(stats.sem(ours - theirs))


def test_numbers_worked_out_by_hand():
    # Differences 1, 2, 3: mean 2, deviation 1, error 1/sqrt(3), t = 2 sqrt(3); with 2 degrees of freedom the two-sided
    # p is 1 - t / sqrt(t^2 + 2).
    found = paired([2.0, 4.0, 6.0], [1.0, 2.0, 3.0])
    assert (found.difference, found.error) == pytest.approx((2.0, 1 / math.sqrt(3)))
    assert found.p == pytest.approx(1 - math.sqrt(12 / 14))
    assert mean_and_error([1.0, 2.0, 3.0]) == pytest.approx((2.0, 1 / math.sqrt(3)))
    assert mean_and_error([1.5]) == (1.5, None)
    assert mean_and_error([]) == (None, None)


def test_fewer_than_two_pairs_are_no_test():
    assert paired([0.9], [0.8]).p is None
    assert paired([0.9], [0.8]).interval(0.95) is None
    assert paired([], []) == Paired(0)


def test_differences_without_any_spread_are_no_test_and_equal_values_are_equal():
    rows = (330, 333, 354)
    same, better = [count / 360 for count in rows], [(count + 1) / 360 for count in rows]
    one_row = 1 / 360  # by one row each, but for rounding
    assert len({a - b for a, b in zip(better, same, strict=True)}) > 1
    assert paired(better, same).p is None
    assert paired(better, same).difference == pytest.approx(one_row)
    assert paired(same, same).p == 1.0


@pytest.mark.parametrize(
    ("given", "corrected", "held"),
    [
        # 3 x 0.01, 2 x 0.02, 1 x 0.03 but not below the one before
        ([0.03, 0.01, 0.02], [0.04, 0.03, 0.04], [0.05, 0.05 / 3, 0.025]),
        # The second fails, so the third is held to its level too.
        ([0.01, 0.03, 0.04], [0.03, 0.06, 0.06], [0.05 / 3, 0.025, 0.025]),
        ([0.5, 0.9], [1.0, 1.0], [0.025, 0.025]),
        ([0.04], [0.04], [0.05]),
        ([], [], []),
    ],
)
def test_holms_correction(given, corrected, held):
    found = holm(given)
    assert [p for p, _ in found] == pytest.approx(corrected)
    assert [level for _, level in found] == pytest.approx(held)


def test_holm_is_what_its_definition_says_whatever_the_values():
    """Holm 1979: reject in the order of p while p_(i) <= level / (m - i + 1)."""
    draw = np.random.default_rng(0)
    for count in (1, 2, 3, 6):
        for _ in range(200):
            given = draw.beta(0.3, 3, count)
            rejected = np.zeros(count, dtype=bool)
            for rank, place in enumerate(np.argsort(given)):
                if given[place] > LEVEL / (count - rank):
                    break
                rejected[place] = True
            found = holm(given.tolist())
            assert [p <= LEVEL for p, _ in found] == rejected.tolist()
            assert [p <= level for p, (_, level) in zip(given, found, strict=True)] == rejected.tolist()


def test_an_interval_leaves_out_zero_exactly_where_the_difference_is_told_apart():
    draw = np.random.default_rng(1)
    told = 0
    for _ in range(200):
        winner = draw.normal(0.9, 0.02, 5)
        tests = [paired(winner.tolist(), draw.normal(0.86, 0.02, 5).tolist()) for _ in range(3)]
        for test, (corrected, level) in zip(tests, holm([one.p for one in tests]), strict=True):
            low, high = test.interval(1 - level)
            assert (low > 0 or high < 0) == (corrected <= LEVEL)
            told += corrected <= LEVEL
    assert 100 < told < 500


def test_equally_good_configurations_are_seldom_told_apart():
    """The one with the best mean is the winner, and compared with the next: at most 5% of such sweeps may fool us."""
    draw, fooled, sweeps = np.random.default_rng(2), 0, 2000
    for _ in range(sweeps):
        values = sorted(draw.normal(0.9, 0.02, (3, 5)).tolist(), key=sum, reverse=True)
        tests = [paired(values[0], other) for other in values[1:]]
        fooled += holm([one.p for one in tests])[0][0] <= LEVEL
    assert fooled / sweeps <= LEVEL


def test_how_many_seeds_would_do_is_how_many_do():
    test = Paired(5, 0.01, 0.006, 0.17)
    needed = seeds_needed(test)
    assert 10 < needed < 30
    draw, spread = np.random.default_rng(3), 0.006 * math.sqrt(5)
    differences = draw.normal(0.01, spread, (4000, needed))
    told = (stats.ttest_1samp(differences, 0, axis=1).pvalue <= LEVEL).mean()
    assert 0.77 < told < 0.84
    assert seeds_needed(Paired(5, 1e-6, 0.006, 0.99)) is None
    assert seeds_needed(Paired(1, 0.1)) is None
