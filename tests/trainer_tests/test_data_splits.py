"""Which rows train, validate and test."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.config import DataConfig
from trainer.data.splitting import select, split_off
from trainer.errors import DataError


def chosen(labels: np.ndarray, counts: dict[str, int] | None = None, **settings: Any) -> dict[str, Any]:
    data = DataConfig.model_validate({"train": "t.csv", **settings})
    return select(data, counts or {"train": len(labels)}, labels)


LABELS = np.repeat([0, 1, 2], [60, 30, 10])


def test_splits_off_train_are_disjoint_complete_and_stratified() -> None:
    found = chosen(LABELS, validation_fraction=0.2, test_fraction=0.1)
    assert list(found) == ["train", "validation", "test"]
    rows = np.concatenate([selection.rows for selection in found.values()])
    assert sorted(rows.tolist()) == list(range(100))
    assert np.bincount(LABELS[found["test"].rows]).tolist() == [6, 3, 1]
    assert np.bincount(LABELS[found["validation"].rows]).tolist() == [11, 5, 2]


def test_what_is_given_stays_whole() -> None:
    found = chosen(LABELS, {"train": 100, "validation": 7, "test": 5}, test_fraction=0.5)
    assert {name: (s.source, len(s.rows)) for name, s in found.items()} == {
        "train": ("train", 100),
        "validation": ("validation", 7),
        "test": ("test", 5),
    }


def test_the_seed_decides_the_split() -> None:
    first, same, other = (chosen(LABELS, split_seed=seed)["validation"].rows.tolist() for seed in (0, 0, 1))
    assert first == same != other


def test_limits_take_the_first_shuffled_rows() -> None:
    small = chosen(LABELS, limit=10, limit_validation=3)
    large = chosen(LABELS, limit=20, limit_validation=5)
    for name, rows in (("train", 10), ("validation", 3)):
        assert len(small[name].rows) == rows
        assert set(small[name].rows) < set(large[name].rows)
    assert set(large["train"].rows) != set(range(20))


def test_no_validation_rows_are_refused() -> None:
    with pytest.raises(DataError, match="refused rather than tuned on its test split"):
        chosen(LABELS, {"train": 100, "test": 10}, validation_fraction=0.0)
    with pytest.raises(DataError, match="no rows are left for validation"):
        chosen(np.array([0, 1]), validation_fraction=0.4)
    with pytest.raises(DataError, match="no rows are left for validation"):
        chosen(np.array([0]), stratify=False)


def test_rows_that_small_classes_cannot_spare_come_from_large_ones() -> None:
    labels = np.array([0, 1, 2, 3] + [4] * 50)
    assert len(split_off(labels, 54, 0.9, (0, 0))) == 49


@given(
    st.lists(st.integers(0, 4), min_size=2, max_size=60), st.floats(0.01, 0.99), st.booleans(), st.integers(0, 2**31)
)
def test_a_split_off_part_has_its_size_and_leaves_every_class(
    labels: list[int], fraction: float, stratify: bool, seed: int
) -> None:
    ids = np.array(labels)
    taken = split_off(ids if stratify else None, len(ids), fraction, (seed, 0))
    assert sorted(set(taken.tolist())) == taken.tolist()
    wanted = max(1, round(fraction * len(ids)))
    room = len(ids) - (len(set(labels)) if stratify else 1)
    assert len(taken) == min(wanted, room)
    if stratify:
        assert set(np.delete(ids, taken).tolist()) == set(labels)
