"""Trainings that begin from an exported model: its weights are there, and the rows of classes go by their names."""

from __future__ import annotations

import csv
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.trainer_tests.span_kit import jsonl, small
from tests.trainer_tests.test_image_classification import build_classifier, write_folder
from trainer import continuing, predict
from trainer.adapt.exporting import finish
from trainer.class_rows import ClassRows, changes, dimensions
from trainer.config import TrainConfig
from trainer.errors import ConfigError
from trainer.loop import train
from trainer.tasks import get_task

STILL = {"learning_rate": 1e-30, "epochs": 1, "precision": "fp32", "optimizer": "sgd", "momentum": 0.0}
"""Updates that change no weight."""
CODE = """
import numpy as np
import torch

def mlp(inputs, classes, hidden=4, dropout=0.1):
    first, norm, last = torch.nn.Linear(inputs, hidden), torch.nn.BatchNorm1d(hidden), torch.nn.Linear(hidden, classes)
    return torch.nn.Sequential(first, norm, torch.nn.ReLU(), torch.nn.Dropout(dropout), last)

def deep(inputs, classes):
    return torch.nn.Sequential(mlp(inputs, classes), torch.nn.Linear(classes, classes))

def cnn(inputs, classes):
    pooled = torch.nn.Sequential(torch.nn.Conv2d(inputs[0], 4, 3), torch.nn.AdaptiveAvgPool2d(2), torch.nn.Flatten())
    return torch.nn.Sequential(pooled, torch.nn.Linear(16, classes))

class Tied(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.inner, self.outer = torch.nn.Linear(3, 3, bias=False), torch.nn.Linear(3, 3, bias=False)
        self.outer.weight = self.inner.weight
    def forward(self, x):
        return self.outer(torch.tanh(self.inner(x)))

def tied():
    return Tied()

def error(outputs, targets):
    return ((outputs - targets) ** 2).mean()

def points():
    x = np.random.default_rng(0).normal(size=(40, 3))
    return x, x
"""
PETS = [{"text": text, "label": label} for text, label in [("the cat sat", "pet"), ("bad food", "meal")] * 6]
FILMS = [{"text": "a good film", "label": "art"}] * 6
WORDS = [{"tokens": ["the", "cat", "sat"], "tags": ["O", "B-pet", "O"]}] * 8
MORE_WORDS = [*WORDS, *[{"tokens": ["good", "film"], "tags": ["O", "B-art"]}] * 8]


@pytest.fixture(autouse=True)
def code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "continued_net.py").write_text(CODE)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "continued_net", raising=False)


def exported(settings: dict[str, Any], folder: Path) -> Path:
    """The folder of a model that was trained for a little while."""
    given = {"epochs": 2, "learning_rate": 0.05, "precision": "fp32", **settings}
    config = TrainConfig.build(given)
    task = get_task(config.task)
    task.check(config)
    prepared = task.prepare(config, folder / "cache")
    last = list(train(config, prepared=prepared, task=task, folder=folder / "run", device="cpu"))[-1]
    assert last.checkpoint is not None
    finished = finish(task.build_model(config, prepared), config, last.checkpoint, folder / "out")
    task.export(finished.model, config, prepared, folder / "out")
    return folder / "out"


def begun(settings: dict[str, Any], cache: Path) -> tuple[dict[str, torch.Tensor], tuple[str, ...], dict[str, float]]:
    """The weights that a training begins with, the classes of its data, and what it reports having changed nothing."""
    config = TrainConfig.build({**settings, **STILL})
    task = get_task(config.task)
    task.check(config)
    prepared = task.prepare(config, cache)
    continuing.check_fit(config, task, prepared)
    torch.manual_seed(1)
    model = task.build_model(config, prepared)
    continuing.begin(model, config, task, prepared)
    weights = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    (report,) = train(config, prepared=prepared, task=task, folder=None, device="cpu")
    return weights, prepared.label_names, dict(report.metrics)


def rows_of(file: Path, rows: list[dict[str, Any]]) -> str:
    file.parent.mkdir(parents=True, exist_ok=True)
    return jsonl(file, rows)


