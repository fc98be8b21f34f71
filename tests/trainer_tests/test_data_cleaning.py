"""Cleaning: what each step does to a text, which rows go, and that prediction does the same to its texts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from trainer import predict
from trainer.config import TrainConfig
from trainer.data.cleaning import Cleaned, clean
from trainer.data.cleaning_steps import NAMES, parse, text_function
from trainer.data.splitting import choose
from trainer.data.tables import Table
from trainer.errors import ConfigError, DataError
from trainer.sections import DataConfig
from trainer.tasks import get_task

TASK = get_task("text-classification")


@pytest.mark.parametrize(
    ("steps", "text", "expected"),
    [
        (["strip_urls"], "see https://a.b/c?d=e#f, or (www.x.org/y).", "see , or ()."),
        (["strip_urls"], "HTTP://A.B http:// wwww.x awww", " http:// wwww.x awww"),
        (["strip_html"], "<p>a&amp;b<br/>c</p><b>d</b>e <!-- f -->", " a&b c de "),
        (["strip_html"], "<script>x < 1</script>1 < 2 & 3 > 2 <3 you", "1 < 2 & 3 > 2 <3 you"),
        (["strip_html"], "plain", "plain"),
        (["unicode"], "e\u0301 \ufb01 \u2460", "\u00e9 \ufb01 \u2460"),
        ([{"unicode": "NFKC"}], "e\u0301 \ufb01 \u2460", "\u00e9 fi 1"),
        (["lower"], "ÄB ß", "äb ß"),
        (["whitespace"], "\t a \u00a0\n\nb ", "a b"),
        (["strip_urls", "whitespace", "drop_empty"], "x http://y z", "x z"),
        (["lower", {"unicode": "NFKC"}], "\u2122", "TM"),  # in the order given
        ([], " A ", " A "),
    ],
)
def test_a_text_step_does_what_it_says(steps: list[Any], text: str, expected: str) -> None:
    assert text_function(steps)(text) == expected


@pytest.mark.parametrize(
    ("clean", "expected"),
    [
        (["lowr"], r"data.clean: there is no cleaning step 'lowr' \(did you mean lower\?"),
        ([{"unicode": "NFKX"}], "Unicode has no form 'NFKX'"),
        ([{"lower": "yes"}], "lower takes nothing, got 'yes'"),
        (["drop_empty", "lower", "drop_empty"], "drop_empty stands there twice"),
        ([{}], "there is no cleaning step {}"),
    ],
)
def test_steps_that_cannot_be_are_refused(clean: list[Any], expected: str) -> None:
    with pytest.raises(ConfigError, match=expected):
        TrainConfig.build({"model": "x", "data": {"train": "t.csv", "clean": clean}})


def test_every_step_has_a_name_that_is_known() -> None:
    assert [step.name for step in parse(NAMES)] == list(NAMES)


def table(split: str, rows: list[tuple[Any, Any]]) -> Table:
    columns = {"text": [text for text, _ in rows], "label": [label for _, label in rows]}
    return Table(f"data.{split}", f"{split}.csv", columns, len(rows), line=lambda row: row + 2)


def cleaned(steps: list[Any], splits: dict[str, list[tuple[Any, Any]]], **settings: Any) -> tuple[DataConfig, Cleaned]:
    data = DataConfig.model_validate({"train": "t.csv", "clean": steps, **settings})
    return data, clean(data, {name: table(name, rows) for name, rows in splits.items()}, {"text": "text"}, "label")


def test_rows_are_dropped_from_train_alone_and_what_is_measured_stays() -> None:
    train = [("A", 0), ("a", 1), (" ", 0), ("b", 1), ("B ", 1), ("c", 0), ("t", 1)]
    data, found = cleaned(
        ["lower", "whitespace", "drop_empty", "drop_duplicates", "drop_validation_overlap", "drop_test_overlap"],
        {"train": train, "validation": [("C", 0), ("", 1), ("d", 0), ("d", 0)], "test": [("T", 1), ("T", 1)]},
    )
    assert found.texts["train"]["text"] == ["a", "b", "c", "t"]
    assert found.tables["train"].columns["label"] == [0, 1, 0, 1]  # the first of equal rows stays
    assert found.rows["train"].tolist() == [0, 3, 5, 6]
    chosen, done = choose(data, found, None)
    assert [found.texts["train"]["text"][row] for row in chosen["train"].rows] == ["a", "b"]
    assert (len(chosen["validation"].rows), len(chosen["test"].rows)) == (4, 2)
    counts = {one.step: dict(one.changed) or dict(one.dropped) for one in done}
    assert counts == {
        "lower": {"train": 2, "validation": 1, "test": 2},
        "whitespace": {"train": 2, "validation": 0, "test": 0},
        "drop_empty": {"train": 1},
        "drop_duplicates": {"train": 2},
        "drop_validation_overlap": {"train": 1},
        "drop_test_overlap": {"train": 1},
    }


def test_steps_see_what_those_before_them_left() -> None:
    rows = {"train": [("A", 0), ("a", 1), ("x", 0)], "validation": [("q", 0)]}
    assert cleaned(["drop_duplicates", "lower"], rows)[1].texts["train"]["text"] == ["a", "a", "x"]
    assert cleaned(["lower", "drop_duplicates"], rows)[1].texts["train"]["text"] == ["a", "x"]


def test_overlap_goes_from_splits_that_are_made_too() -> None:
    train = [(f"text {number % 15}", number % 2) for number in range(60)]
    data, found = cleaned(["drop_test_overlap"], {"train": train}, test_fraction=0.2)
    chosen, done = choose(data, found, None)
    texts = {name: {found.keys["train"][row] for row in one.rows} for name, one in chosen.items()}
    assert not texts["test"] & (texts["train"] | texts["validation"])
    assert len(chosen["test"].rows) == 12
    assert sum(done[-1].dropped.values()) == 60 - sum(len(one.rows) for one in chosen.values()) > 0


def test_an_overlap_with_a_split_that_is_not_there_is_refused() -> None:
    data, found = cleaned(["drop_test_overlap"], {"train": [("a", 0), ("b", 1)], "validation": [("q", 0)]})
    with pytest.raises(ConfigError, match="drop_test_overlap: there is no test split"):
        choose(data, found, None)


def test_bad_rows_keep_their_lines_after_others_went() -> None:
    rows = {"train": [("", 0), ("a", 0), ("b", 1), ("b", 0), ("c", 1)], "validation": [("q", 0)]}
    _, found = cleaned(["drop_empty", "drop_duplicates"], rows)
    assert "train.csv: column 'label', line 6: odd" in str(found.tables["train"].bad(2, "label", "odd"))


def test_missing_values_are_an_error_or_left_out() -> None:
    rows = {"train": [("a", 0), (None, 1), ("b", None), ("c", "")], "validation": [("q", 0), (float("nan"), 1)]}
    with pytest.raises(DataError, match=r"train.csv: column 'text', line 3: the text is missing"):
        cleaned([], rows)
    _, found = cleaned([], rows, missing="drop")
    assert found.texts == {"train": {"text": ["a"]}, "validation": {"text": ["q"]}}
    assert dict(found.done[0].dropped) == {"train": 3, "validation": 1}
    with pytest.raises(DataError, match="every row lacks a value in one of text, label"):
        cleaned([], {**rows, "validation": [(None, 0)]}, missing="drop")


def test_nothing_left_is_an_error() -> None:
    with pytest.raises(DataError, match=r"data.clean: no train rows are left"):
        cleaned(["drop_empty"], {"train": [(" ", 0), ("", 1)], "validation": [("q", 0)]})


def test_prediction_cleans_as_training_did(encoder: Path, tmp_path: Path) -> None:
    rows = [{"text": f"The  CAT <b>sat</b> {'very ' * n}", "label": n % 2} for n in range(12)]
    rows.append({"text": None, "label": 0})
    file = tmp_path / "rows.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    data = {"train": str(file), "clean": ["strip_html", "whitespace"], "missing": "drop"}
    config = TrainConfig.build({"model": str(encoder), "data": data})
    prepared = TASK.prepare(config, tmp_path / "cache")
    torch.manual_seed(0)
    model = TASK.build_model(config, prepared)
    TASK.export(model, config, prepared, tmp_path / "out")
    predictor = predict.load(tmp_path / "out", "cpu")
    messy, plain = (predictor.predict_proba([text]) for text in (" The CAT\n<i>sat</i>", "The CAT sat"))
    assert messy.tolist() == plain.tolist()
    assert predictor.evaluate(str(file)) == predictor.evaluate(rows[:-1])
    bare = TrainConfig.build({"model": str(encoder), "data": {**data, "clean": []}})
    other = TASK.prepare(bare, tmp_path / "cache")
    assert other.folder != prepared.folder
    assert other.splits["train"].lengths.mean() > prepared.splits["train"].lengths.mean()  # type: ignore[union-attr]


def test_rows_of_numbers_are_dropped_by_their_numbers(tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text("a,b,label\n" + "1,2,x\n1,2,x\n3,4,y\n5,6,y\n7,8,x\n,8,x\n" * 2)
    (tmp_path / "validation.csv").write_text("a,b,label\n3,4,x\n9,9,y\n")
    task = get_task("classification")
    files = {"train": str(tmp_path / "train.csv"), "validation": str(tmp_path / "validation.csv"), "missing": "drop"}

    def config(clean: list[str]) -> TrainConfig:
        settings = {"task": "classification", "model": "tests.trainer_tests.test_data_cleaning:net"}
        return TrainConfig.build({**settings, "data": {**files, "clean": clean}})

    prepared = task.prepare(config(["drop_duplicates", "drop_validation_overlap"]), tmp_path / "cache")
    assert prepared.splits["train"].arrays["features"].tolist() == [[1, 2], [5, 6], [7, 8]]
    with pytest.raises(ConfigError, match=r"data.clean: lower is for texts"):
        task.check(config(["lower"]))


def net(inputs: int, classes: int) -> torch.nn.Module:
    return torch.nn.Linear(inputs, classes)
