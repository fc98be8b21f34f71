"""Pictures: every source, sizes and channels, normalisation, exports that Hugging Face reads, and what is refused."""

from __future__ import annotations

import io
import itertools
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from tests.trainer_tests.test_tasks import ClassSuite
from trainer import predict
from trainer.adapt.exporting import finish
from trainer.config import TrainConfig
from trainer.data.report import read
from trainer.errors import ConfigError, DataError
from trainer.loop import train
from trainer.tasks import get_task
from trainer.tasks.base import Prepared

TASK = get_task("image-classification")
NET = """
import torch

def cnn(inputs, classes, width=4, dropout=0.0):
    channels, height, width_ = inputs
    layers = [torch.nn.Conv2d(channels, width, 3, padding=1), torch.nn.ReLU(), torch.nn.AdaptiveAvgPool2d(2)]
    last = [torch.nn.Flatten(), torch.nn.Dropout(dropout), torch.nn.Linear(4 * width, classes)]
    return torch.nn.Sequential(*layers, *last)
"""
CLASSES = ("bright", "dark", "red")
STRONG = {"flip": 0.5, "crop": 0.1, "zoom": 0.2, "rotate": 20, "color_jitter": 0.3, "randaugment": 2, "erase": 0.5}


def pixels(label: str, number: int, size: tuple[int, int] = (10, 12)) -> np.ndarray:
    draw = np.random.default_rng([number, CLASSES.index(label)])
    low, high = {"bright": (150, 250), "dark": (0, 60), "red": (0, 60)}[label]
    found = draw.integers(low, high, (*size, 3)).astype(np.uint8)
    if label == "red":
        found[:, :, 0] = 220
    return found


def write_folder(root: Path, count: int, first: int = 0, size: tuple[int, int] = (10, 12)) -> Path:
    for label, number in itertools.product(CLASSES, range(first, first + count)):
        (root / label).mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels(label, number, size)).save(root / label / f"{number:02d}.png")
    return root


def encoded(array: np.ndarray) -> bytes:
    out = io.BytesIO()
    Image.fromarray(array).save(out, "PNG")
    return out.getvalue()


@pytest.fixture(autouse=True)
def code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "picture_net.py").write_text(NET)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "picture_net", raising=False)


def build_classifier(folder: Path, kind: str, channels: int = 3, processor: str = "vit") -> Path:
    """A random image classifier of a real class with its processor, as a Hugging Face folder."""
    from transformers import (
        ConvNextImageProcessorPil,
        ResNetConfig,
        ResNetForImageClassification,
        ViTConfig,
        ViTForImageClassification,
        ViTImageProcessorPil,
    )

    torch.manual_seed(0)
    if kind == "vit":
        sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
        model = ViTForImageClassification(ViTConfig(**sizes, image_size=8, patch_size=4, num_channels=channels))
    else:
        sizes = {"embedding_size": 8, "hidden_sizes": [8, 8], "depths": [1, 1], "layer_type": "basic"}
        model = ResNetForImageClassification(ResNetConfig(**sizes, num_channels=channels))
    model.save_pretrained(folder)
    if processor == "vit":
        norm = {"image_mean": [0.5, 0.4, 0.3], "image_std": [0.2, 0.3, 0.4]}
        ViTImageProcessorPil(size={"height": 8, "width": 8}, **norm).save_pretrained(folder)
    elif processor == "convnext":
        ConvNextImageProcessorPil(size={"shortest_edge": 8}, crop_pct=0.8).save_pretrained(folder)
    return folder


def config(model: str = "picture_net:cnn", **settings: Any) -> TrainConfig:
    return TrainConfig.build({"task": "image-classification", "model": model, **settings})


def prepare(folder: Path, model: str = "picture_net:cnn", **data: Any) -> Prepared:
    return TASK.prepare(config(model, data=data), folder / "cache")