def texts(folder: Path, model: Path, rows: list[dict[str, Any]], task: str = "text-classification") -> dict[str, Any]:
    data = {"train": rows_of(folder / "train.jsonl", rows), "validation": rows_of(folder / "valid.jsonl", rows)}
    return {"task": task, "model": str(model), "data": data, "batch_size": 4}


def stored(folder: Path) -> dict[str, torch.Tensor]:
    from safetensors.torch import load_file

    return load_file(folder / "model.safetensors")


@pytest.mark.parametrize(
    ("task", "rows", "more"),
    [("text-classification", PETS, [*PETS, *FILMS]), ("token-classification", WORDS, MORE_WORDS)],
)
def test_the_head_of_an_encoder_follows_the_names_of_its_classes(
    encoder: Path, tmp_path: Path, task: str, rows: list[dict[str, Any]], more: list[dict[str, Any]]
) -> None:
    out = exported(texts(tmp_path / "one", encoder, rows, task), tmp_path / "one")
    old = {name: at for at, name in enumerate(json.loads((out / "sweepwright.json").read_text())["label_names"])}
    weights, names, _ = begun(texts(tmp_path / "two", out, more, task), tmp_path / "two" / "cache")
    assert set(names) > set(old)
    assert any(names.index(name) != at for name, at in old.items())
    trained = stored(out)
    for head in ("classifier.weight", "classifier.bias"):
        for name, at in old.items():
            assert torch.equal(weights[head][names.index(name)], trained[head][at])
    new = [at for at, name in enumerate(names) if name not in old]
    assert 0 < weights["classifier.weight"][new].abs().max() < 0.2  # drawn with a deviation of 0.02
    body = [name for name in trained if not name.startswith("classifier")]
    assert body
    assert all(torch.equal(weights[name], trained[name]) for name in body)


def test_the_same_classes_give_the_very_same_model(encoder: Path, tmp_path: Path) -> None:
    out = exported(texts(tmp_path / "one", encoder, PETS), tmp_path / "one")
    _, names, metrics = begun(texts(tmp_path / "two", out, PETS[:8]), tmp_path / "two" / "cache")
    expected = predict.load(out, "cpu").evaluate(tmp_path / "two" / "valid.jsonl")
    assert names == ("meal", "pet")
    assert {name: metrics[name] for name in expected} == pytest.approx(expected)


def test_fewer_classes_keep_their_rows_and_draws_are_those_of_every_trial(encoder: Path, tmp_path: Path) -> None:
    out = exported(texts(tmp_path / "one", encoder, [*PETS, *FILMS]), tmp_path / "one")
    fewer = [row for row in [*PETS, *FILMS] if row["label"] != "meal"]
    first, names, _ = begun(texts(tmp_path / "two", out, fewer), tmp_path / "two" / "cache")
    again, _, _ = begun(texts(tmp_path / "two", out, fewer), tmp_path / "two" / "cache")
    assert names == ("art", "pet")
    assert torch.equal(first["classifier.weight"], stored(out)["classifier.weight"][[0, 2]])
    assert all(torch.equal(first[name], again[name]) for name in first)


def test_classes_that_only_changed_their_order_bring_their_rows_along(encoder: Path, tmp_path: Path) -> None:
    out = exported(texts(tmp_path / "one", encoder, PETS), tmp_path / "one")
    settings = texts(tmp_path / "two", out, PETS)
    settings["data"] = {**settings["data"], "label_names": ["pet", "meal"]}
    weights, names, metrics = begun(settings, tmp_path / "two" / "cache")
    assert names == ("pet", "meal")
    assert torch.equal(weights["classifier.bias"], stored(out)["classifier.bias"].flip(0))
    expected = predict.load(out, "cpu").evaluate(tmp_path / "two" / "valid.jsonl")
    assert metrics["accuracy"] == expected["accuracy"]
    assert metrics["loss"] == pytest.approx(expected["loss"])


