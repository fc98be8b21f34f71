"""SQuAD's metrics on values worked out by hand from the official script, and its rules one by one."""

from __future__ import annotations

import re
import string
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.squad import SQUAD_GOALS, exact_match, f1, normalised, squad_metrics


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The Cat's  pyjamas!", "cats pyjamas"),
        ("an apple a day", "apple day"),
        ("Theatre", "theatre"),
        ("U.S.A.", "usa"),
        ("3.14%", "314"),
        ("“quoted”", "“quoted”"),  # only ASCII punctuation goes
        ("the", ""),
    ],
)
def test_normalisation(text: str, expected: str) -> None:
    assert normalised(text) == expected


@pytest.mark.parametrize(
    ("answer", "truth", "exact", "score"),
    [
        ("the Denver Broncos", "Denver Broncos", 1.0, 1.0),
        ("Broncos", "Denver Broncos", 0.0, 2 / 3),
        ("Carolina Panthers", "Denver Broncos", 0.0, 0.0),
        ("Super Bowl 50 in Santa Clara", "Santa Clara, California", 0.0, 4 / 9),
        ("to be or not to be", "to be", 0.0, 0.5),  # repeated words count as often as both have them
        ("", "Denver", 0.0, 0.0),
        ("", "", 1.0, 1.0),
    ],
)
def test_known_values(answer: str, truth: str, exact: float, score: float) -> None:
    assert exact_match(answer, truth) == exact
    assert f1(answer, truth) == pytest.approx(score)


@given(st.text("the cat.A,n ", max_size=20), st.text("the cat.A,n ", max_size=20))
def test_f1_is_that_of_the_official_script(answer: str, truth: str) -> None:
    def tokens(text: str) -> list[str]:
        text = "".join(character for character in text.lower() if character not in set(string.punctuation))
        return re.sub(r"\b(a|an|the)\b", " ", text).split()

    said, right = tokens(answer), tokens(truth)
    same = sum((Counter(said) & Counter(right)).values())
    if not said or not right:
        expected = float(said == right)
    else:
        precision, recall = same / len(said), same / len(right)
        expected = 2 * precision * recall / (precision + recall) if same else 0.0
    assert f1(answer, truth) == pytest.approx(expected)


def test_the_best_of_several_answers_counts_and_none_must_be_met_by_none() -> None:
    found = squad_metrics(["Broncos", "", "word", "x"], [["Denver Broncos", "Broncos"], [], [], ["the"]], 0.25)
    assert set(found) == set(SQUAD_GOALS)
    assert found == {"loss": 0.25, "f1": 0.5, "exact_match": 0.5}
