"""Plain modules taken home: what their export says, where their code is looked for, and rows that are no rows."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from trainer import predict
from trainer.config import TrainConfig
from trainer.errors import ConfigError, DataError
from trainer.tasks import get_task

TASK = get_task("classification")
CODE = """
import torch

def linear(inputs, classes): return torch.nn.Linear(inputs, classes)
def mlp(inputs, classes, hidden=8, dropout=0.0):
    first, last = torch.nn.Linear(inputs, hidden), torch.nn.Linear(hidden, classes)
    return torch.nn.Sequential(first, torch.nn.Dropout(dropout), last)
"""


@pytest.fixture(autouse=True)
def code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own.py").write_text(CODE)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "own", raising=False)


def config(model: str = "own:mlp", **settings: Any) -> TrainConfig:
    return TrainConfig.build({"task": "classification", "model": model, **settings})


def test_the_export_says_how_to_build_and_feed_and_is_found_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = {"sklearn": "iris", "scaling": "standard"}
    settings = config(data=data, model_args={"hidden": 5}, dropout=0.5)
    prepared = TASK.prepare(settings, tmp_path / "cache")
    out = tmp_path / "out"
    TASK.export(TASK.build_model(settings, prepared), settings, prepared, out)
    facts = json.loads((out / "model.json").read_text())
    assert (facts["task"], facts["function"]) == ("classification", "own:mlp")
    assert facts["arguments"] == {"inputs": 4, "classes": 3, "hidden": 5, "dropout": 0.5}
    assert facts["label_names"] == ["setosa", "versicolor", "virginica"]
    assert len(facts["features"]) == len(facts["scaling"]["offset"]) == 4

    # Elsewhere and later: the function is found where it was, or its absence is said.
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry != str(tmp_path)])
    monkeypatch.delitem(sys.modules, "own")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert len(predict.predict(out, [[5.1, 3.5, 1.4, 0.2]])) == 1
    facts["folder"] = str(tmp_path / "gone")
    (out / "model.json").write_text(json.dumps(facts))
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry != str(tmp_path)])
    monkeypatch.delitem(sys.modules, "own")
    with pytest.raises(ConfigError, match=r"own:mlp built this model and cannot be imported \(run where own.py lies"):
        predict.load(out)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([[1, 2, 3]], "rows of 3 numbers, expected 4"),
        ([[1, 2, 3, "x"]], "not all rows are of 4 numbers"),
        ([[1, 2, 3, 4], [1]], "not all rows are of 4 numbers"),
        ([{"petal length (cm)": 1}], r"row 1 has no 'sepal length \(cm\)'"),
        ([[1, 2, 3, float("nan")]], r"column 'petal width \(cm\)', row 1: nan"),
        ("1,2,3,4", "expected a list of rows, got one text"),
    ],
)
def test_bad_rows_are_refused(tmp_path: Path, rows: Any, expected: str) -> None:
    settings = config("own:linear", data={"sklearn": "iris"})
    prepared = TASK.prepare(settings, tmp_path)
    TASK.export(TASK.build_model(settings, prepared), settings, prepared, tmp_path / "out")
    with pytest.raises(DataError, match=expected):
        predict.predict(tmp_path / "out", rows)
