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


def test_a_value_is_the_score_of_the_first_report_at_or_past_a_rung_and_at_the_end_the_best() -> None:
    scores = told(("begin", 1, 0), ("report", 1, 1, 0.5), ("report", 1, 2, 0.9), ("report", 1, 4, 0.7))
    assert scores.trials[1].values == {1: 0.5, 3: 0.7}
    scores.end(1, Outcome.FINISHED)
    assert scores.trials[1].values == {1: 0.5, 3: 0.7, 4: 0.9}
    assert scores.order == [(1, 1), (1, 3), (1, 4)]


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


FIRST = {number: float(number) for number in range(30)}


def test_where_early_scores_foretell_late_ones_the_chosen_stay_ahead() -> None:
    scale = one_scale({1: FIRST, 3: dict(zip(range(29, 19, -1), np.linspace(0.9, 0.1, 10), strict=True))})
    after = [scale[number][0] for number in range(29, 19, -1)]
    assert after == sorted(after, reverse=True)
    assert np.mean(after) > max(scale[number][0] for number in range(18))
    assert scale[19][0] == pytest.approx(one_scale({1: FIRST})[19][0], rel=0.06)


def test_where_early_scores_mislead_they_count_little() -> None:
    many = one_scale({1: FIRST, 3: dict(zip(range(29, 14, -1), np.linspace(0.1, 0.9, 15), strict=True))})
    assert many[29][0] < 0 < many[15][0]  # who was first is last
    assert all(abs(many[number][0]) < 0.4 for number in range(15))  # nobody knows of those who stayed behind
    assert many[14][0] >= many[0][0]


def test_a_few_surprises_are_not_believed_at_once() -> None:
    few = one_scale({1: FIRST, 3: {29: 0.1, 28: 0.2, 27: 0.3}})
    assert few[29][0] > 0
    assert few[26][0] > few[10][0]


def test_one_trial_alone_at_a_rung_keeps_most_of_its_value() -> None:
    first = {1: 0.1, 2: 0.2, 3: 0.3}
    before, (after, rung) = one_scale({1: first})[3][0], one_scale({1: first, 3: {3: 0.9}})[3]
    assert rung == 3
    assert 0.8 * before < after < before
