"""Which rows train, validate and test."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.config import TrainConfig
from trainer.data.cleaning import clean
from trainer.data.partition import folds, split_off
from trainer.data.splitting import choose, select
from trainer.data.tables import Table
from trainer.errors import ConfigError, DataError
from trainer.sections import DataConfig


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
    assert np.bincount(LABELS[found["validation"].rows]).tolist() == [12, 6, 2]


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
        chosen(np.array([0, 1]), validation_fraction=0.4, test_fraction=0.0)
    with pytest.raises(DataError, match="no rows are left for validation"):
        chosen(np.array([0]), stratify=False, test_fraction=0.0)


def test_rows_are_split_80_10_10_unless_said_otherwise() -> None:
    def rows(counts: dict[str, int], **settings: Any) -> dict[str, int]:
        return {name: len(one.rows) for name, one in chosen(LABELS, {"train": 100, **counts}, **settings).items()}

    assert rows({}) == {"train": 80, "validation": 10, "test": 10}
    assert rows({"test": 30}) == {"train": 90, "validation": 10, "test": 30}
    assert rows({"validation": 30}) == {"train": 100, "validation": 30}
    assert rows({"validation": 30}, test_fraction=0.2) == {"train": 80, "validation": 30, "test": 20}
    assert rows({}, validation_fraction=0.3) == {"train": 60, "validation": 30, "test": 10}
    assert rows({"retain": 5}) == {"train": 80, "validation": 10, "test": 10, "retain": 5}


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


@given(st.lists(st.integers(0, 4), min_size=1, max_size=60), st.integers(2, 7), st.booleans(), st.integers(0, 2**31))
def test_folds_are_equal_parts_with_equal_shares_of_every_class(
    labels: list[int], count: int, stratify: bool, seed: int
) -> None:
    ids = np.array(labels)
    of = folds(ids if stratify else None, len(ids), count, seed)
    assert np.ptp(np.bincount(of, minlength=count)) <= 1
    if stratify:
        for label in set(labels):
            assert np.ptp(np.bincount(of[ids == label], minlength=count)) <= 1
    assert folds(ids if stratify else None, len(ids), count, seed).tolist() == of.tolist()


def test_each_row_validates_in_one_fold_and_tests_stay_out() -> None:
    splits = [chosen(LABELS, folds=5, fold=fold) for fold in range(5)]
    validated = np.concatenate([split["validation"].rows for split in splits])
    assert len(validated) == len(set(validated.tolist())) == 90
    assert {tuple(split["test"].rows.tolist()) for split in splits} == {tuple(splits[0]["test"].rows.tolist())}
    assert not set(validated.tolist()) & set(splits[0]["test"].rows.tolist())
    for split in splits:
        assert sorted([*split["train"].rows, *split["validation"].rows]) == sorted(validated.tolist())


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"folds": 5}, r"data.folds: 5 folds, and none is said .*data.fold: \{values: \[0, 1, 2, 3, 4\]\}"),
        ({"fold": 1}, "data.fold: 1 of how many"),
        ({"folds": 3, "fold": 3}, "data.fold: 3 is not one of 3 folds"),
        ({"folds": 3, "fold": 0, "validation": "v.csv"}, "data.validation: stands beside data.folds"),
        ({"folds": 3, "fold": 0, "validation_fraction": 0.2}, "data.validation_fraction: stands beside data.folds"),
        ({"validation_fraction": 0.5, "test_fraction": 0.5}, "leaves no rows to train on"),
    ],
)
def test_splits_that_cannot_be_meant_are_refused(settings: dict[str, Any], expected: str) -> None:
    with pytest.raises(ConfigError, match=expected):
        TrainConfig.build({"model": "x", "data": {"train": "t.csv", **settings}})


def grouped(groups: list[Any], others: dict[str, list[Any]] | None = None, **settings: Any) -> dict[str, Any]:
    """The groups of each split."""

    def table(split: str, values: list[Any]) -> Table:
        labels = [number % 2 for number in range(len(values))]
        columns = {"text": [f"text {number}" for number in labels], "label": labels, "who": values}
        return Table(f"data.{split}", f"{split}.csv", columns, len(values))

    data = DataConfig.model_validate({"train": "t.csv", "group": "who", **settings})
    tables = {"train": table("train", groups), **{name: table(name, given) for name, given in (others or {}).items()}}
    found, _ = choose(data, clean(data, tables, {"text": "text"}, "label"), np.array(tables["train"].columns["label"]))
    return {name: [tables[one.source].columns["who"][row] for row in one.rows] for name, one in found.items()}


@given(st.lists(st.integers(0, 15), min_size=60, max_size=120), st.integers(0, 99), st.booleans())
def test_no_group_is_in_two_splits(groups: list[int], seed: int, stratify: bool) -> None:
    groups += list(range(16))
    found = grouped(groups, split_seed=seed, stratify=stratify)
    assert sum(len(rows) for rows in found.values()) == len(groups)
    assert not set(found["train"]) & set(found["validation"])
    assert not set(found["test"]) & {*found["train"], *found["validation"]}
    # Sixteen groups of about equal size meet 80/10/10 within one group.
    assert len(found["validation"]) <= 0.1 * len(groups) + max(map(groups.count, groups))
    assert found == grouped(groups, split_seed=seed, stratify=stratify)


def test_groups_stay_whole_in_folds() -> None:
    groups = [number // 4 for number in range(80)]
    parts = [grouped(groups, folds=4, fold=fold, test_fraction=0.0)["validation"] for fold in range(4)]
    assert [len(part) for part in parts] == [20] * 4
    assert sorted(value for part in parts for value in part) == groups


def test_a_group_in_two_given_splits_is_named_with_its_row() -> None:
    with pytest.raises(DataError, match=r"test.csv: column 'who', row 2: group 'b' is among the train rows too"):
        grouped(["a", "b"] * 20, {"validation": ["c"], "test": ["d", "b"]})
    with pytest.raises(DataError, match=r"train.csv: column 'who', row 3: the group is missing"):
        grouped(["a", "b", None])
    with pytest.raises(DataError, match=r"data.group: train.csv has no column 'whom' \(did you mean who"):
        grouped(["a", "b"], group="whom")
    with pytest.raises(DataError, match="no rows are left"):
        grouped(["a", "a", "a"])


def test_a_task_without_cleaning_refuses_steps_and_groups() -> None:
    with pytest.raises(ConfigError, match=r"data.group: means nothing to this task"):
        chosen(LABELS, group="who")
    with pytest.raises(ConfigError, match=r"data.clean: means nothing to this task"):
        chosen(LABELS, clean=["lower"])
