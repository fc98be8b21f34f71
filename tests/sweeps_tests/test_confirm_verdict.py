"""From repeats to a verdict: who wins, who is told apart, and in which words."""

from __future__ import annotations

from dataclasses import replace

import pytest
from scipy import stats

from sweeps.records.confirmation import Candidate, Confirmation, Repeat
from sweeps.records.record import SweepRecord
from sweeps.take_home.comparing import comparisons, in_order
from sweeps.take_home.paired import LEVEL, mean_and_error
from sweeps.views.confirmation import confirmation_view
from sweeps.views.show import plain
from sweeps.views.verdict import brief, remarks, verdict

CLEAR = {
    "t0001": [0.90, 0.91, 0.92, 0.90, 0.91],
    "t0002": [0.80, 0.82, 0.81, 0.80, 0.83],
    "t0003": [0.70, 0.69, 0.72, 0.71, 0.70],
}
CLOSE = {"t0001": [0.90, 0.92, 0.93, 0.91, 0.92], "t0002": [0.91, 0.90, 0.91, 0.91, 0.90]}


def candidate(trial, values, value=0.9, **more):
    """Without a value: a seed that failed."""
    repeats = tuple(
        Repeat(seed, one) if one is not None else Repeat(seed, None, "failed: out of luck")
        for seed, one in enumerate(values, start=1)
    )
    mean, error = mean_and_error([one for one in values if one is not None])
    return Candidate(trial, 1, value, repeats, mean, error, **more)


def confirmation_of(values, goal="maximize", **more):
    ranked = in_order([candidate(trial, given) for trial, given in values.items()], goal)
    seeds = tuple(range(1, len(next(iter(values.values()))) + 1))
    made = Confirmation(1, len(values), seeds, ranked, comparisons(ranked, goal), LEVEL)
    return replace(made, **more)


def test_the_best_mean_wins_and_clear_winners_are_told_apart():
    found = confirmation_of(CLEAR)
    assert found.winner.trial == "t0001"
    assert found.told_apart is True
    first, second = found.comparisons
    p = stats.ttest_rel(CLEAR["t0001"], CLEAR["t0002"]).pvalue
    assert (first.trial, first.p) == ("t0002", pytest.approx(p))
    # The larger of two p's that are both rejected stays what it is, but for being no less than twice the other.
    assert first.corrected == pytest.approx(max(p, 2 * second.p))
    assert (first.confidence, second.confidence) == (0.95, 0.975)
    assert first.low > 0
    text = verdict(found)
    assert text.startswith("t0001 is better than the runner-up t0002, by 0.096 (95% interval 0.08")
    assert "paired t over 5 seeds, Holm-corrected over 2 comparisons" in text


def test_the_smallest_mean_wins_where_the_metric_is_minimized():
    found = confirmation_of(CLEAR, "minimize")
    assert [one.trial for one in found.candidates] == ["t0003", "t0002", "t0001"]
    assert found.told_apart is True
    assert found.comparisons[0].difference == pytest.approx(-0.108)
    assert "t0003 is better than the runner-up t0002, by 0.108" in verdict(found)


def test_close_ones_are_not_told_apart_and_it_says_how_many_seeds_might_do():
    found = confirmation_of(CLOSE)
    assert found.told_apart is False
    low, high = found.comparisons[0].low, found.comparisons[0].high
    assert low < 0 < high
    text = verdict(found)
    assert text.startswith("t0001 is not told apart from t0002: 0.01 may be chance (95% interval ")
    needed = found.comparisons[0].needed
    assert needed > 5
    assert text.endswith(f"about {needed} seeds would tell such a difference in 4 of 5 cases")


def test_of_equals_the_one_that_was_better_in_the_sweep_wins():
    found = confirmation_of({"t0007": [0.5, 0.6], "t0002": [0.5, 0.6]})
    assert found.winner.trial == "t0007"
    assert found.told_apart is False
    assert found.comparisons[0].p == 1.0


def test_one_seed_is_no_test():
    found = confirmation_of({"t0001": [0.9], "t0002": [0.8]})
    assert (found.winner.trial, found.told_apart) == ("t0001", None)
    assert found.winner.error is None
    assert verdict(found) == (
        "t0001 has the best mean, and whether it is better than t0002 cannot be said: "
        "they have 1 seed in common, and a test needs two"
    )


