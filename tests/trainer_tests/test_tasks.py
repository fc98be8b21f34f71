"""Every task passes the conformance suite; the registry; what may be imported when."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.conformance.task_suite import TaskSuite
from trainer import predict
from trainer.config import TrainConfig
from trainer.errors import ConfigError
from trainer.tasks import get_task
from trainer.tasks.base import Prepared, Task
from trainer.tasks.class_predictor import ClassPredictor

NET = """
import torch

def mlp(inputs, classes, hidden=8, dropout=0.0):
    return torch.nn.Sequential(
        torch.nn.Linear(inputs, hidden), torch.nn.ReLU(), torch.nn.Dropout(dropout), torch.nn.Linear(hidden, classes)
    )

def rows(numbers, categories, outputs):
    return torch.nn.Linear(numbers, outputs)
"""
TEXTS = [("the cat sat", "cat"), ("a dog ran and ran", "dog"), ("good film", "film"), ("very bad food !", "food")]


@pytest.fixture
def on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "code"
    folder.mkdir()
    (folder / "suite_net.py").write_text(NET)
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.delitem(sys.modules, "suite_net", raising=False)
    return folder


class ClassSuite(TaskSuite):
    """What holds of all tasks that give each row one class."""

    def test_predictions_are_the_likeliest_classes(
        self, task: Task, config: TrainConfig, prepared: Prepared, rows: list[Any], tmp_path: Path
    ) -> None:
        task.export(self.fresh(task, config, prepared), config, prepared, tmp_path / "out")
        predictor = predict.load(tmp_path / "out", "cpu")
        assert isinstance(predictor, ClassPredictor)
        assert predictor.label_names == prepared.label_names
        proba = predictor.predict_proba(rows, batch_size=3)
        assert proba.shape == (len(rows), len(prepared.label_names))
        np.testing.assert_allclose(proba.sum(axis=1), 1.0)
        assert [str(label) for label in predictor.predict(rows)] == [
            prepared.label_names[index] for index in proba.argmax(axis=1)
        ]

    def test_labels_come_in_the_order_of_the_rows(self, task: Task, config: TrainConfig, prepared: Prepared) -> None:
        batch = self.batch(task, config, prepared, [2, 0, 1, 2])
        assert batch["labels"].tolist() == prepared.splits["train"].arrays["labels"][[2, 0, 1, 2]].tolist()


class TestClassification(ClassSuite):
    name = "classification"

    @pytest.fixture
    def labelled(self, tmp_path: Path) -> Path:
        path = tmp_path / "validation.csv"
        path.write_text("a,b,label\n0.5,3,no\n1.5,-1,yes\n9,0,maybe\n2,2,no\n")
        return path

    @pytest.fixture
    def settings(self, tmp_path: Path, labelled: Path, on_path: Path) -> dict[str, Any]:
        train = tmp_path / "train.csv"
        rows = [(i * 0.5, -i, ("yes", "no", "maybe")[i % 3]) for i in range(12)]
        train.write_text("a,b,label\n" + "".join(f"{a},{b},{label}\n" for a, b, label in rows))
        data = {"train": str(train), "validation": str(labelled), "scaling": "standard"}
        return {"model": "suite_net:mlp", "model_args": {"hidden": 4}, "dropout": 0.2, "data": data}

    @pytest.fixture
    def rows(self) -> list[Any]:
        return [[0.5, 1], (2, 3.5), {"b": 1, "a": 0}, [0, 0]]


class TestTextClassification(ClassSuite):
    name = "text-classification"

    @pytest.fixture
    def labelled(self, tmp_path: Path) -> Path:
        return write(tmp_path / "validation.jsonl", [{"said": t, "topic": name} for t, name in TEXTS])

    @pytest.fixture
    def settings(self, tmp_path: Path, labelled: Path, encoder: Path) -> dict[str, Any]:
        train = [{"said": text * n, "topic": name} for n in (1, 2, 9) for text, name in TEXTS]
        data = {"train": str(write(tmp_path / "train.jsonl", train)), "validation": str(labelled)}
        return {"model": str(encoder), "data": {**data, "text": "said", "label": "topic"}, "max_length": 12}

    @pytest.fixture
    def rows(self) -> list[Any]:
        return ["a cat", {"said": "it was very very good and very bad on the dog " * 3}, "", "🐈 שלום\x00"]


class TestPairs(ClassSuite):
    name = "text-classification"

    @pytest.fixture
    def labelled(self, tmp_path: Path) -> Path:
        return write(tmp_path / "v.jsonl", [{"a": t, "b": t[::-1], "label": i % 2} for i, (t, _) in enumerate(TEXTS)])

    @pytest.fixture
    def settings(self, tmp_path: Path, labelled: Path, encoder: Path) -> dict[str, Any]:
        train = [{"a": t * n, "b": name, "label": n % 2} for n in (1, 2, 9) for t, name in TEXTS]
        data = {"train": str(write(tmp_path / "t.jsonl", train)), "validation": str(labelled)}
        return {"model": str(encoder), "data": {**data, "text": "a", "text_pair": "b"}}

    @pytest.fixture
    def rows(self) -> list[Any]:
        return [("a cat", "a dog"), {"a": "it is", "b": "bad " * 40}, ["", ""], ("x", "y")]


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    return path


def test_an_unknown_task_says_which_is_meant() -> None:
    with pytest.raises(ConfigError, match=r"task: there is no task 'clasification' \(did you mean classification\?\)"):
        get_task("clasification")


def test_checking_imports_nothing_heavy(tmp_path: Path) -> None:
    (tmp_path / "suite_net.py").write_text(NET)
    (tmp_path / "rows.jsonl").write_text('{"text": "a", "label": 0}\n')
    (tmp_path / "rows.csv").write_text("a,label\n1,0\n")
    (tmp_path / "pictures" / "a").mkdir(parents=True)
    program = """
import sys
from trainer.config import TrainConfig
from trainer.tasks import get_task, task_names
heavy = {"torch", "transformers", "datasets", "sklearn", "pandas", "ray", "sweeps", "search_spaces"}
cases = [
    ("classification", "suite_net:mlp", "rows.csv"),
    ("text-classification", "x/y", "rows.jsonl"),
    ("seq2seq", "x/y", "rows.jsonl"),
    ("causal-lm", "x/y", "rows.jsonl"),
    ("token-classification", "x/y", "rows.jsonl"),
    ("question-answering", "x/y", "rows.jsonl"),
    ("image-classification", "suite_net:mlp", "pictures"),
    ("image-classification", "x/y", "rows.jsonl"),
    ("tabular", "mlp", "rows.csv"),
    ("tabular", "suite_net:rows", "rows.csv"),
]
for task, model, file in cases:
    get_task(task).check(TrainConfig.build({"task": task, "model": model, "data": {"train": file}}))
print(sorted(heavy & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.slow
def test_plain_modules_never_import_transformers(tmp_path: Path) -> None:
    (tmp_path / "suite_net.py").write_text(NET)
    program = """
import sys
from pathlib import Path
from trainer import predict
from trainer.config import TrainConfig
from trainer.tasks import get_task
task = get_task("classification")
config = TrainConfig.build({"task": "classification", "model": "suite_net:mlp", "data": {"sklearn": "iris"}})
prepared = task.prepare(config, Path("cache"))
task.export(task.build_model(config, prepared), config, prepared, Path("out"))
print(predict.predict("out", [[5.1, 3.5, 1.4, 0.2]])[0] in prepared.label_names)
print(sorted({"transformers", "datasets", "ray"} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == "True\n[]\n"
