"""Rows of numbers: every source, scaling, and what is refused."""

from __future__ import annotations

import gzip
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn import datasets
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from trainer import predict
from trainer.config import TrainConfig
from trainer.errors import ConfigError, DataError
from trainer.tasks import get_task

TASK = get_task("classification")
CODE = """
import numpy as np
import torch

def linear(inputs, classes): return torch.nn.Linear(inputs, classes)
def mlp(inputs, classes, hidden=8, dropout=0.0, depth=1):
    first, last = torch.nn.Linear(inputs, hidden), torch.nn.Linear(hidden, classes)
    return torch.nn.Sequential(first, torch.nn.Dropout(dropout), last)
def cnn(inputs, classes):
    return torch.nn.Sequential(torch.nn.Conv2d(inputs[0], 2, 3), torch.nn.Flatten(), torch.nn.LazyLinear(classes))
def dropped(inputs, classes): return torch.nn.Sequential(torch.nn.Dropout(), torch.nn.Linear(inputs, classes))
def wrong(inputs, classes): return torch.nn.Linear(inputs, classes + 1)
def no_module(inputs, classes): return 3
def needs(inputs, classes, hidden): return torch.nn.Linear(inputs, classes)
def single(inputs): return torch.nn.Linear(inputs, 2)

X = np.arange(40, dtype=np.float32).reshape(10, 1, 2, 2)
Y = np.array(["a", "b"] * 5)
def one(): return X, Y
def splits(): return {"train": (X, Y), "validation": (X[:4], Y[:4]), "test": (X[4:6], Y[4:6])}
def hole():
    x = X.copy(); x[3, 0, 1, 0] = np.nan
    return x, Y
def uneven(): return X, Y[:3]
def other_shape(): return {"train": (X, Y), "validation": (X[:4, :, :1], Y[:4])}
def fails(): return 1 / 0
"""


@pytest.fixture(autouse=True)
def code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own.py").write_text(CODE)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "own", raising=False)


def config(model: str = "own:mlp", **settings: Any) -> TrainConfig:
    data = settings.pop("data", {"sklearn": "digits"})
    return TrainConfig.build({"task": "classification", "model": model, "data": data, **settings})


def prepare(folder: Path, **data: Any) -> Any:
    return TASK.prepare(config("own:linear", data=data), folder / "cache")


def csv(folder: Path, text: str, name: str = "rows.csv") -> str:
    (folder / name).write_text(text)
    return str(folder / name)


@pytest.mark.parametrize("name", ["digits", "iris", "wine", "breast_cancer"])
def test_bundled_sets(tmp_path: Path, name: str) -> None:
    bunch = getattr(datasets, f"load_{name}")()
    prepared = prepare(tmp_path, sklearn=name, validation_fraction=0.2, test_fraction=0.0)
    train, validation = prepared.splits["train"], prepared.splits["validation"]
    assert prepared.label_names == tuple(map(str, bunch.target_names))
    assert train.rows + validation.rows == len(bunch.target)
    assert train.arrays["features"].dtype == np.float32
    stacked = np.concatenate([split.arrays["features"] for split in (train, validation)])
    np.testing.assert_allclose(np.sort(stacked, axis=0), np.sort(bunch.data, axis=0), rtol=1e-6)


@pytest.mark.parametrize(("kind", "reference"), [("standard", StandardScaler), ("minmax", MinMaxScaler)])
def test_scaling_is_fitted_on_train_rows_only_and_kept(tmp_path: Path, kind: str, reference: Any) -> None:
    plain = prepare(tmp_path, sklearn="digits").splits
    prepared = prepare(tmp_path, sklearn="digits", scaling=kind)
    fitted = reference().fit(plain["train"].arrays["features"].astype(np.float64))
    for name, split in prepared.splits.items():
        expected = fitted.transform(plain[name].arrays["features"].astype(np.float64))
        np.testing.assert_allclose(split.arrays["features"], expected, atol=1e-5)
    assert prepared.meta["scaling"]["kind"] == kind


