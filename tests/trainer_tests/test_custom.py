"""Tasks of one's own: model, data, loss and metrics are functions of a module that the test writes."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.conformance.task_suite import TaskSuite
from trainer import predict
from trainer.config import TrainConfig
from trainer.errors import ConfigError, DataError, Diverged
from trainer.loop import train
from trainer.report import MEASURED
from trainer.tasks import get_task
from trainer.tasks.base import Prepared, Task

TASK = get_task("custom")
CODE = """
import numpy as np
import torch

generator = np.random.default_rng(0)
X = generator.normal(size=(60, 2, 3))
Y = np.stack([X.sum(axis=(1, 2)), X[:, 0, 0]], axis=1)

def rows():
    return {"train": (X[:40], Y[:40]), "validation": (X[40:], Y[40:])}

def alone():
    return X

def named():
    tokens = generator.integers(0, 5, size=(40, 4))
    return {"train": ({"tokens": tokens, "scale": X[:40, 0, 0]}, {"total": tokens.sum(axis=1), "first": tokens[:, 0]})}

def classes():
    return X, [0, 1, 2] * 20

def model(inputs, hidden=4):
    return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(inputs[0] * inputs[1], hidden), torch.nn.Tanh(),
                               torch.nn.Linear(hidden, 2))

class Coder(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.inner, self.outer = torch.nn.Linear(6, 2), torch.nn.Linear(2, 6)
        self.dropout = torch.nn.Dropout(0.1)

    def forward(self, x):
        code = self.inner(self.dropout(x.flatten(1)))
        return self.outer(code).view_as(x), code

def coder():
    return Coder()

class Counter(torch.nn.Module):
    def __init__(self, shapes):
        super().__init__()
        assert shapes == {"tokens": [4], "scale": []}
        self.embedding = torch.nn.Embedding(5, 1)

    def forward(self, tokens, scale, total=None, first=None):
        found = self.embedding(tokens).sum(dim=(1, 2))
        out = {"rest": scale, "logits": found}
        if total is not None:
            out["loss"] = ((found - total) ** 2).mean() + 0 * first.sum()
        return out

def counter(inputs):
    return Counter(inputs)

def mean(outputs, targets):
    return ((outputs - targets) ** 2).sum(dim=1).mean()

def each(outputs, targets):
    return ((outputs - targets) ** 2).sum(dim=1)

def again(outputs, targets, inputs):
    rebuilt, code = outputs
    assert targets is inputs
    return ((rebuilt - inputs) ** 2).flatten(1).mean(dim=1) + 0.01 * code.square().sum(dim=1)

def errors(outputs, targets):
    assert isinstance(outputs, np.ndarray) and isinstance(targets, np.ndarray)
    return {"mae": np.abs(outputs - targets).mean(), "worst": np.abs(outputs - targets).max()}

def whole(outputs, targets):
    return ((outputs - targets) ** 2)

def with_loss(outputs, targets):
    return {"loss": 1.0}

def a_number(outputs, targets):
    return 1.0

def of_texts(outputs, targets):
    return {"mae": "low"}

def one(outputs):
    return 1.0

def broken(outputs, targets):
    return outputs @ targets[:1]

def nan(outputs, targets):
    return (outputs - targets).sum() * float("nan")

def ragged():
    return [[1.0], [1.0, 2.0]], [1, 2]

def uneven():
    return X, Y[:9]

def nothing():
    return X[:0]

def failing():
    raise RuntimeError("no such table")

def differing():
    return {"train": (X, Y), "validation": (X[:, :1], Y)}
"""


@pytest.fixture
def code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "code"
    folder.mkdir()
    (folder / "own_code.py").write_text(CODE)
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.delitem(sys.modules, "own_code", raising=False)
    return folder


def settings_of(**more: Any) -> dict[str, Any]:
    given = {
        "task": "custom",
        "model": "own_code:model",
        "data": {"function": "own_code:rows"},
        "loss": "own_code:mean",
        "metrics": "own_code:errors",
        "batch_size": 8,
        "learning_rate": 0.05,
        "optimizer": "adam",
        "epochs": 6,
    }
    return {name: value for name, value in {**given, **more}.items() if value is not None}


def build(**more: Any) -> TrainConfig:
    config = TrainConfig.build(settings_of(**more))
    TASK.check(config)
    return config


def reports(config: TrainConfig, folder: Path, **more: Any) -> list[dict[str, float]]:
    prepared = TASK.prepare(config, folder / "cache")
    run = train(config, prepared=prepared, task=TASK, folder=folder / "run", device="cpu", **more)
    return [{k: v for k, v in report.metrics.items() if k not in MEASURED} for report in run]


class TestCustom(TaskSuite):
    name = "custom"

    @pytest.fixture
    def settings(self, code: Path) -> Mapping[str, Any]:
        return {**settings_of(metrics=None), "optimizer": "adamw"}

    @pytest.fixture
    def rows(self) -> list[Any]:
        return np.random.default_rng(1).normal(size=(5, 2, 3)).tolist()

    @pytest.fixture
    def labelled(self, code: Path) -> Path:
        import own_code

        np.savez(code / "validation.npz", x=own_code.X[40:], y=own_code.Y[40:])
        return code / "validation.npz"

    def agree(self, answers: list[Any], others: list[Any]) -> bool:
        return bool(np.allclose(answers, others, atol=1e-6))

    def test_label_smoothing_changes_the_loss_only(self, task: Task, config: TrainConfig, prepared: Prepared) -> None:
        with pytest.raises(ConfigError, match=r"label_smoothing: 0\.1 means nothing to custom"):
            task.check(config.model_copy(update={"label_smoothing": 0.1}))


def test_it_learns_and_reports_ones_own_metrics(code: Path, tmp_path: Path) -> None:
    config = build(metric="mae", goal="minimize", epochs=30, schedule="constant")
    found = reports(config, tmp_path)
    assert {"loss", "mae", "worst", "best_mae"} <= set(found[-1])
    assert found[-1]["loss"] < 0.3 * found[0]["loss"]
    assert found[-1]["best_mae"] == min(report["mae"] for report in found)


def test_a_mean_and_one_loss_a_row_are_the_same(code: Path, tmp_path: Path) -> None:
    mean = reports(build(), tmp_path / "mean")
    each = reports(build(loss="own_code:each"), tmp_path / "each")
    small = reports(build(micro_batch_size=3), tmp_path / "small")
    for first, second, third in zip(mean, each, small, strict=True):
        assert second == pytest.approx(first, rel=1e-4)
        assert third["loss"] == pytest.approx(first["loss"], rel=1e-4)


def test_what_has_no_targets_learns_from_its_inputs(code: Path, tmp_path: Path) -> None:
    config = build(model="own_code:coder", data={"function": "own_code:alone"}, loss="own_code:again", metrics=None)
    found = reports(config, tmp_path)
    assert found[-1]["loss"] < found[0]["loss"]
    prepared = TASK.prepare(config, tmp_path / "cache")
    assert {name: split.rows for name, split in prepared.splits.items()} == {"train": 48, "validation": 6, "test": 6}


def test_a_cut_off_run_goes_on_exactly(code: Path, tmp_path: Path) -> None:
    config = build(model="own_code:coder", data={"function": "own_code:alone"}, loss="own_code:again", metrics=None)
    whole = reports(config, tmp_path / "whole")
    prepared = TASK.prepare(config, tmp_path / "cache")
    updates = iter(range(9))
    stop = lambda: next(updates, None) is None  # noqa: E731
    part = tmp_path / "part"
    list(train(config, prepared=prepared, task=TASK, folder=part, device="cpu", should_stop=stop))
    rest = list(train(config, prepared=prepared, task=TASK, folder=part, device="cpu", resume=True))
    assert 0 < len(rest) < len(whole)
    for report, expected in zip(rest[::-1], whole[::-1], strict=False):
        assert {name: report.metrics[name] for name in ("loss", "train_loss")} == {
            name: expected[name] for name in ("loss", "train_loss")
        }


def test_named_inputs_are_keywords_and_a_model_may_have_its_own_loss(code: Path, tmp_path: Path) -> None:
    config = build(model="own_code:counter", data={"function": "own_code:named"}, loss=None, metrics=None, epochs=20)
    prepared = TASK.prepare(config, tmp_path / "cache")
    assert set(prepared.splits["train"].arrays) == {"inputs.tokens", "inputs.scale", "labels.total", "labels.first"}
    found = reports(config, tmp_path)
    assert found[-1]["loss"] < found[0]["loss"]
    model = TASK.build_model(config, prepared)
    TASK.export(model, config, prepared, tmp_path / "out")
    predictor = predict.load(tmp_path / "out", "cpu")
    rows = [{"tokens": [1, 2, 3, 4], "scale": 1.0}, {"tokens": [0, 0, 0, 0], "scale": 1.0}]
    weights = model.embedding.weight[:, 0].tolist()
    assert predictor.predict(rows) == pytest.approx([sum(weights[1:]), 4 * weights[0]], rel=1e-5)
    with pytest.raises(DataError, match="row 2 is not a mapping with tokens, scale"):
        predictor.predict([rows[0], {"tokens": [1, 2, 3, 4]}])


def test_an_export_has_ones_own_metrics_where_its_code_is_found(code: Path, tmp_path: Path) -> None:
    config = build(metric="mae", goal="minimize")
    prepared = TASK.prepare(config, tmp_path / "cache")
    torch.manual_seed(0)
    model = TASK.build_model(config, prepared)
    TASK.export(model, config, prepared, tmp_path / "out")
    arrays = prepared.splits["validation"].arrays
    rows = [{"x": x, "y": y} for x, y in zip(arrays["inputs"], arrays["labels"], strict=True)]
    found = predict.load(tmp_path / "out", "cpu").evaluate(rows, batch_size=7)
    with torch.no_grad():
        errors = model.eval()(torch.tensor(arrays["inputs"])).numpy() - arrays["labels"]
    assert found["mae"] == pytest.approx(np.abs(errors).mean(), rel=1e-5)
    assert found["loss"] == pytest.approx(np.square(errors).sum(axis=1).mean(), rel=1e-5)
    with pytest.raises(ConfigError, match="label: this model was trained without such a column"):
        predict.load(tmp_path / "out", "cpu").evaluate(rows, label="y")


def test_classes_are_in_every_split(code: Path, tmp_path: Path) -> None:
    config = build(data={"function": "own_code:classes"})
    prepared = TASK.prepare(config, tmp_path / "cache")
    for split in prepared.splits.values():
        assert len(set(np.bincount(split.arrays["labels"]))) == 1


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"metric": "mae"}, r"metric: nobody says whether a large mae is good \(write goal"),
        ({"metrics": None, "metric": "mae", "goal": "minimize"}, r"metric: 'mae' is not a metric of custom"),
        ({"loss": "own_code:gone"}, r"loss: gone is not there in .*own_code.py"),
        ({"loss": "own_code:one"}, r"loss: own_code:one takes outputs \(it is called with outputs and targets"),
        ({"model": "bert-base-uncased"}, r"model: expected module:function, .* got 'bert-base-uncased'"),
        (
            {"model_args": {"hiden": 3}},
            r"model_args.hiden: own_code:model takes no such argument \(did you mean hidden\?",
        ),
        ({"data": {"sklearn": "digits"}}, r"data.function: is missing: a custom task has rows of its own"),
        ({"max_length": 8}, r"max_length: 8 means nothing to custom"),
        ({"task": "tabular", "model": "mlp", "data": {"train": "x.csv"}}, r"loss: .* means nothing to tabular"),
    ],
)
def test_settings_that_cannot_be_used_are_refused(more: dict[str, Any], said: str, code: Path) -> None:
    config = TrainConfig.build(settings_of(**more))
    with pytest.raises(ConfigError, match=said):
        get_task(config.task).check(config)


@pytest.mark.parametrize(
    ("function", "said"),
    [
        ("ragged", r"own_code:ragged, train: inputs is no array of numbers"),
        ("uneven", r"own_code:uneven, train: 60 of inputs and 9 of labels \(give every array as many rows"),
        ("nothing", r"own_code:nothing, train has no rows"),
        ("failing", r"own_code:failing failed: RuntimeError: no such table"),
        ("differing", r"validation has inputs of shape \(1, 3\) .* where train has inputs of shape \(2, 3\)"),
    ],
)
def test_data_that_cannot_be_used_are_refused(function: str, said: str, code: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=rf"data.function: .*{said}"):
        TASK.prepare(build(data={"function": f"own_code:{function}"}), tmp_path)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"loss": "own_code:whole"}, r"loss: own_code:whole returned shape \(2, 2\) for 2 rows \(return the mean"),
        ({"loss": None}, r"model: the module of own_code:model fails on inputs \(2, 2, 3\), labels \(2, 2\)"),
        ({"loss": "own_code:broken"}, r"model: the module of own_code:model with own_code:broken fails on"),
        ({"model": "own_code:mean"}, r"model_args.outputs: is missing"),
    ],
)
def test_functions_that_do_not_fit_are_refused_before_training(
    more: dict[str, Any], said: str, code: Path, tmp_path: Path
) -> None:
    config = build(**more)
    with pytest.raises(ConfigError, match=said):
        TASK.build_model(config, TASK.prepare(config, tmp_path))


@pytest.mark.parametrize(
    ("function", "said"),
    [
        ("with_loss", r"metrics: own_code:with_loss returned 'loss', which is there already"),
        ("a_number", r"metrics: own_code:a_number returned float \(return \{name: number\}"),
        ("of_texts", r"metrics: own_code:of_texts returned str for 'mae' \(return a number"),
    ],
)
def test_metrics_that_are_none_end_the_run_with_one_line(function: str, said: str, code: Path, tmp_path: Path) -> None:
    config = build(metrics=f"own_code:{function}", epochs=1)
    with pytest.raises(ConfigError, match=said):
        reports(config, tmp_path)


def test_a_loss_that_is_not_finite_ends_the_run(code: Path, tmp_path: Path) -> None:
    with pytest.raises(Diverged):
        reports(build(loss="own_code:nan"), tmp_path)