@pytest.mark.parametrize(("kind", "head"), [("roberta", "classifier.out_proj"), ("distilbert", "classifier")])
def test_heads_of_several_layers_bring_what_has_no_classes_as_it_is(
    encoder: Path, tmp_path: Path, kind: str, head: str
) -> None:
    out = exported(texts(tmp_path / "one", small(kind, encoder, tmp_path / kind), PETS), tmp_path / "one")
    weights, names, _ = begun(texts(tmp_path / "two", out, [*PETS, *FILMS]), tmp_path / "two" / "cache")
    trained = stored(out)
    assert torch.equal(weights[f"{head}.weight"][[names.index("meal"), names.index("pet")]], trained[f"{head}.weight"])
    others = [name for name in trained if not name.startswith(head)]
    assert all(torch.equal(weights[name], trained[name]) for name in others)


def test_adapters_lie_over_the_model_that_is_continued(encoder: Path, tmp_path: Path) -> None:
    out = exported({**texts(tmp_path / "one", encoder, PETS), "peft": "lora"}, tmp_path / "one")
    settings = {**texts(tmp_path / "two", out, PETS), "peft": "lora"}
    _, _, metrics = begun(settings, tmp_path / "two" / "cache")
    assert metrics["loss"] == pytest.approx(predict.load(out, "cpu").evaluate(tmp_path / "two" / "valid.jsonl")["loss"])


def test_pictures_by_a_pretrained_model_bring_their_classes(tmp_path: Path) -> None:
    model = build_classifier(tmp_path / "vit", "vit")
    few = write_folder(tmp_path / "few", 4)
    shutil.rmtree(few / "bright")
    settings = {"task": "image-classification", "model": str(model), "data": {"train": str(few)}, "batch_size": 4}
    out = exported(settings, tmp_path / "one")
    data = {"train": str(write_folder(tmp_path / "all", 8))}
    weights, names, _ = begun({**settings, "model": str(out), "data": data}, tmp_path / "two")
    assert names == ("bright", "dark", "red")
    assert torch.equal(weights["classifier.weight"][1:], stored(out)["classifier.weight"])


def test_other_peoples_heads_are_taken_by_their_shape_as_ever(encoder: Path, tmp_path: Path) -> None:
    out = exported(texts(tmp_path / "one", encoder, PETS), tmp_path / "one")
    (out / "sweepwright.json").unlink()
    settings = texts(tmp_path / "two", out, PETS)
    settings["data"] = {**settings["data"], "label_names": ["pet", "meal"]}
    weights, _, _ = begun(settings, tmp_path / "two" / "cache")
    assert torch.equal(weights["classifier.bias"], stored(out)["classifier.bias"])


def table(file: Path, rows: list[tuple[Any, ...]], header: str = "a,b,label") -> str:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", newline="") as opened:
        csv.writer(opened).writerows([header.split(","), *rows])
    return str(file)


def numbers(classes: str, count: int = 24, seed: int = 0) -> list[tuple[Any, ...]]:
    draw = np.random.default_rng(seed)
    return [
        (*draw.normal(ord(classes[at % len(classes)]) - 97, 0.3, 2), classes[at % len(classes)]) for at in range(count)
    ]


def plain(folder: Path, rows: list[tuple[Any, ...]], **more: Any) -> dict[str, Any]:
    data = {"train": table(folder / "train.csv", rows), "validation": table(folder / "valid.csv", rows)}
    settings = {"task": "classification", "model": "continued_net:mlp", "batch_size": 8, **more}
    return {**settings, "data": {**data, **more.get("data", {})}}


def test_a_plain_module_begins_with_the_weights_of_its_export(tmp_path: Path) -> None:
    out = exported(plain(tmp_path / "one", numbers("bc"), epochs=15), tmp_path / "one")
    weights, _, metrics = begun(
        {**plain(tmp_path / "two", numbers("bc", 16, 1)), "weights": str(out)}, tmp_path / "two"
    )
    trained = stored(out)
    assert trained.keys() == weights.keys()
    assert all(torch.equal(weights[name], trained[name]) for name in trained)
    assert "1.running_mean" in trained
    assert metrics["accuracy"] > 0.9  # by what it learnt before: nothing was trained, but for the statistics


