"""The data report: what it counts, what it refuses, what it warns of; and a second set to evaluate."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from trainer.config import TrainConfig
from trainer.data import report
from trainer.data.report import DataReport, SplitFacts
from trainer.data.report_checks import refuse_pointless, warnings
from trainer.errors import ConfigError, DataError
from trainer.loop import train
from trainer.tasks import get_task
from trainer.tasks.base import Prepared

TASK = get_task("text-classification")
ROWS = [(f"the cat {'sat ' * n}", "pet") for n in range(8)] + [(f"bad food {'and film ' * n}", "art") for n in range(4)]
OTHER = [("a dog", "pet"), ("very bad", "art"), ("film", "art")]


def jsonl(path: Path, rows: list[tuple[Any, Any]]) -> str:
    path.write_text("".join(json.dumps({"text": text, "label": label}) + "\n" for text, label in rows))
    return str(path)


def prepare(encoder: Path, folder: Path, splits: dict[str, list[tuple[Any, Any]]], **data: Any) -> Prepared:
    files = {split: jsonl(folder / f"{split}.jsonl", rows) for split, rows in splits.items()}
    config = TrainConfig.build({"model": str(encoder), "data": {**files, **data}})
    return TASK.prepare(config, folder / "cache")


def read(prepared: Prepared) -> DataReport:
    found = report.read(prepared.folder)
    assert found is not None
    return found


def test_it_counts_what_the_splits_hold(encoder: Path, tmp_path: Path) -> None:
    train = [*ROWS, ("the cat ", "art"), ("", "pet"), ("twice", "pet"), ("twice", "pet")]
    validation = [("the cat ", "pet"), ("twice", "art"), ("new", "art"), ("new", "art"), ("  ", "pet")]
    found = read(prepare(encoder, tmp_path, {"train": train, "validation": validation, "retain": OTHER}))
    assert set(found.splits) == {"train", "validation", "retain"}
    assert found.splits["train"] == SplitFacts(
        source="train",
        rows=16,
        classes={"art": 5, "pet": 11},
        empty=1,
        duplicates=2,
        contradicting=2,
        shared=0,
        tokens=found.splits["train"].tokens,
    )
    facts = found.splits["validation"]
    assert (facts.rows, facts.empty, facts.duplicates, facts.shared) == (5, 1, 1, 2)
    tokens = found.splits["train"].tokens
    assert tokens["longest"] == int(get_lengths(encoder, tmp_path).max()) > tokens["median"] > 2
    assert DataReport.from_mapping(json.loads(json.dumps(found.to_mapping()))) == found


def get_lengths(encoder: Path, folder: Path) -> Any:
    files = {split: str(folder / f"{split}.jsonl") for split in ("train", "validation", "retain")}
    config = TrainConfig.build({"model": str(encoder), "data": files})
    return TASK.prepare(config, folder / "cache").splits["train"].lengths


def test_leakage_between_splits_that_are_made_shows(encoder: Path, tmp_path: Path) -> None:
    rows = [(f"the cat sat {n % 10}", n % 2) for n in range(40)]
    found = read(prepare(encoder, tmp_path, {"train": rows}))
    assert found.splits["validation"].source == "train"
    assert found.splits["validation"].shared == found.splits["validation"].rows == 4
    clean = read(prepare(encoder, tmp_path, {"train": rows}, clean=["drop_duplicates"]))
    assert [facts.shared for facts in clean.splits.values()] == [0, 0, 0]
    assert sum(facts.rows for facts in clean.splits.values()) == 10


@pytest.mark.parametrize(
    ("splits", "settings", "expected"),
    [
        (
            {"train": ROWS, "validation": ROWS[::-1]},
            {},
            "data.validation: the 12 validation rows are the train rows again",
        ),
        (
            {"train": ROWS, "validation": [("x", "pet"), ("y", "pet")]},
            {},
            "data.validation: all 2 validation rows are of class 'pet'",
        ),
        (
            {"train": [("", "a"), ("http://x.y", "b"), (" ", "b")], "validation": OTHER[:2]},
            {"clean": ["strip_urls"], "label_names": ["a", "b", "pet", "art"]},
            "data.train: all 3 train texts are empty",
        ),
    ],
)
def test_what_makes_a_sweep_pointless_is_an_error(
    encoder: Path, tmp_path: Path, splits: dict[str, list[tuple[Any, Any]]], settings: dict[str, Any], expected: str
) -> None:
    found = read(prepare(encoder, tmp_path, splits, **settings))
    with pytest.raises(DataError, match=expected):
        refuse_pointless(found)


TRAIN = SplitFacts("train", 1000, {"a": 600, "b": 400})


@pytest.mark.parametrize(
    ("splits", "expected"),
    [
        ({"validation": SplitFacts("validation", 100, {"a": 50, "b": 50})}, []),
        ({"validation": SplitFacts("validation", 200, {"a": 99, "b": 101}, shared=1)}, []),
        (
            {"validation": SplitFacts("validation", 100, {"a": 99, "b": 1}, shared=1)},
            ["1 (1%) of the validation rows are among the train rows too: data.clean: [drop_validation_overlap]"],
        ),
        (
            {
                "validation": SplitFacts("train", 100, {"a": 99, "b": 1}),
                "test": SplitFacts("train", 100, {"a": 99, "b": 1}, shared=30),
            },
            ["30 (30%) of the test rows are among the train rows too: data.clean: [drop_duplicates]"],
        ),
        (
            {"validation": SplitFacts("validation", 100, {"a": 100, "b": 0})},
            ["1 of 2 classes have no validation row: b"],
        ),
        (
            {"train": SplitFacts("train", 1000, {"a": 997, "b": 3}), "validation": TRAIN},
            ["99.7% of the train rows are of class 'a'", "1 of 2 classes have fewer than 5 train rows: b"],
        ),
        (
            {"train": SplitFacts("train", 1000, duplicates=100, contradicting=10, empty=2), "validation": TRAIN},
            ["100 (10%) of the train rows repeat another", "10 (1%) of the train rows are there again", "2 (0.2%)"],
        ),
    ],
)
def test_what_is_worth_a_second_look_is_a_warning(splits: dict[str, SplitFacts], expected: list[str]) -> None:
    told = list(warnings(DataReport({"train": TRAIN, **splits})))
    assert len(told) == len(expected)
    assert all(line.startswith(start) for line, start in zip(told, expected, strict=True))


def test_rows_that_are_mostly_cut_are_a_warning() -> None:
    splits = DataReport({"train": TRAIN, "validation": TRAIN})
    assert list(warnings(splits, cut=0.5, at=8)) == []
    assert list(warnings(splits, cut=0.51, at=8)) == [
        "51% of the train rows are longer than 8 tokens, and are cut: max_length"
    ]


def test_a_second_set_is_evaluated_at_every_report(encoder: Path, tmp_path: Path) -> None:
    prepared = prepare(encoder, tmp_path, {"train": ROWS, "validation": OTHER, "retain": OTHER[::-1]})
    config = TrainConfig.build(
        {
            "model": str(encoder),
            "data": {"train": str(tmp_path / "train.jsonl")},
            "epochs": 2,
            "batch_size": 6,
            "metric": "accuracy",
            "dropout": 0.3,
        }
    )
    found = list(train(config, prepared=prepared, task=TASK, folder=tmp_path / "run", device="cpu"))
    assert len(found) == 2
    for one in found:
        assert one.metrics["retain_accuracy"] == one.metrics["accuracy"]
        assert one.metrics["retain_loss"] == pytest.approx(one.metrics["loss"])
        assert one.metrics["best_accuracy"] >= one.metrics["accuracy"]
    # The second set changes nothing of the training.
    alone = Prepared(
        prepared.folder,
        {name: split for name, split in prepared.splits.items() if name != "retain"},
        prepared.label_names,
        prepared.meta,
    )
    plain = list(train(config, prepared=alone, task=TASK, folder=None, device="cpu"))
    assert [one.metrics["loss"] for one in plain] == [one.metrics["loss"] for one in found]
    assert not any(name.startswith("retain") for name in plain[0].metrics)


def test_a_second_set_needs_labels_that_are_known_and_a_source_that_has_files(encoder: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"data.retain: .*retain.jsonl: column 'label', line 1: 'sport' is not a label"):
        prepare(encoder, tmp_path, {"train": ROWS, "retain": [("x", "sport")]})
    settings = {"task": "classification", "model": "net:net", "data": {"sklearn": "iris", "retain": "r.csv"}}
    with pytest.raises(ConfigError, match=r"data.retain: is a file that goes with files"):
        get_task("classification").check(TrainConfig.build(settings))
