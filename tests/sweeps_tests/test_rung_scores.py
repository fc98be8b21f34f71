"""Scores at different rungs: which count, and how they come on one scale."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import norm

from sweeps.search import Outcome
from sweeps.search.rung_scores import RungScores, one_scale


def told(*events: tuple[str, int, object, float] | tuple[str, int, object]) -> RungScores:
    scores = RungScores((1, 3, 9))
    for kind, number, *rest in events:
        if kind == "begin":
            scores.begin(number)
        elif kind == "end":
            scores.end(number, rest[0])  # type: ignore[arg-type]
        else:
            scores.report(number, *rest)  # type: ignore[arg-type]
    return scores


def test_a_value_is_the_best_score_so_far_at_the_first_report_at_or_past_a_rung() -> None:
    scores = told(("begin", 1, 0), ("report", 1, 1, 0.5), ("report", 1, 2, 0.9), ("report", 1, 4, 0.7))
    assert scores.trials[1].values == {1: 0.5, 3: 0.9}
    assert scores.order == [(1, 1), (1, 3)]


def test_several_rungs_at_once_count_as_the_highest_and_repeated_or_infinite_reports_do_not() -> None:
    scores = told(("begin", 1, 0), ("report", 1, 4, 0.5), ("report", 1, 4, 0.9), ("report", 1, 9, math.nan))
    assert scores.trials[1].values == {3: 0.5}


def test_a_trial_that_finished_counts_at_its_end_and_a_failed_one_nowhere() -> None:
    scores = told(
        ("begin", 1, 0), ("report", 1, 1, 0.5), ("report", 1, 5, 0.6), ("end", 1, Outcome.FINISHED),
        ("begin", 2, 0), ("report", 2, 1, 0.5), ("end", 2, Outcome.FAILED),
        ("begin", 3, 0), ("report", 3, 1, 0.4), ("end", 3, Outcome.STOPPED), ("report", 3, 3, 0.9),
    )  # fmt: skip
    assert scores.trials[1].values == {1: 0.5, 3: 0.6, 5: 0.6}
    assert scores.trials[2].values == {}
    assert scores.trials[3].values == {1: 0.4}
    assert scores.order == [(1, 1), (1, 3), (1, 5), (3, 1)]


def test_where_ranks_count_values_are_normal_scores_whatever_the_outliers() -> None:
    scale = one_scale({1: {1: 0.1, 2: -1e9, 3: 0.2, 4: 0.1}}, ranked=1)
    expected = norm.ppf([0.5, 0.125, 0.875, 0.5])
    assert [scale[number][0] for number in (1, 2, 3, 4)] == pytest.approx(list(expected))
    assert {rung for _, rung in scale.values()} == {1}


def test_elsewhere_good_scores_keep_their_distances_and_outliers_come_closer() -> None:
    scores = {number: number / 10 for number in range(1, 10)} | {10: -1e9}
    values = {number: value for number, (value, _) in one_scale({1: scores}).items()}
    assert np.mean(list(values.values())) == pytest.approx(0.0)
    assert np.std(list(values.values())) == pytest.approx(1.0)
    assert values[9] - values[8] == pytest.approx(values[8] - values[7])
    assert list(values) == list(scores)
    assert values[10] < values[1] < values[2]
    assert values[1] - values[10] < 20 * (values[9] - values[5])
    assert one_scale({1: {1: 0.5, 2: 0.5}}) == {1: (0.0, 1), 2: (0.0, 1)}


def test_the_chosen_keep_their_mean_and_their_spread_at_the_next_rung() -> None:
    first = {number: float(number) for number in range(30)}
    below = one_scale({1: first})
    scale = one_scale({1: first, 3: {29: 0.5, 28: 0.9, 27: 0.7, 20: 0.1}})
    before = np.array([below[number][0] for number in (29, 28, 27, 20)])
    after = np.array([scale[number][0] for number in (29, 28, 27, 20)])
    assert after.mean() == pytest.approx(before.mean())
    assert list(np.argsort(-after)) == [1, 2, 0, 3]
    assert min(after) > max(below[number][0] for number in range(15))
    assert scale[5] == below[5]


def test_one_trial_alone_at_a_rung_keeps_its_place() -> None:
    first = {1: 0.1, 2: 0.2, 3: 0.3}
    assert one_scale({1: first, 3: {3: 0.9}})[3] == (one_scale({1: first})[3][0], 3)