def test_tables_of_every_kind(tmp_path: Path) -> None:
    frame = pd.DataFrame({"x": [1.5, 2, 3, 4], "flag": [True, False] * 2, "y": [1, 2, 3, 4], "kind": ["a", "b"] * 2})
    frame.to_csv(tmp_path / "t.csv", index=False)
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress((tmp_path / "t.csv").read_bytes()))
    frame.to_parquet(tmp_path / "t.parquet")
    frame[["kind", "y", "flag", "x"]].to_parquet(tmp_path / "v.parquet")
    found = []
    for name in ("t.csv", "t.csv.gz", "t.parquet"):
        files = {"train": str(tmp_path / name), "validation": str(tmp_path / "v.parquet")}
        prepared = prepare(tmp_path, **files, label="kind")
        assert prepared.meta["features"] == ["x", "flag", "y"]
        found.append(prepared.splits["validation"].arrays["features"].tolist())
    assert found == [[[1.5, 1, 1], [2, 0, 2], [3, 1, 3], [4, 0, 4]]] * 3
    assert prepare(tmp_path, **files, label="kind", features=["y"]).meta["shape"] == [1]


def test_arrays_of_a_function(tmp_path: Path) -> None:
    given = prepare(tmp_path, function="own:splits")
    assert {name: split.rows for name, split in given.splits.items()} == {"train": 10, "validation": 4, "test": 2}
    assert given.splits["train"].arrays["features"].shape == (10, 1, 2, 2)
    assert given.label_names == ("a", "b")
    split = prepare(tmp_path, function="own:one", validation_fraction=0.4, test_fraction=0.0)
    assert {name: part.rows for name, part in split.splits.items()} == {"train": 6, "validation": 4}


def test_a_row_of_a_shape_reaches_the_module_in_that_shape(tmp_path: Path) -> None:
    settings = config("own:cnn", data={"sklearn": "digits", "shape": [1, 8, 8]})
    prepared = TASK.prepare(settings, tmp_path)
    model = TASK.build_model(settings, prepared)
    batch = TASK.collate(prepared.splits["train"], np.array([1, 2]), settings, prepared)
    assert batch["features"].shape == (2, 1, 8, 8)
    assert TASK.loss(model, batch)[1].shape == (2, 10)
    TASK.export(model, settings, prepared, tmp_path / "out")
    rows = np.asarray(datasets.load_digits().data[:3])
    assert predict.load(tmp_path / "out").predict_proba(rows).shape == (3, 10)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"function": "own:hole"}, r"data.function: own:hole train: column 'feature 2', row 4: nan is not a finite"),
        ({"function": "own:uneven"}, r"train has x \(10, 1, 2, 2\) and y \(3,\)"),
        ({"function": "own:other_shape"}, r"validation: rows of shape \(1, 1, 2\) where train has \(1, 2, 2\)"),
        ({"function": "own:fails"}, "own:fails failed: ZeroDivisionError"),
        ({"sklearn": "iris", "shape": [2, 3]}, r"data.shape: \[2, 3\] does not fit rows of 4 numbers"),
        ({"sklearn": "iris", "validation_fraction": 0.0}, "there are no validation rows"),
        ({"sklearn": "iris", "limit": 1}, "all 1 train rows are of class"),
    ],
)
def test_bad_arrays_are_named(tmp_path: Path, data: dict[str, Any], expected: str) -> None:
    with pytest.raises(ConfigError, match=expected):
        prepare(tmp_path, **data)


@pytest.mark.parametrize(
    ("text", "data", "expected"),
    [
        ("a,b,label\n1,x,0\n2,3,1\n", {}, r"column 'b', line 2: 'x' is not a number .*data.features: \[a\]"),
        ("a,b,label\n1,2,0\n,3,1\n", {}, "column 'a', line 3: nan is not a finite number"),
        ("a,b,label\n1,2,0\n1,1e99,1\n", {}, "column 'b', line 3: 1e.99 is not a finite number"),
        ("a,b,label\n1,inf,0\n1,1,1\n", {}, "column 'b', line 2: inf is not"),
        ("a,b,label\n1,2,0\n2,3,0\n", {}, "column 'label' holds one class only: 0"),
        ("a,b,label\n1,2,0\n2,3,\n", {}, "column 'label', line 3: the label is missing"),
        ("a,b,label\n1,2,0\n2,3,1\n", {"label": "lable"}, r"data.label: .* no column 'lable' \(did you mean label\?"),
        ("a,b,label\n1,2,0\n2,3,1\n", {"features": ["a", "c"]}, "data.features: .* no column 'c'"),
        ("a,b,label\n1,2,0\n2,3,1\n", {"features": ["a", "label"]}, "data.features: the label 'label' is one of them"),
        ("label\n0\n1\n", {}, "has no columns but the label"),
    ],
)
def test_bad_tables_are_named_by_column_and_row(tmp_path: Path, text: str, data: dict[str, Any], expected: str) -> None:
    with pytest.raises(DataError, match=expected):
        prepare(tmp_path, train=csv(tmp_path, text), **data)