def test_the_classes_of_a_plain_module_go_by_their_names_too(tmp_path: Path) -> None:
    out = exported(plain(tmp_path / "one", numbers("bc")), tmp_path / "one")
    weights, names, _ = begun({**plain(tmp_path / "two", numbers("cab")), "weights": str(out)}, tmp_path / "two")
    trained = stored(out)
    assert names == ("a", "b", "c")
    for name in ("4.weight", "4.bias"):
        assert torch.equal(weights[name][1:], trained[name])
        assert torch.any(weights[name][0] != 0)
    assert all(torch.equal(weights[name], trained[name]) for name in trained if not name.startswith("4."))


def test_a_cnn_of_ones_own_and_a_task_of_ones_own_begin_so_too(tmp_path: Path) -> None:
    pictures = {"task": "image-classification", "model": "continued_net:cnn", "batch_size": 4}
    settings = {**pictures, "data": {"train": str(write_folder(tmp_path / "p", 6))}}
    out = exported(settings, tmp_path / "one")
    weights, _, _ = begun({**settings, "weights": str(out)}, tmp_path / "two")
    assert all(torch.equal(weights[name], tensor) for name, tensor in stored(out).items())
    own = {"task": "custom", "model": "continued_net:tied", "loss": "continued_net:error"}
    own_settings = {**own, "data": {"function": "continued_net:points"}}
    out = exported(own_settings, tmp_path / "three")
    weights, _, _ = begun({**own_settings, "weights": str(out)}, tmp_path / "four")
    (tensor,) = stored(out).values()
    assert torch.equal(weights["inner.weight"], tensor)
    assert torch.equal(weights["outer.weight"], tensor)


PEOPLE = [(age, town, ("no", "yes")[age > 40]) for age in range(20, 60) for town in ("Oslo", "Rome")]


def people(folder: Path, rows: list[tuple[Any, ...]], header: str = "age,town,label", **more: Any) -> dict[str, Any]:
    data = {"train": table(folder / "train.csv", rows, header), "validation": table(folder / "valid.csv", rows, header)}
    settings = {"task": "tabular", "model_args": {"hidden": 8, "bins": 4}, "batch_size": 16, "data": data}
    return {**settings, **more}


def test_a_model_of_tables_sees_rows_as_it_was_trained_on_them(tmp_path: Path) -> None:
    out = exported(people(tmp_path / "one", PEOPLE), tmp_path / "one")
    newer = [(age + 5, town, label) for age, town, label in PEOPLE] + [(30, "Bern", "no"), (50, "Bern", "yes")]
    weights, _, metrics = begun({**people(tmp_path / "two", newer), "weights": str(out)}, tmp_path / "two" / "cache")
    assert all(torch.equal(weights[name], tensor) for name, tensor in stored(out).items())
    expected = predict.load(out, "cpu").evaluate(tmp_path / "two" / "valid.csv")
    assert {name: metrics[name] for name in expected} == pytest.approx(expected)


def test_a_number_that_is_predicted_keeps_its_scale(tmp_path: Path) -> None:
    header = "age,town,label"
    rows = [(age, town, age * 0.5 + 0.25) for age, town, _ in PEOPLE]
    out = exported(people(tmp_path / "one", rows, header, metric="rmse"), tmp_path / "one")
    newer = people(tmp_path / "two", [(age, town, label + 9) for age, town, label in rows], header, metric="rmse")
    _, _, metrics = begun({**newer, "weights": str(out)}, tmp_path / "two" / "cache")
    assert metrics["rmse"] == pytest.approx(predict.load(out, "cpu").evaluate(tmp_path / "two" / "valid.csv")["rmse"])