class PictureSuite(ClassSuite):
    name = "image-classification"

    @pytest.fixture
    def labelled(self, tmp_path: Path) -> Path:
        return write_folder(tmp_path / "held", 2, 50)

    @pytest.fixture
    def rows(self, tmp_path: Path, labelled: Path) -> list[Any]:
        path = labelled / "red" / "50.png"
        return [str(path), path, pixels("dark", 3), {"image": encoded(pixels("red", 4))}, Image.open(path).convert("L")]


class TestPlainModules(PictureSuite):
    @pytest.fixture
    def settings(self, tmp_path: Path, labelled: Path) -> dict[str, Any]:
        data = {"train": str(write_folder(tmp_path / "t", 4)), "validation": str(labelled), "scaling": "standard"}
        return {"model": "picture_net:cnn", "data": data, "dropout": 0.1, "augment": STRONG}


class TestTransformers(PictureSuite):
    @pytest.fixture
    def settings(self, tmp_path: Path, labelled: Path) -> dict[str, Any]:
        model = build_classifier(tmp_path / "vit", "vit")
        data = {"train": str(write_folder(tmp_path / "t", 4)), "validation": str(labelled)}
        return {"model": str(model), "data": data, "augment": STRONG}


def test_folders_tables_and_paths_hold_the_same_rows(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "set", 4)
    table = [(f"{label}/{number:02d}.png", label) for label in CLASSES for number in range(4)]
    lines = [json.dumps({"image": name, "label": label}) for name, label in table]
    (folder / "rows.jsonl").write_text("\n".join(lines) + "\n")
    (folder / "rows.csv").write_text("picture,kind\n" + "".join(f"{name},{label}\n" for name, label in table))
    raw = [(folder / name).read_bytes() for name, _ in table]
    structs = [{"bytes": one, "path": None} for one in raw]
    pd.DataFrame({"image": structs, "label": [label for _, label in table]}).to_parquet(tmp_path / "s.parquet")
    pd.DataFrame({"image": raw, "label": [label for _, label in table]}).to_parquet(tmp_path / "b.parquet")
    sources = [
        {"train": str(folder)},
        {"train": str(folder / "rows.jsonl")},
        {"train": str(folder / "rows.csv"), "image": "picture", "label": "kind"},
        {"train": str(tmp_path / "s.parquet")},
        {"train": str(tmp_path / "b.parquet")},
    ]
    prepared = [prepare(tmp_path, **source, validation_fraction=0.25, test_fraction=0) for source in sources]
    for one in prepared:
        assert one.label_names == CLASSES
        assert one.splits["train"].arrays["images"].shape == (9, 3, 10, 12)
        assert one.splits["train"].arrays["images"].dtype == np.uint8
        for split in ("train", "validation"):
            for name in ("images", "labels"):
                np.testing.assert_array_equal(one.splits[split].arrays[name], prepared[0].splits[split].arrays[name])


def test_one_folder_of_splits(tmp_path: Path) -> None:
    for split, count in (("train", 3), ("val", 2), ("test", 1)):
        write_folder(tmp_path / "all" / split, count)
    prepared = prepare(tmp_path, train=str(tmp_path / "all"))
    assert {name: split.rows for name, split in prepared.splits.items()} == {"train": 9, "validation": 6, "test": 3}


def test_a_hub_set_with_pictures(tmp_path: Path) -> None:
    import datasets

    features = datasets.Features({"image": datasets.Image(), "label": datasets.ClassLabel(names=list(CLASSES))})
    rows = {
        "image": [Image.fromarray(pixels(c, n)) for c in CLASSES for n in range(3)],
        "label": [0, 0, 0, 1, 1, 1, 2, 2, 2],
    }
    datasets.Dataset.from_dict(rows, features).to_parquet(tmp_path / "hub" / "train.parquet")
    prepared = prepare(tmp_path, name=str(tmp_path / "hub"), validation_fraction=0.3, test_fraction=0, stratify=False)
    assert prepared.label_names == CLASSES
    assert prepared.splits["train"].rows == 6