def test_pairs_are_seeds_that_both_have_and_failures_are_said():
    found = confirmation_of({"t0001": [0.9, None, 0.92, 0.91], "t0002": [0.8, 0.81, None, 0.83]})
    assert found.comparisons[0].pairs == 2
    assert found.winner.mean == pytest.approx(0.91)
    said = list(remarks(found))
    assert "1 of 4 repeats of t0001 gave no value and are left out of its mean: failed: out of luck" in said
    assert any(line.startswith("1 of 4 repeats of t0002") for line in said)


def test_a_winner_by_the_seeds_that_the_other_failed_with_is_not_told_apart():
    values = {"t0001": [0.5, 0.51, 0.52, 2.0], "t0002": [0.6, 0.611, 0.622, None]}
    found = confirmation_of(values)
    assert found.winner.trial == "t0001"
    assert found.comparisons[0].p < LEVEL
    assert found.told_apart is False
    assert "over the 3 seeds that both have values for t0002 is better" in verdict(found)


def test_the_same_difference_with_every_seed_is_no_test():
    found = confirmation_of({"t0001": [341 / 360, 346 / 360], "t0002": [340 / 360, 345 / 360]})
    assert found.told_apart is None
    assert "their difference is the same with every seed" in verdict(found)
    assert found.comparisons[0].difference == pytest.approx(1 / 360)


def test_a_comparison_without_a_test_does_not_make_the_others_harder():
    # The third has one value: two tests could be made, and only one is.
    found = confirmation_of({**CLOSE, "t0003": [0.1, None, None, None, None]})
    assert found.comparisons[0].confidence == 0.95
    assert found.comparisons[1].corrected is None


def test_seeds_that_change_nothing_are_noticed():
    found = confirmation_of({"t0001": [0.9, 0.9, 0.9], "t0002": [0.8, 0.8, 0.8]})
    assert found.seedless
    assert "every seed gave the same values: the seed changes nothing" in verdict(found)
    assert not confirmation_of(CLOSE).seedless


def test_a_single_candidate_has_a_mean_and_nothing_to_compare_it_with():
    found = confirmation_of({"t0001": [0.9, 0.92]}, top=3)
    assert found.comparisons == ()
    assert verdict(found) == "t0001 has a mean of 0.91 ± 0.01 over 2 seeds; there is nothing to compare it with"
    assert any(
        line.startswith("1 of the 3 trials asked for: there are no others with a value") for line in remarks(found)
    )


def test_without_any_value_nobody_wins():
    found = confirmation_of({"t0001": [None, None], "t0002": [None, None]})
    assert (found.winner, found.told_apart) == (None, None)
    assert verdict(found) == "no repeat gave a value, so there is no winner"


def test_a_table_shows_all_of_it():
    found = confirmation_of(CLEAR, number=2, passed_over={"t0009": "it is a copy"})
    text = plain(confirmation_view(SweepRecord("toy", "accuracy", "maximize", "finished", ()), found))
    lines = text.splitlines()
    assert lines[0] == "toy: 3 configurations, 5 fresh seeds each"
    assert " ".join(lines[1].split()) == "trial in the sweep mean accuracy std error seeds difference interval p"
    assert lines[2].split() == ["t0001", "0.9", "0.908", "0.0037", "5/5"]
    assert lines[3].split()[:6] == ["t0002", "0.9", "0.812", "0.0058", "5/5", "0.096"]
    assert "t0009 is passed over: it is a copy" in text
    assert "this is confirmation 2 of the sweep" in text


@pytest.mark.parametrize(
    ("values", "text"),
    [
        (CLEAR, "yes, by a mean of 0.908 ± 0.0037 over 5 seeds; better than t0002 (p="),
        (CLOSE, "by a mean of 0.916 ± 0.0051 over 5 seeds only; not told apart from t0002 (p="),
        ({"t0001": [0.9], "t0002": [0.8]}, "by a mean of 0.9 over 1 seed; whether it is better than t0002 cannot be"),
        ({"t0001": [0.9, 0.8]}, "by a mean of 0.85 ± 0.05 over 2 seeds, compared with none"),
        ({"t0001": [None]}, "no: no repeat gave a value"),
    ],
)
def test_in_a_few_words(values, text):
    assert brief(confirmation_of(values)).startswith(text)
