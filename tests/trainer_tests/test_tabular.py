"""Rows of numbers and categories: both kinds of label, missing and unknown values, the built-in model, refusals."""

from __future__ import annotations

import csv
import itertools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error

from tests.conformance.task_suite import TaskSuite
from tests.trainer_tests.test_tasks import ClassSuite
from trainer import predict
from trainer.config import TrainConfig
from trainer.errors import ConfigError, DataError
from trainer.loop import train
from trainer.regression import regression_metrics
from trainer.tasks import get_task
from trainer.tasks.base import Prepared, Task

TASK = get_task("tabular")
NET = """
import torch

class Net(torch.nn.Module):
    def __init__(self, numbers, categories, outputs, hidden):
        super().__init__()
        self.tables = torch.nn.ModuleList(torch.nn.Embedding(count, 2) for count in categories)
        self.last = torch.nn.Linear(numbers + 2 * len(categories), outputs)

    def forward(self, numbers, categories):
        return self.last(torch.cat([numbers, *(t(categories[:, i]) for i, t in enumerate(self.tables))], dim=1))

def net(numbers, categories, outputs, hidden=4): return Net(numbers, categories, outputs, hidden)
def wide(numbers, categories, outputs): return Net(numbers, categories, outputs + 1, 4)
def lacking(numbers, outputs): return torch.nn.Linear(numbers, outputs)
"""
SMALL = {"hidden": 8, "layers": 1, "bins": 4}
PEOPLE = [
    (age, town, height, ("yes", "no", "maybe")[(age // 10 + index) % 3], round(age * 0.5 + height, 2))
    for index, (age, town, height) in enumerate(
        itertools.product([10, 25, 40, 55], ["Rome", "Oslo", "?"], [1.5, 1.75, ""])
    )
    if height != "" or age != 10
    for height in [height or 1.6]
]


def write(path: Path, rows: Any, header: str = "age,town,height,label,score") -> Path:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([header.split(","), *rows])
    return path


@pytest.fixture(autouse=True)
def code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "table_net.py").write_text(NET)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "table_net", raising=False)


def config(data: dict[str, Any], **settings: Any) -> TrainConfig:
    args = {} if "model" in settings else {"model_args": SMALL}
    return TrainConfig.build({"task": "tabular", "data": data, **args, **settings})


def prepare(folder: Path, rows: Any, header: str = "a,b,label", **data: Any) -> Prepared:
    path = write(folder / "rows.csv", rows, header)
    given = {"train": str(path), "validation": str(path), **data}
    return TASK.prepare(config(given), folder / "cache")


class TableSuite:
    name = "tabular"

    @pytest.fixture
    def labelled(self, tmp_path: Path) -> Path:
        rows = [(33, "Rome", "", "no", 17.1), (60, "?", 1.5, "yes", 31.2), ("", "Bergen", 1.9, "maybe", 12.5)]
        return write(tmp_path / "validation.csv", [*rows, (12, "Oslo", 1.6, "no", 8)])

    @pytest.fixture
    def rows(self) -> list[Any]:
        return [
            {"age": 33, "town": "Rome", "height": None},
            {"age": None, "town": None, "height": 2, "more": 3},
            {"age": "12", "town": "Nowhere", "height": float("nan")},
            {"age": 8.5, "town": "Oslo", "height": "1.5"},
        ]


def train_data(tmp_path: Path, labelled: Path, **more: Any) -> dict[str, Any]:
    return {"train": str(write(tmp_path / "train.csv", PEOPLE)), "validation": str(labelled), **more}


class TestClasses(TableSuite, ClassSuite):
    @pytest.fixture
    def settings(self, tmp_path: Path, labelled: Path) -> dict[str, Any]:
        data = train_data(tmp_path, labelled, features=["age", "town", "height"])
        return {"data": data, "model_args": {**SMALL, "norm": "batch", "residual": True}}


class TestOwnModule(TableSuite, ClassSuite):
    @pytest.fixture
    def settings(self, tmp_path: Path, labelled: Path) -> dict[str, Any]:
        data = train_data(tmp_path, labelled, features=["age", "town", "height"], scaling="minmax")
        return {"data": data, "model": "table_net:net", "model_args": {"hidden": 4}}


class TestNumbers(TableSuite, TaskSuite):
    @pytest.fixture
    def settings(self, tmp_path: Path, labelled: Path) -> dict[str, Any]:
        data = train_data(tmp_path, labelled, features=["age", "town", "height"], label="score")
        return {"data": data, "model_args": {**SMALL, "norm": "layer", "numeric": "standard"}}

    def agree(self, answers: list[Any], others: list[Any]) -> bool:
        return bool(answers == pytest.approx(others, rel=1e-5))

    def test_label_smoothing_changes_the_loss_only(self, task: Task, config: TrainConfig, prepared: Prepared) -> None:
        """It means nothing to numbers, and so do weights of classes."""
        for name, value in (("label_smoothing", 0.1), ("class_weights", "balanced"), ("sampling", "balanced")):
            with pytest.raises(ConfigError, match=rf"{name}: {value!r} means nothing to numbers"):
                task.prepare(config.model_copy(update={name: value}), prepared.folder.parent)

    def test_metrics_are_in_the_units_of_the_data(
        self, task: Task, config: TrainConfig, prepared: Prepared, labelled: Path, rows: list[Any], tmp_path: Path
    ) -> None:
        model = self.fresh(task, config, prepared)
        logged = self.evaluated(task, config, prepared, model)
        task.export(model, config, prepared, tmp_path / "out")
        predictor = predict.load(tmp_path / "out", "cpu")
        frame = pd.read_csv(labelled)
        answers = predictor.predict(frame)
        assert all(isinstance(answer, float) for answer in answers)
        assert logged["rmse"] == pytest.approx(root_mean_squared_error(frame["score"], answers), rel=1e-5)
        assert logged["mae"] == pytest.approx(mean_absolute_error(frame["score"], answers), rel=1e-5)
        assert logged["r2"] == pytest.approx(r2_score(frame["score"], answers), rel=1e-4)


@pytest.mark.parametrize("rows", [1, 2, 50])
@pytest.mark.parametrize("flat", [False, True])
def test_regression_metrics_are_scikit_learns(rows: int, flat: bool) -> None:
    draw = np.random.default_rng(rows)
    truth = np.full(rows, 3.0) if flat else draw.normal(size=rows) * 1e4
    predicted = truth + draw.normal(size=rows)
    found = regression_metrics(predicted, truth, 0.5)
    assert found["loss"] == 0.5
    assert found["rmse"] == pytest.approx(root_mean_squared_error(truth, predicted))
    assert found["mae"] == pytest.approx(mean_absolute_error(truth, predicted))
    assert found.get("r2") == (None if rows == 1 else pytest.approx(r2_score(truth, predicted)))
    assert regression_metrics(truth, truth, 0.0).get("r2") == (None if rows == 1 else 1.0)


@pytest.mark.parametrize(
    ("labels", "more", "kind"),
    [
        (["a", "b"] * 3, {}, "strings"),
        ([0, 1] * 3, {}, "integers"),
        ([0, 1] * 3, {"label_names": ["no", "yes"]}, "declared"),
        ([0, 1] * 3, {"target_kind": "number"}, "number"),
        ([0.5, 1, 2, 3, 4, 5], {}, "number"),
        (["0.5", "1e3", "2", "3", "4", "5"], {}, "number"),
    ],
)
def test_the_label_tells_classes_from_numbers(tmp_path: Path, labels: list[Any], more: Any, kind: str) -> None:
    prepared = prepare(tmp_path, [(row, "xy"[row % 2], label) for row, label in enumerate(labels)], **more)
    assert (prepared.meta["target"] is not None) == (kind == "number")
    if kind != "number":
        assert prepared.meta["label_kind"] == kind


def test_incomplete_and_equal_rows_can_be_left_out(tmp_path: Path) -> None:
    rows = [(1, "x", 0), ("?", "y", 1), (2, "", 0), (3, "y", 1), (3, "y", 1), (4, "x", "")]
    other = write(tmp_path / "other.csv", [(1, "x", 1), ("", "y", 0), (9, "y", 0)], "a,b,label")
    prepared = prepare(tmp_path, rows, validation=str(other), missing="drop", clean=["drop_duplicates"])
    assert prepared.splits["train"].arrays["numbers"].tolist() == [[1], [3]]
    assert prepared.splits["validation"].arrays["numbers"].tolist() == [[1], [9]]
    assert prepared.meta["columns"]["numbers"][0]["lacks"] is False
    settings = config({"train": str(tmp_path / "rows.csv"), "validation": str(other), "missing": "drop"})
    TASK.export(TASK.build_model(settings, prepared), settings, prepared, tmp_path / "out")
    predictor = predict.load(tmp_path / "out", "cpu")
    complete = [{"a": 1, "b": "x", "label": 1}, {"a": 9, "b": "y", "label": 0}]
    assert predictor.evaluate(other) == pytest.approx(predictor.evaluate(complete))
    with pytest.raises(DataError, match="column 'a', row 1: the value is missing"):
        predictor.predict([{"a": None, "b": "x"}])


def test_groups_stay_together(tmp_path: Path) -> None:
    rows = [(n, "xy"[n % 2], n % 2, n // 5) for n in range(50)]
    path = write(tmp_path / "rows.csv", rows, "a,b,label,who")
    prepared = TASK.prepare(config({"train": str(path), "group": "who", "test_fraction": 0}), tmp_path / "cache")
    assert [column["name"] for column in prepared.meta["columns"]["numbers"]] == ["a"]
    groups = [set((split.arrays["numbers"][:, 0] // 5).tolist()) for split in prepared.splits.values()]
    assert not groups[0] & groups[1]


def test_very_many_whole_numbers_have_to_be_told(tmp_path: Path) -> None:
    rows = [(row % 7, "xy"[row % 2], row) for row in range(150)]
    with pytest.raises(ConfigError, match=r"data.target_kind: column 'label' has 150 .*\(say classes or number\)"):
        prepare(tmp_path, rows)
    assert prepare(tmp_path, rows, target_kind="number").meta["target"] is not None


def test_missing_numbers_become_the_median_of_the_train_rows(tmp_path: Path) -> None:
    rows = [(1, 7, 0), ("", 7, 1), (5, 8, 0), ("?", 9, 1), (100, 7, 0)]
    other = write(tmp_path / "other.csv", [("NA", "", 1), (3, 4, 0)], "a,b,label")
    prepared = prepare(tmp_path, rows, validation=str(other))
    train, validation = prepared.splits["train"].arrays, prepared.splits["validation"].arrays
    assert train["numbers"].tolist() == [[1, 7, 0], [5, 7, 1], [5, 8, 0], [5, 9, 1], [100, 7, 0]]
    # b lacks nothing in the train rows, so it has a median and no indicator.
    assert validation["numbers"].tolist() == [[5, 7, 1], [3, 4, 0]]


def test_missing_categories_are_one_of_their_own_and_new_ones_unknown(tmp_path: Path) -> None:
    rows = [("x", "u", 0), ("?", "v", 1), ("y ", "u", 0), ("", "v", 1)]
    other = write(tmp_path / "other.csv", [("NA", "", 1), ("new", "u", 0), ("y", "w", 0)], "a,b,label")
    prepared = prepare(tmp_path, rows, validation=str(other))
    assert prepared.splits["train"].arrays["categories"].tolist() == [[2, 2], [1, 3], [3, 2], [1, 3]]
    # b lacks nothing in the train rows: nobody could learn what lacking means.
    assert prepared.splits["validation"].arrays["categories"].tolist() == [[1, 0], [0, 2], [3, 0]]


def test_what_is_learnt_is_of_the_train_rows_only(tmp_path: Path) -> None:
    rows = [(n, "xyz"[n % 3], n % 2) for n in range(30)]
    path = write(tmp_path / "rows.csv", rows, "a,b,label")
    settings = config({"train": str(path), "validation_fraction": 0.4, "test_fraction": 0})
    prepared = TASK.prepare(settings, tmp_path / "cache")
    kept = prepared.splits["train"].arrays["numbers"][:, 0]
    (column,) = prepared.meta["columns"]["numbers"]
    assert (column["mean"], column["median"]) == (pytest.approx(kept.mean()), np.median(kept))
    assert sum(prepared.meta["columns"]["categories"][0]["counts"].values()) == len(kept) == 18
    batch = TASK.collate(prepared.splits["train"], np.arange(18), settings, prepared)
    assert batch["numbers"].mean().item() == pytest.approx(0, abs=1e-6)
    assert batch["numbers"].std(correction=0).item() == pytest.approx(1, rel=1e-5)


def test_numbers_can_be_told_to_be_categories(tmp_path: Path) -> None:
    prepared = prepare(tmp_path, [(3, 1, 0), ("3.0", 2, 1), (4, 3, 0), ("03", 3, 1)], categories=["a"])
    assert prepared.splits["train"].arrays["categories"].tolist() == [[3], [3], [4], [2]]
    assert prepared.splits["train"].arrays["numbers"].shape == (4, 1)


def test_rare_categories_train_the_unknown_one(tmp_path: Path) -> None:
    rows = [("often", 1, row % 2) for row in range(99)] + [("once", 1, 0)]
    prepared = prepare(tmp_path, rows)
    settings = config({"train": str(tmp_path / "rows.csv"), "validation": str(tmp_path / "rows.csv")})
    at = np.arange(100)
    split = prepared.splits["train"]
    seen = [TASK.training_batch(split, at, settings, prepared, step)["categories"] for step in range(400)]
    unknown = (torch.stack(seen) == 0).float().mean(dim=0)[:, 0]
    assert unknown[99].item() == pytest.approx(0.25 / 1.25, abs=0.06)
    assert unknown[:99].mean().item() == pytest.approx(0.25 / 99.25, abs=0.001)
    parts = [TASK.training_batch(split, at[i : i + 30], settings, prepared, 5)["categories"] for i in range(0, 100, 30)]
    assert torch.equal(torch.cat(parts), seen[5])


@pytest.mark.parametrize(
    ("rows", "data", "expected"),
    [
        ([(1, "x", 0), ("", "y", 1)], {"missing": "error"}, r"column 'a', line 3: the value is missing \(fill it in"),
        ([(1, "x", 0), (2, "?", 1)], {"missing": "error"}, "column 'b', line 3: the value is missing"),
        ([(1, "x", 0), ("inf", "y", 1)], {}, "column 'a', line 3: inf is not a finite number"),
        ([("", "x", 0), ("?", "y", 1)], {}, "column 'a' has no value in the train rows"),
        ([(1, "x", 0), (2, "y", 0)], {}, "column 'label' holds one class only"),
        ([(1, "x", 0), (2, "y", "")], {}, "column 'label', line 3: the label is missing"),
        ([(1, "x", 0.5), (2, "y", "")], {}, "column 'label', line 3: the label is missing"),
        ([(1, "x", 0.5), (2, "y", 0.5)], {}, "column 'label' is 0.5 in all 2 train rows"),
        ([(1, "x", 0), (2, "y", "a")], {"target_kind": "number"}, "column 'label', line 3: 'a' is not a number"),
        ([(1, "x", 0), (2, "y", 1)], {"categories": ["c"]}, "data.categories: 'c' is not one of the columns used"),
        ([(1, "x", 0), (2, "y", 1)], {"features": ["a", "z"]}, "data.features: .* no column 'z'"),
        ([(1, "x", 0), (2, "y", 1)], {"features": ["a", "label"]}, "data.features: the label 'label' is one of them"),
        ([(n, f"name {n}", n % 2) for n in range(25)], {}, "column 'b' is of texts, and those of all 25 .* different"),
    ],
)
def test_bad_tables_are_named_by_column_and_row(tmp_path: Path, rows: Any, data: Any, expected: str) -> None:
    with pytest.raises(ConfigError, match=expected):
        prepare(tmp_path, rows, **data)


def test_text_where_the_train_rows_have_numbers_is_named(tmp_path: Path) -> None:
    other = write(tmp_path / "other.csv", [(1, "x", 0), ("old", "x", 1)], "a,b,label")
    with pytest.raises(DataError, match=r"data.validation: .*other.csv: column 'a', line 3: 'old' is not a number"):
        prepare(tmp_path, [(1, "x", 0), (2, "y", 1)], validation=str(other))


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"model": "resnet"}, r"model: expected module:function.*\(mlp is the one that is built in\)"),
        ({"model": "table_net:lacking"}, "model: table_net:lacking takes no categories"),
        ({"model_args": {"hiden": 3}}, r"model_args.hiden: mlp takes no such argument \(did you mean hidden\?"),
        ({"model_args": {"knots": []}}, "model_args.knots: comes from the data"),
        ({"model_args": {"outputs": 2}}, "model_args.outputs: comes from the data"),
        ({"freeze": "backbone"}, "freeze: 'backbone' means nothing to tabular"),
        ({"scaling": "standard"}, "data.scaling: 'standard' means nothing to tabular"),
        ({"augment": {"flip": 0.5}}, "augment.flip: 0.5 means nothing to tabular"),
        ({"metric": "f2"}, "metric: 'f2' is not a metric of tabular"),
    ],
)
def test_check_refuses_before_anything_starts(tmp_path: Path, settings: dict[str, Any], expected: str) -> None:
    data = {"train": str(write(tmp_path / "rows.csv", [(1, "x", 0)], "a,b,label"))}
    data |= {name: settings.pop(name) for name in ("scaling",) if name in settings}
    with pytest.raises(ConfigError, match=expected):
        TASK.check(config(data, **settings))


def test_settings_of_tables_mean_nothing_elsewhere(tmp_path: Path) -> None:
    data = {"sklearn": "iris", "missing": "impute"}
    settings = TrainConfig.build({"task": "classification", "model": "table_net:net", "data": data})
    with pytest.raises(ConfigError, match=r"data\.missing: 'impute' means nothing to classification"):
        get_task("classification").check(settings)


def test_a_metric_of_the_other_kind_is_refused(tmp_path: Path) -> None:
    path = str(write(tmp_path / "rows.csv", PEOPLE))
    for label, metric, expected in (
        ("label", "rmse", "'rmse' is no metric of classes, which 'label' holds"),
        ("score", "f1_macro", "'f1_macro' is no metric of numbers, which 'score' holds"),
    ):
        settings = config({"train": path, "label": label, "features": ["age"]}, metric=metric)
        TASK.check(settings)
        with pytest.raises(ConfigError, match=expected):
            TASK.prepare(settings, tmp_path / "cache")


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"model_args": {"norm": "group"}}, r"ValueError: norm is none, layer or batch"),
        ({"model_args": {"layers": 0}}, "layers must be at least 1, got 0"),
        ({"model": "table_net:wide"}, r"gives \(2, 4\) for two rows \(expected logits of shape \(2, 3\)\)"),
        ({"model": "table_net:net", "dropout": 0.1}, "dropout: table_net:net takes no dropout"),
    ],
)
def test_a_module_that_does_not_fit_is_named(tmp_path: Path, settings: dict[str, Any], expected: str) -> None:
    path = str(write(tmp_path / "rows.csv", PEOPLE))
    given = config({"train": path, "features": ["age", "town"]}, **settings)
    with pytest.raises(ConfigError, match=expected):
        TASK.build_model(given, TASK.prepare(given, tmp_path / "cache"))