def test_a_changed_picture_is_other_data(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "set", 4)
    before = prepare(tmp_path, train=str(folder))
    assert prepare(tmp_path, train=str(folder), scaling="minmax").folder == before.folder
    Image.fromarray(pixels("dark", 77)).save(folder / "dark" / "01.png")
    assert prepare(tmp_path, train=str(folder)).folder != before.folder


@pytest.mark.parametrize(("kind", "processor"), [("vit", "vit"), ("resnet", "convnext")])
def test_a_batch_is_what_the_processor_makes(tmp_path: Path, kind: str, processor: str) -> None:
    from transformers import AutoImageProcessor

    model = build_classifier(tmp_path / "model", kind, processor=processor)
    folder = write_folder(tmp_path / "set", 4, size=(15, 11))
    settings = config(str(model), data={"train": str(folder), "validation": str(folder)})
    prepared = TASK.prepare(settings, tmp_path / "cache")
    rows = np.array([4, 0, 11])
    batch = TASK.collate(prepared.splits["validation"], rows, settings, prepared)
    opened = [Image.open(folder / CLASSES[row // 4] / f"{row % 4:02d}.png") for row in rows]
    expected = AutoImageProcessor.from_pretrained(model)(opened, return_tensors="pt")["pixel_values"]
    torch.testing.assert_close(batch["pixel_values"], expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("scaling", ["none", "standard"])
def test_an_export_is_a_folder_for_pipelines(tmp_path: Path, scaling: str) -> None:
    from transformers import pipeline

    model = build_classifier(tmp_path / "model", "resnet")
    folder = write_folder(tmp_path / "set", 4)
    data = {"train": str(folder), "validation": str(folder), "shape": [3, 9, 7], "scaling": scaling}
    settings = config(str(model), data=data)
    prepared = TASK.prepare(settings, tmp_path / "cache")
    TASK.export(TASK.build_model(settings, prepared), settings, prepared, tmp_path / "out")
    paths = [str(folder / label / "02.png") for label in CLASSES]
    ours = predict.load(tmp_path / "out", "cpu").predict_proba(paths)  # type: ignore[attr-defined]
    theirs = pipeline("image-classification", str(tmp_path / "out"), device="cpu")(paths, top_k=3)
    for row, answer in zip(ours, theirs, strict=True):
        scores = {one["label"]: one["score"] for one in answer}
        np.testing.assert_allclose(row, [scores[label] for label in CLASSES], atol=1e-5)


@pytest.mark.parametrize("scaling", ["none", "standard", "minmax"])
def test_scaling_is_by_channel_over_the_train_rows(tmp_path: Path, scaling: str) -> None:
    folder = write_folder(tmp_path / "set", 6)
    settings = config(data={"train": str(folder), "scaling": scaling, "validation_fraction": 0.3, "test_fraction": 0})
    prepared = TASK.prepare(settings, tmp_path / "cache")
    split = prepared.splits["train"]
    values = TASK.collate(split, np.arange(split.rows), settings, prepared)["pixel_values"].double()
    plain = torch.from_numpy(split.arrays["images"].astype(np.float64)) / 255
    dims = (0, 2, 3)
    expected = {
        "none": plain,
        "standard": (plain - plain.mean(dims, True)) / plain.std(dims, correction=0, keepdim=True),
        "minmax": (plain - plain.amin(dims, True)) / (plain.amax(dims, True) - plain.amin(dims, True)),
    }[scaling]
    torch.testing.assert_close(values, expected, rtol=1e-4, atol=1e-5)


def test_a_grey_model_gets_shades_of_grey(tmp_path: Path) -> None:
    model = build_classifier(tmp_path / "model", "vit", channels=1)
    folder = write_folder(tmp_path / "set", 4)
    settings = config(str(model), data={"train": str(folder)})
    prepared = TASK.prepare(settings, tmp_path / "cache")
    assert prepared.meta["shape"] == [1, 8, 8]
    TASK.export(TASK.build_model(settings, prepared), settings, prepared, tmp_path / "out")
    predictor = predict.load(tmp_path / "out", "cpu")
    assert predictor.predict([pixels("red", 1), pixels("red", 1)[:, :, 0]])[0] in CLASSES


def test_sixteen_bits_and_transparency(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "set", 3)
    deep = pixels("dark", 1)[:, :, 0].astype(np.uint16) << 8
    Image.fromarray(deep).save(folder / "dark" / "00.png")
    Image.fromarray(pixels("dark", 2)).convert("RGBA").save(folder / "dark" / "01.png")
    prepared = prepare(tmp_path, train=str(folder), validation=str(folder), shape=[1, 10, 12])
    np.testing.assert_array_equal(prepared.splits["train"].arrays["images"][3, 0], deep >> 8)


def test_it_learns_and_resumes_bit_for_bit(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "set", 8)
    data = {"train": str(folder), "validation_fraction": 0.25, "test_fraction": 0}
    course = {"epochs": 12, "report_every": 4, "batch_size": 4, "learning_rate": 0.03, "metric": "accuracy"}
    mild = {"flip": 0.5, "rotate": 10, "crop": 0.1, "erase": 0.2}
    settings = config(data=data, dropout=0.1, augment=mild, **course)
    prepared = TASK.prepare(settings, tmp_path / "cache")

    def run(name: str, resume: bool = False) -> Any:
        return train(settings, prepared=prepared, task=TASK, folder=tmp_path / name, resume=resume, device="cpu")

    def seen(reports: Any) -> list[tuple[float, float]]:
        return [(report.metrics["loss"], report.metrics["train_loss"]) for report in reports]

    whole = list(run("whole"))
    first = list(itertools.islice(run("cut"), 1))
    torch.manual_seed(99)
    assert seen([*first, *run("cut", resume=True)]) == seen(whole)
    assert whole[-1].metrics["accuracy"] > 0.6
    weights = [
        (tmp_path / name / "checkpoints" / "r0003" / "model.safetensors").read_bytes() for name in ("whole", "cut")
    ]
    assert weights[0] == weights[1]


def test_adapters_reach_models_of_pictures(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "set", 4)
    model = build_classifier(tmp_path / "model", "vit")
    data = {"train": str(folder), "validation": str(folder)}
    settings = config(str(model), data=data, peft="lora", lora_rank=2, epochs=4, batch_size=4, learning_rate=0.02)
    prepared = TASK.prepare(settings, tmp_path / "cache")
    reports = list(train(settings, prepared=prepared, task=TASK, folder=tmp_path / "run", device="cpu"))
    assert reports[-1].metrics["loss"] < reports[0].metrics["loss"]
    checkpoint = tmp_path / "run" / "checkpoints" / "r0004"
    (tmp_path / "out").mkdir()
    finished = finish(TASK.build_model(settings, prepared), settings, checkpoint, tmp_path / "out")
    TASK.export(finished.model, settings, prepared, tmp_path / "out")
    found = predict.evaluate(tmp_path / "out", folder)
    assert found["loss"] == pytest.approx(reports[-1].metrics["loss"], rel=1e-4)


def test_weights_can_be_drawn_instead_of_read(tmp_path: Path) -> None:
    folder = str(write_folder(tmp_path / "set", 4))
    model = build_classifier(tmp_path / "model", "vit")
    settings = config(str(model), data={"train": folder}, init="random", model_args={"hidden_size": 24})
    TASK.check(settings)
    built = TASK.build_model(settings, TASK.prepare(settings, tmp_path / "cache"))
    assert built.config.hidden_size == 24  # type: ignore[union-attr]
    with pytest.raises(ConfigError, match="init: 'random' means nothing to image-classification"):
        TASK.check(config(data={"train": folder}, init="random"))


def test_training_rows_are_changed_and_evaluated_ones_are_not(tmp_path: Path) -> None:
    settings = config(data={"train": str(write_folder(tmp_path / "set", 4))}, augment={"erase": 1.0})
    prepared = TASK.prepare(settings, tmp_path / "cache")
    split, rows = prepared.splits["train"], np.array([3, 1, 5])
    plain = TASK.collate(split, rows, settings, prepared)["pixel_values"]
    changed = [TASK.training_batch(split, rows, settings, prepared, step)["pixel_values"] for step in (0, 0, 1)]
    assert torch.equal(changed[0], changed[1])
    assert not torch.equal(changed[0], changed[2])
    assert ((changed[0] != plain).flatten(1).float().mean(dim=1) > 0.01).all()
    torch.testing.assert_close(plain, torch.from_numpy(split.arrays["images"][rows]) / 255)


def broken(folder: Path, what: str) -> str:
    root = write_folder(folder / "set", 3)
    match what:
        case "torn":
            (root / "dark" / "01.png").write_bytes((root / "dark" / "01.png").read_bytes()[:60])
        case "text":
            (root / "dark" / "01.png").write_text("no picture")
        case "sizes":
            Image.fromarray(pixels("dark", 1, (7, 5))).save(root / "dark" / "01.png")
        case "float":
            Image.fromarray(np.zeros((10, 12), np.float32)).save(root / "dark" / "01.tif")
        case "empty class":
            (root / "empty").mkdir()
        case "loose":
            for label in CLASSES:
                for path in (root / label).iterdir():
                    path.rename(root / f"{label}{path.name}")
                (root / label).rmdir()
        case "absent":
            (root / "rows.csv").write_text("image,label\ndark/00.png,0\ndark/77.png,1\nred/00.png,1\nred/01.png,0\n")
            return str(root / "rows.csv")
        case "missing":
            (root / "rows.csv").write_text("image,label\ndark/00.png,0\n,1\nred/00.png,1\nred/01.png,0\n")
            return str(root / "rows.csv")
    return str(root)


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        ("torn", r"data.train: .*set: column 'image', row 5: .*dark/01.png: .*cannot be decoded as a picture"),
        ("text", r"dark/01.png: .*cannot be decoded as a picture"),
        ("sizes", r"row 5: .*12x10 of mode RGB and 5x7 of mode RGB: give data.shape"),
        ("float", r"dark/01.tif: pixels of 32 bits \(mode F\)"),
        ("empty class", "set/empty holds no pictures"),
        ("loose", r"holds 9 pictures and no folders \(a folder of pictures for each class"),
        ("absent", r"rows.csv: column 'image', line 3: .*77.png is not there"),
        ("missing", r"column 'image', line 3: the picture is missing"),
    ],
)
def test_bad_pictures_are_named(tmp_path: Path, what: str, expected: str) -> None:
    path = broken(tmp_path, what)
    with pytest.raises(DataError, match=expected):
        prepare(tmp_path, train=path, validation=path)


def test_a_class_that_train_lacks_is_named(tmp_path: Path) -> None:
    folder, other = write_folder(tmp_path / "set", 3), write_folder(tmp_path / "other", 1)
    (other / "dark").rename(other / "drak")
    with pytest.raises(DataError, match=r"data.validation: .*'drak' is not a label .*did you mean dark\?"):
        prepare(tmp_path, train=str(folder), validation=str(other))


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"max_length": 3}, "max_length: 3 means nothing to image-classification"),
        ({"data": {"sklearn": "digits"}}, "data.sklearn: 'digits' means nothing"),
        ({"data": {"train": "SET", "shape": [28, 28]}}, r"data.shape: expected channels .*, got \[28, 28\]"),
        ({"data": {"train": "nowhere"}}, "data.train: nowhere is not there"),
        ({"augment": {"token_dropout": 0.1}}, "augment.token_dropout: 0.1 means nothing to image-classification"),
        ({"augment": {"magnitude": 4}}, "augment.magnitude: means nothing without augment.randaugment"),
        ({"augment": {"flop": 0.5}}, r"augment.flop: unknown setting \(did you mean flip\?"),
        ({"augment": {"flip": 1.5}}, "augment.flip: .* less than or equal to 1"),
        ({"model_args": {"widht": 3}}, r"model_args.widht: .*did you mean width\?"),
    ],
)
def test_check_refuses_before_anything_starts(tmp_path: Path, settings: dict[str, Any], expected: str) -> None:
    root = str(write_folder(tmp_path / "set", 2))
    data = settings.pop("data", {"train": root})
    data = {name: root if value == "SET" else value for name, value in data.items()}
    with pytest.raises(ConfigError, match=expected):
        TASK.check(config(data=data, **settings))


