"""Entities of tags, and their metrics, held to seqeval."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from seqeval.metrics import accuracy_score, f1_score, precision_score, recall_score
from seqeval.metrics.sequence_labeling import get_entities, precision_recall_fscore_support

from trainer.data.tagging import UNTAGGED, Scheme, completed, of_kinds
from trainer.entities import ENTITY_GOALS, entity_metrics, per_kind

SCHEMES = {
    "bio": ("O", "B-PER", "I-PER", "B-LOC", "I-LOC"),
    "bioes": ("O", *(f"{place}-{kind}" for kind in ("PER", "a-b") for place in "BIES")),
    "io": ("I-x", "O", "I-y"),
}


def flat(rows: list[list[int]]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([tag for row in rows for tag in row], dtype=np.int64), np.cumsum([0, *map(len, rows)])


@pytest.mark.parametrize("scheme", SCHEMES)
@given(data=st.data())
def test_metrics_are_those_of_seqeval(scheme: str, data: st.DataObject) -> None:
    names = SCHEMES[scheme]
    tag = st.integers(0, len(names) - 1)
    both = data.draw(st.lists(st.lists(st.tuples(tag, tag), min_size=1, max_size=8), min_size=1, max_size=4))
    truth, said = ([[pair[side] for pair in row] for row in both] for side in (0, 1))
    ids, offsets = flat(truth)
    found = entity_metrics(flat(said)[0], ids, offsets, names, 0.5)
    theirs = [[[names[tag] for tag in row] for row in rows] for rows in (truth, said)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = {
            "loss": 0.5,
            "f1": f1_score(*theirs),
            "precision": precision_score(*theirs),
            "recall": recall_score(*theirs),
            "accuracy": accuracy_score(*theirs),
            "f1_macro": f1_score(*theirs, average="macro") if any(map(get_entities, theirs)) else 0.0,
        }
        by_kind = precision_recall_fscore_support(*theirs) if any(map(get_entities, theirs)) else ()
    assert set(found) == set(expected) == set(ENTITY_GOALS)
    assert found == pytest.approx(expected)
    scores = per_kind(flat(said)[0], ids, offsets, names)
    assert list(scores) == list(Scheme.of(names).kinds)
    # Theirs are of the kinds that occur.
    there = [kind for kind in scores if any(kind == one for rows in theirs for one, *_ in get_entities(rows))]
    for values, name in zip(by_kind, ("precision", "recall", "f1", "support"), strict=False):
        assert [getattr(scores[kind], name) for kind in there] == pytest.approx(values)
    assert all(not any(vars(scores[kind]).values()) for kind in set(scores) - set(there))


@given(st.lists(st.lists(st.integers(0, 8), max_size=8), min_size=1, max_size=4))
def test_entities_are_those_of_seqeval(rows: list[list[int]]) -> None:
    names = SCHEMES["bioes"]
    scheme = Scheme.of(names)
    ids, offsets = flat(rows)
    found = scheme.entities(ids, offsets)
    mine = [
        (scheme.kinds[kind], int(first), int(last))
        for first, last, kind in zip(*(part.tolist() for part in found), strict=True)
    ]
    expected = [
        (kind, first + int(offset), last + int(offset))
        for row, offset in zip(rows, offsets, strict=False)
        for kind, first, last in get_entities([names[tag] for tag in row])
    ]
    assert mine == expected


def test_bilou_is_bioes_by_other_letters() -> None:
    bilou, bioes = (Scheme.of(["O", *(f"{place}-x" for place in places)]) for places in ("BILU", "BIES"))
    assert bilou == bioes


def test_tags_without_prefix_make_an_entity_of_each_run() -> None:
    scheme = Scheme.of(["O", "per", "loc"])
    found = scheme.entities(np.array([1, 1, 2, 0, 1, 1]), np.array([0, 5, 6]))
    assert [part.tolist() for part in found] == [[0, 2, 4, 5], [1, 2, 4, 5], [1, 0, 1, 1]]


def test_a_word_without_a_prediction_is_no_entity_and_never_right() -> None:
    names = SCHEMES["bio"]
    found = entity_metrics(np.array([1, UNTAGGED, 2]), np.array([1, 0, 2]), np.array([0, 3]), names, 0.0)
    assert found["accuracy"] == pytest.approx(2 / 3)
    assert found["f1"] == 1.0  # "O" was right in effect: B, nothing, I are two entities on both sides


def test_names_are_in_order_and_bio_is_made_whole() -> None:
    assert completed(["B-b", "I-a", "O"]) == ("O", "B-a", "I-a", "B-b", "I-b") == of_kinds({"a", "b"})
    assert completed(["S-a", "O", "B-a"]) == ("O", "B-a", "S-a")
    assert completed(["VERB", "NOUN"]) == ("NOUN", "VERB")