def test_what_does_not_fit_is_one_clear_line_before_anything_is_trained(tmp_path: Path, encoder: Path) -> None:
    out = exported(plain(tmp_path / "one", numbers("bc")), tmp_path / "one")
    again = plain(tmp_path / "two", numbers("bc"))
    wide = [(a, b, 1.0, label) for a, b, label in numbers("bc")]
    other = {"train": table(tmp_path / "w.csv", wide, "a,b,c,label")}
    swapped = {"train": table(tmp_path / "s.csv", numbers("bc"), "b,a,label")}
    tables_out = exported(people(tmp_path / "three", PEOPLE), tmp_path / "three")
    towns = people(tmp_path / "four", PEOPLE)
    renamed = people(tmp_path / "five", PEOPLE, "age,city,label")
    cases: list[tuple[dict[str, Any], str]] = [
        (
            {**again, "model_args": {"hidden": 5}},
            r"weights: .* 0.weight has the shape \[4, 2\] there and \[5, 2\] here",
        ),
        ({**again, "model": "continued_net:deep"}, "weights: .* it has no 0.0.weight"),
        ({**again, "data": other}, "data.features: feature 3 is 'c', and 'nothing' in"),
        ({**again, "data": swapped}, "data.features: feature 1 is 'b', and 'a' in"),
        ({**again, "data": {**again["data"], "scaling": "standard"}}, "data.scaling: 'standard', .* were not scaled"),
        ({**again, "weights": str(tmp_path / "no")}, "weights: there is no model folder"),
        ({**again, "weights": str(encoder)}, "weights: .*sweepwright.json is not there"),
        ({**towns, "weights": str(out)}, "weights: .* was exported from classification, and the task is tabular"),
        ({**renamed, "weights": str(tables_out)}, "data.features: the model that is continued has no column 'city'"),
        (texts(tmp_path / "six", encoder, PETS), "weights: .* means nothing to text-classification"),
    ]
    for settings, expected in cases:
        with pytest.raises(ConfigError, match=expected):
            begun({"weights": str(out), **settings}, tmp_path / "cache")
    (out / "model.safetensors").write_bytes((out / "model.safetensors").read_bytes()[:-9])
    with pytest.raises(ConfigError, match=r"weights: .*model\.safetensors cannot be read"):
        begun({"weights": str(out), **again}, tmp_path / "cache")


def test_a_continued_run_that_was_cut_off_goes_on_bit_for_bit(tmp_path: Path) -> None:
    out = exported(plain(tmp_path / "one", numbers("bc")), tmp_path / "one")
    settings = {**plain(tmp_path / "two", numbers("cab")), "weights": str(out), "epochs": 3, "learning_rate": 0.01}
    config = TrainConfig.build(settings)
    task = get_task(config.task)
    prepared = task.prepare(config, tmp_path / "cache")
    given: dict[str, Any] = {"prepared": prepared, "task": task, "device": "cpu"}
    whole = [report.metrics["loss"] for report in train(config, folder=tmp_path / "whole", **given)]
    cut = train(config, folder=tmp_path / "cut", **given)
    first = next(cut).metrics["loss"]
    cut.close()  # type: ignore[attr-defined]
    rest = [report.metrics["loss"] for report in train(config, folder=tmp_path / "cut", resume=True, **given)]
    assert [first, *rest] == whole


def test_rows_are_found_by_the_dimension_that_grows_with_the_classes() -> None:
    dims = dimensions(
        {"w": (2, 4), "b": (2,), "t": (4, 2), "x": (4, 4)}, {"w": (3, 4), "b": (3,), "t": (4, 3), "x": (4, 4)}
    )
    assert dims == {"w": 0, "b": 0, "t": 1}
    trained = {"w": torch.arange(8.0).view(2, 4), "t": torch.arange(8.0).view(4, 2)}
    fresh = {"w": torch.zeros(3, 4), "t": torch.zeros(4, 3)}
    ClassRows.of(trained, {"w": 0, "t": 1}, ("a", "b"), ("b", "new", "a")).lay_into(fresh)
    assert torch.equal(fresh["w"], torch.stack([trained["w"][1], torch.zeros(4), trained["w"][0]]))
    assert torch.equal(fresh["t"][:, 0], trained["t"][:, 1])


def test_what_became_of_the_classes_is_said() -> None:
    assert changes(("a", "b"), ("b", "a")) == ""
    assert changes(("a", "b"), ("b", "c", "d")) == "classes c, d are new; class a is gone"
    assert changes((), tuple("abcdefgh")) == "classes a, b, c, d, e, f and 2 more are new"