def test_a_model_that_takes_no_such_pictures_is_named(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "set", 3)
    model = build_classifier(tmp_path / "model", "vit")
    settings = config(str(model), data={"train": str(folder), "shape": [3, 12, 12]})
    with pytest.raises(ConfigError, match=r"model: .* takes no pictures of 12x12"):
        TASK.build_model(settings, TASK.prepare(settings, tmp_path / "cache"))
    with pytest.raises(ConfigError, match=r"data.shape: has 1 channels, .* takes 3"):
        prepare(tmp_path, str(model), train=str(folder), shape=[1, 8, 8])
    (model / "preprocessor_config.json").unlink()
    with pytest.raises(ConfigError, match=r"has no image processor .*give data.shape"):
        prepare(tmp_path, str(model), train=str(folder))
    assert prepare(tmp_path, str(model), train=str(folder), shape=[3, 8, 8]).meta["shape"] == [3, 8, 8]


def test_rows_that_are_no_pictures_are_named(tmp_path: Path) -> None:
    settings = config(data={"train": str(write_folder(tmp_path / "set", 3))})
    prepared = TASK.prepare(settings, tmp_path / "cache")
    TASK.export(TASK.build_model(settings, prepared), settings, prepared, tmp_path / "out")
    predictor = predict.load(tmp_path / "out", "cpu")
    for row, expected in (
        (3, r"row 2 is 3, expected a path"),
        ("gone.png", r"row 2: .*gone.png is not there"),
        (np.zeros((4, 4, 2)), r"row 2: an array of float64 of shape \(4, 4, 2\)"),
    ):
        with pytest.raises(DataError, match=expected):
            predictor.predict([pixels("red", 1), row])