def test_rows_that_do_not_fit_are_named(tmp_path: Path) -> None:
    settings = config({"train": str(write(tmp_path / "rows.csv", PEOPLE)), "features": ["age", "town"]})
    prepared = TASK.prepare(settings, tmp_path / "cache")
    TASK.export(TASK.build_model(settings, prepared), settings, prepared, tmp_path / "out")
    predictor = predict.load(tmp_path / "out", "cpu")
    for row, expected in (
        ({"age": 3}, r"row 2 has no 'town' \(the columns are age, town; None stands for a missing value"),
        ([3, "Rome"], r"row 2 is \[3, 'Rome'\], expected a mapping with age, town"),
        ({"age": "old", "town": "Rome"}, "column 'age', row 2: 'old' is not a number"),
    ):
        with pytest.raises(DataError, match=expected):
            predictor.predict([{"age": 1, "town": "Oslo"}, row])


@pytest.mark.parametrize("label", ["label", "score"])
def test_it_resumes_bit_for_bit(tmp_path: Path, label: str) -> None:
    data = {"train": str(write(tmp_path / "rows.csv", PEOPLE)), "features": ["age", "town", "height"], "label": label}
    course = {"epochs": 6, "report_every": 2, "batch_size": 7, "learning_rate": 0.02, "dropout": 0.2}
    settings = config(data, **course, micro_batch_size=3)
    prepared = TASK.prepare(settings, tmp_path / "cache")

    def run(name: str, resume: bool = False) -> Any:
        return train(settings, prepared=prepared, task=TASK, folder=tmp_path / name, resume=resume, device="cpu")

    def seen(reports: Any) -> list[tuple[float, float]]:
        return [(report.metrics["loss"], report.metrics["train_loss"]) for report in reports]

    whole = list(run("whole"))
    first = list(itertools.islice(run("cut"), 2))
    torch.manual_seed(99)
    assert seen([*first, *run("cut", resume=True)]) == seen(whole)


@pytest.mark.data
def test_census_rows_are_learnt(tmp_path: Path, shared_data: Callable[[str], Path]) -> None:
    folder = shared_data("adult")
    files = {name: str(folder / f"{name}.csv.gz") for name in ("train", "validation")}
    data = {**files, "label": "income", "limit": 1000, "limit_validation": 500}
    settings = config(data, epochs=4, learning_rate=3e-3, metric="roc_auc")
    TASK.check(settings)
    prepared = TASK.prepare(settings, tmp_path / "cache")
    assert len(prepared.meta["columns"]["numbers"]) == 6
    assert [c["missing"] > 0 for c in prepared.meta["columns"]["categories"]].count(True) == 3
    last = list(train(settings, prepared=prepared, task=TASK, folder=None, device="cpu"))[-1]
    assert last.metrics["roc_auc"] > 0.84
