"""Labels to ids and back."""

from __future__ import annotations

from typing import Any

import pytest

from trainer.data.labels import Labels, find
from trainer.data.tables import Table
from trainer.errors import DataError


def table(values: list[Any], names: tuple[str, ...] | None = None, key: str = "data.train") -> Table:
    return Table(key, "rows.csv", {"label": values}, len(values), class_names=names)


def encoded(labels: Labels, values: list[Any]) -> list[int]:
    return labels.encode(values, table(values, key="data.validation"), "label").tolist()


@pytest.mark.parametrize(
    ("values", "names", "ids"),
    [
        ([3, 1, 3], ("1", "3"), [1, 0, 1]),
        (["10", "9", "10"], ("9", "10"), [1, 0, 1]),
        ([True, False], ("0", "1"), [1, 0]),
        ([1.0, 0.0], ("0", "1"), [1, 0]),
        (["spam", "ham"], ("ham", "spam"), [1, 0]),
        (["007", "7"], ("007", "7"), [0, 1]),
        (["-1", "1"], ("-1", "1"), [0, 1]),
    ],
)
def test_classes_are_the_sorted_labels_of_train(values: list[Any], names: tuple[str, ...], ids: list[int]) -> None:
    labels = find(table(values), "label", None)
    assert labels.names == names
    assert encoded(labels, values) == ids


def test_numbers_without_names_come_back_as_numbers() -> None:
    assert find(table([5, 2]), "label", None).decode([1, 0]) == [5, 2]
    assert find(table(["5", "2"]), "label", None).decode([1]) == [5]
    assert find(table(["x", "2"]), "label", None).decode([0]) == ["2"]
    assert find(table([1, 0]), "label", ("ham", "spam")).decode([1]) == ["spam"]


def test_declared_names_take_names_and_ids() -> None:
    labels = find(table([0, 1]), "label", ("ham", "spam"))
    assert encoded(labels, ["spam", 0, "1", "ham"]) == [1, 0, 1, 0]
    assert find(table([0, 1], ("a", "b")), "label", None) == Labels(("a", "b"), "declared")


@pytest.mark.parametrize(
    ("train", "values", "expected"),
    [
        (["cat", "dog"], ["dog", "cta"], r"row 2: 'cta' is not a label of the train rows \(did you mean cat\?\)"),
        ([0, 1], [0, 2], r"row 2: 2 is not a label of the train rows \(known are 0, 1\)"),
        ([0, 1], ["0", "1", "zebra"], "row 3: 'zebra' is not a label"),
        ([0, 1], [0, None], "row 2: the label is missing"),
        ([0, 1], [0, 0.5], "row 2: 0.5 is neither text nor a whole number"),
        (["a", "b"], ["a", ""], "row 2: the label is missing"),
        ([0, 1], [float("nan")], "row 1: the label is missing"),
        (["a", "b"], [["a"]], "row 1: .* is neither text nor"),
    ],
)
def test_a_bad_label_is_named_with_column_and_row(train: list[Any], values: list[Any], expected: str) -> None:
    labels = find(table(train), "label", None)
    with pytest.raises(DataError, match=f"data.validation: rows.csv: column 'label', {expected}"):
        encoded(labels, values)


def test_one_class_and_mixed_kinds_are_refused() -> None:
    with pytest.raises(DataError, match="column 'label' holds one class only: 'spam'"):
        find(table(["spam", "spam"]), "label", None)
    with pytest.raises(DataError, match="row 2: 1, where other rows hold 'a'"):
        find(table(["a", 1]), "label", None)
    with pytest.raises(DataError, match="row 2: 7 is not one of the label names"):
        encoded(Labels(("a", "b"), "declared"), [0, 7])