def test_equal_pictures_and_rows_without_one_can_be_left_out(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "set", 3)
    (folder / "dark" / "02.png").write_bytes((folder / "dark" / "00.png").read_bytes())
    given = {"validation_fraction": 0.3, "test_fraction": 0}
    prepared = prepare(tmp_path, train=str(folder), clean=["drop_duplicates"], **given)
    assert sum(split.rows for split in prepared.splits.values()) == 8
    found = read(prepared.folder)
    assert found is not None
    assert found.cleaning[0].dropped == {"train": 1}
    assert sum(found.splits["train"].classes.values()) == prepared.splits["train"].rows
    (folder / "r.csv").write_text("image,label\nred/00.png,a\nred/01.png,b\n,b\ndark/00.png,a\ndark/01.png,b\n")
    some = prepare(tmp_path, train=str(folder / "r.csv"), missing="drop", **given)
    assert sum(split.rows for split in some.splits.values()) == 4
    with pytest.raises(ConfigError, match=r"data\.clean: lower is for texts, and rows are pictures here"):
        TASK.check(config(data={"train": str(folder), "clean": ["lower"]}))


def test_classes_can_be_weighed(tmp_path: Path) -> None:
    folder = str(write_folder(tmp_path / "set", 3))
    settings = config(data={"train": folder, "validation": folder}, class_weights={"red": 5})
    TASK.prepare(settings, tmp_path / "cache")
    with pytest.raises(ConfigError, match=r"class_weights: 'rde' is none of the classes \(did you mean red\?"):
        TASK.prepare(settings.model_copy(update={"class_weights": {"rde": 5}}), tmp_path / "cache")


@pytest.mark.data
def test_digits_of_mnist(tmp_path: Path, shared_data: Callable[[str], Path]) -> None:
    folder = shared_data("mnist_10k")
    files = {name: str(folder / f"{name}.parquet") for name in ("train", "validation")}
    prepared = prepare(tmp_path, **files, limit=60, limit_validation=20)
    assert prepared.splits["train"].arrays["images"].shape == (60, 1, 28, 28)
    assert prepared.label_names == tuple("0123456789")