def test_a_validation_label_that_train_lacks_is_named(tmp_path: Path) -> None:
    train, other = csv(tmp_path, "a,label\n1,x\n2,y\n"), csv(tmp_path, "a,label\n1,x\n2,z\n", "other.csv")
    with pytest.raises(DataError, match=r"data.validation: .*other.csv: column 'label', line 3: 'z' is not a label"):
        prepare(tmp_path, train=train, validation=other)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"model": "bert-base-uncased"}, r"model: expected module:function.* \(for a Hugging Face encoder"),
        ({"model": "own:single"}, "model: own:single takes no classes"),
        ({"model_args": {"hiden": 3}}, r"model_args.hiden: .*\(did you mean hidden\? it takes inputs, classes, hidden"),
        ({"model_args": {"classes": 3}}, "model_args.classes: comes from the data"),
        ({"max_length": 3}, "max_length: 3 means nothing to classification"),
        ({"data": {"train": "absent.csv"}}, "data.train: absent.csv is not there"),
        ({"data": {"sklearn": "iris", "validation": "v.csv"}}, "data.validation: 'v.csv' stands beside data.sklearn"),
        ({"data": {"function": "own:absent"}}, "data.function: absent is not there"),
        ({"data": {"sklearn": "iris", "label_names": ["a", "a"]}}, "data.label_names: needs two distinct"),
    ],
)
def test_check_refuses_before_anything_starts(settings: dict[str, Any], expected: str) -> None:
    with pytest.raises(ConfigError, match=expected):
        TASK.check(config(**settings))


@pytest.mark.parametrize(
    ("model", "settings", "expected"),
    [
        ("own:wrong", {}, r"gives \(2, 11\) for two rows \(expected logits of shape \(2, 10\)\)"),
        ("own:no_module", {}, "returned int, not a torch.nn.Module"),
        ("own:needs", {}, r"model_args.hidden: is missing \(own:needs has no default for it\)"),
        ("own:mlp", {"model_args": {"hidden": "many"}}, "failed: TypeError"),
        ("own:cnn", {}, "failed: TypeError"),
        ("own:linear", {"dropout": 0.1}, "dropout: own:linear takes no dropout, and its module has none"),
    ],
)
def test_a_module_that_does_not_fit_is_named(
    tmp_path: Path, model: str, settings: dict[str, Any], expected: str
) -> None:
    settings_ = config(model, **settings)
    with pytest.raises(ConfigError, match=expected):
        TASK.build_model(settings_, TASK.prepare(settings_, tmp_path))


@pytest.mark.parametrize("model", ["own:mlp", "own:dropped"])
def test_dropout_reaches_the_function_or_the_modules(tmp_path: Path, model: str) -> None:
    settings = config(model, dropout=0.25)
    built = TASK.build_model(settings, TASK.prepare(settings, tmp_path))
    assert [m.p for m in built.modules() if isinstance(m, torch.nn.Dropout)] == [0.25]


def test_a_batch_of_arrays_is_quick(tmp_path: Path) -> None:
    settings = config()
    prepared = TASK.prepare(settings, tmp_path)
    rows = np.arange(32)
    took = []
    for _ in range(50):
        start = time.perf_counter()
        TASK.collate(prepared.splits["train"], rows, settings, prepared)
        took.append(time.perf_counter() - start)
    assert min(took) < 2e-4


@pytest.mark.data
def test_census_rows(tmp_path: Path, shared_data: Callable[[str], Path]) -> None:
    folder = shared_data("adult")
    files = {name: str(folder / f"{name}.csv.gz") for name in ("train", "validation")}
    with pytest.raises(DataError, match=r"column 'workclass', line 2: .* is not a number .*\[age, fnlwgt"):
        prepare(tmp_path, **files, label="income")
    numeric = ["age", "education_num", "hours_per_week"]
    prepared = prepare(tmp_path, **files, label="income", features=numeric, limit=500)
    assert {name: split.rows for name, split in prepared.splits.items()} == {"train": 500, "validation": 3261}
