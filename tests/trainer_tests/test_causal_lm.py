"""Causal language models: packing, completions, conversations, and what comes out of an export."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional

from tests.conformance.task_suite import TaskSuite
from tests.trainer_tests.language_models import build_decoder
from trainer import predict
from trainer.config import TrainConfig
from trainer.errors import ConfigError, DataError
from trainer.evaluation import evaluate
from trainer.loop import train
from trainer.precision import Compute
from trainer.report import MEASURED
from trainer.sections import Generation
from trainer.tasks import causal_lm, get_task
from trainer.tasks.base import PAD, Batch, Prepared

TASK = get_task("causal-lm")
DOCUMENTS = ["the cat sat on the mat", "one two three", "it was a very bad film, said the dog", "good food"]
ANSWERS = [
    {"question": "what is the name?", "answer": " the cat"},
    {"question": "one two three", "answer": " four five six"},
    {"question": "was it good?", "answer": " very bad"},
    {"question": "the very very long film was bad and the dog ran", "answer": " bad"},
]
TEMPLATE = (
    "{% for message in messages %}<{{ message.role }}>{{ message.content }}{{ eos_token }}{% endfor %}"
    "{% if add_generation_prompt %}<assistant>{% endif %}"
)
MARKED = (
    "{% for message in messages %}<{{ message.role }}>{% if message.role == 'assistant' %}{% generation %}"
    "{{ message.content }}{{ eos_token }}{% endgeneration %}{% else %}{{ message.content }}{{ eos_token }}{% endif %}"
    "{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}"
)
TALK = [
    {"role": "user", "content": "what is the name?"},
    {"role": "assistant", "content": "the cat"},
    {"role": "user", "content": "was it good?"},
    {"role": "assistant", "content": "very bad"},
]


def jsonl(path: Path, rows: list[dict[str, Any]]) -> str:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


@pytest.fixture(scope="module", params=["gpt2", "llama"])
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_decoder(tmp_path_factory.mktemp(request.param), kind=request.param)


@pytest.fixture(scope="module")
def gpt2(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_decoder(tmp_path_factory.mktemp("gpt2"))


def config(model: Path, folder: Path, rows: list[dict[str, Any]], **settings: Any) -> TrainConfig:
    data = {"train": jsonl(folder / "train.jsonl", rows), "validation": jsonl(folder / "validation.jsonl", rows)}
    data |= settings.pop("data", {})
    return TrainConfig.build({"task": "causal-lm", "model": str(model), "data": data, **settings})


def documents(model: Path, folder: Path, **settings: Any) -> TrainConfig:
    return config(model, folder, [{"text": text} for text in DOCUMENTS], **settings)


def completions(model: Path, folder: Path, **settings: Any) -> TrainConfig:
    data = {"prompt": "question", "label": "answer", **settings.pop("data", {})}
    return config(model, folder, ANSWERS, data=data, **settings)


def talks(model: Path, folder: Path, template: str = TEMPLATE, **settings: Any) -> TrainConfig:
    data = {"messages": "messages", "chat_template": template}
    rows = [{"messages": TALK}, {"messages": TALK[:2]}, {"messages": TALK[2:]}]
    return config(model, folder, rows, data=data, **settings)


def ready(settings: TrainConfig, folder: Path) -> tuple[Prepared, Any]:
    prepared = TASK.prepare(settings, folder / "cache")
    torch.manual_seed(0)
    return prepared, TASK.build_model(settings, prepared).eval()


def everything(settings: TrainConfig, prepared: Prepared, split: str = "train") -> Batch:
    chosen = prepared.splits[split]
    return TASK.collate(chosen, np.arange(chosen.rows), settings, prepared)


def evaluated(settings: TrainConfig, prepared: Prepared, model: Any, batch_size: int | None = None) -> dict[str, float]:
    split, compute = prepared.splits["validation"], Compute.choose("fp32", "cpu")
    return evaluate(
        model, task=TASK, split=split, config=settings, prepared=prepared, compute=compute, batch_size=batch_size
    ).metrics


class CausalSuite(TaskSuite):
    name = "causal-lm"
    kind = "gpt2"

    @property
    def init(self) -> str:
        return "random" if self.draws else "pretrained"

    @pytest.fixture
    def decoder(self, tmp_path: Path) -> Path:
        return build_decoder(tmp_path / "decoder", kind=self.kind)


class TestPacked(CausalSuite):
    @pytest.fixture
    def labelled(self, tmp_path: Path) -> Path:
        path = tmp_path / "validation.txt"
        path.write_text("the dog ran to the good food\n\n" * 4)
        return path

    @pytest.fixture
    def settings(self, tmp_path: Path, labelled: Path, decoder: Path) -> dict[str, Any]:
        (tmp_path / "train.txt").write_text("\n".join(DOCUMENTS * 3))
        data = {"train": str(tmp_path / "train.txt"), "validation": str(labelled)}
        given = {"generation": {"max_new_tokens": 5}, "init": self.init}
        return {"model": str(decoder), "data": data, "max_length": 12, **given}

    @pytest.fixture
    def rows(self) -> list[Any]:
        return ["the cat", {"text": "it was very bad on the dog " * 20}, "", "🐈 שלום\x00"]


class TestLines(TestPacked):
    kind = "llama"
    draws = False

    @pytest.fixture
    def settings(self, tmp_path: Path, labelled: Path, decoder: Path) -> dict[str, Any]:
        (tmp_path / "train.txt").write_text("\n".join(DOCUMENTS * 3))
        data = {"train": str(tmp_path / "train.txt"), "validation": str(labelled), "sample_by": "line"}
        return {"model": str(decoder), "data": data, "packing": False, "generation": {"max_new_tokens": 5}}


class TestCompletions(CausalSuite):
    @pytest.fixture
    def labelled(self, tmp_path: Path) -> Path:
        return Path(jsonl(tmp_path / "v.jsonl", ANSWERS))

    @pytest.fixture
    def settings(self, tmp_path: Path, labelled: Path, decoder: Path) -> dict[str, Any]:
        data = {"train": jsonl(tmp_path / "t.jsonl", ANSWERS * 2), "validation": str(labelled)}
        data |= {"prompt": "question", "label": "answer", "prefix": "Q: ", "suffix": "\nA:"}
        given = {"generation": {"max_new_tokens": 5}, "init": self.init}
        return {"model": str(decoder), "data": data, "max_length": 20, **given}

    @pytest.fixture
    def rows(self) -> list[Any]:
        return ["what is it?", {"question": "it was very bad on the dog " * 20}, "", "🐈 שלום\x00"]


class TestConversations(CausalSuite):
    kind = "llama"
    draws = False

    @pytest.fixture
    def labelled(self, tmp_path: Path) -> Path:
        return Path(jsonl(tmp_path / "v.jsonl", [{"chat": TALK}, {"chat": TALK[2:]}]))

    @pytest.fixture
    def settings(self, tmp_path: Path, labelled: Path, decoder: Path) -> dict[str, Any]:
        (tmp_path / "template.jinja").write_text(TEMPLATE)
        rows = [{"chat": TALK[2:]}, {"chat": TALK}, {"chat": TALK[:2]}, {"chat": TALK}]
        data = {"train": jsonl(tmp_path / "t.jsonl", rows), "validation": str(labelled), "messages": "chat"}
        data |= {"chat_template": str(tmp_path / "template.jinja")}
        return {"model": str(decoder), "data": data, "generation": {"max_new_tokens": 5}}

    @pytest.fixture
    def rows(self) -> list[Any]:
        return [TALK[:1], {"chat": TALK[:3]}]


def test_packing_counts_every_token_of_every_document_once(model: Path, tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(model)
    stream: list[int] = [] if tokenizer.bos_token_id is not None else [tokenizer.eos_token_id]
    for text in DOCUMENTS:
        stream += [*tokenizer(text)["input_ids"], tokenizer.eos_token_id]
    for length in (4, 7, 64):
        settings = documents(model, tmp_path, max_length=length)
        prepared = TASK.prepare(settings, tmp_path / "cache")
        batch = everything(settings, prepared)
        assert batch["labels"][batch["labels"] != PAD].tolist() == stream[1:]
        assert batch["input_ids"][batch["attention_mask"] == 1].tolist() == stream[:-1]
        assert batch["input_ids"].shape[1] <= length
        assert TASK.units(batch) == len(stream) - 1
    assert len([path for path in (tmp_path / "cache").iterdir() if path.is_dir()]) == 1


def test_metrics_are_those_of_the_model_itself(model: Path, tmp_path: Path) -> None:
    settings = documents(model, tmp_path, max_length=6)
    prepared, network = ready(settings, tmp_path)
    batch = everything(settings, prepared, "validation")
    total, right, tokens = 0.0, 0, 0
    for row in range(len(batch["labels"])):
        kept = batch["attention_mask"][row] == 1
        ids, labels = batch["input_ids"][row][kept], batch["labels"][row][kept]
        logits = network(ids[None]).logits[0]
        total += functional.cross_entropy(logits, labels, reduction="sum").item()
        right += int((logits.argmax(-1) == labels).sum())
        tokens += len(labels)
    size = sum(len(text.encode()) for text in DOCUMENTS)
    found = evaluated(settings, prepared, network, batch_size=3)
    assert found["loss"] == pytest.approx(total / tokens, rel=1e-5)
    assert found["perplexity"] == pytest.approx(math.exp(total / tokens), rel=1e-5)
    assert found["token_accuracy"] == right / tokens
    assert found["bits_per_byte"] == pytest.approx(total / math.log(2) / size, rel=1e-5)


def test_the_loss_of_rows_is_what_the_model_itself_computes(model: Path, tmp_path: Path) -> None:
    """Labels that the model shifts itself, on the same rows; the prompt's are left out."""
    settings = completions(model, tmp_path)
    prepared, network = ready(settings, tmp_path)
    batch = everything(settings, prepared)
    whole = torch.cat([batch["input_ids"][:, :1], batch["labels"]], dim=1).clamp(min=0)
    whole[:, :-1] = torch.where(batch["attention_mask"] == 1, batch["input_ids"], whole[:, :-1])
    labels = torch.cat([torch.full((4, 1), PAD), batch["labels"]], dim=1)
    expected = network(input_ids=whole, labels=labels).loss.item()
    assert TASK.loss(network, batch)[0].item() / TASK.units(batch) == pytest.approx(expected, rel=1e-5)


def test_only_completions_count_unless_told_otherwise(model: Path, tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(model)
    data = {"prefix": "Q: ", "suffix": "\nA:"}
    settings = completions(model, tmp_path, data=data)
    prepared = TASK.prepare(settings, tmp_path / "cache")
    batch = everything(settings, prepared)
    for row, labels in zip(ANSWERS, batch["labels"], strict=True):
        assert tokenizer.decode(labels[labels != PAD]) == row["answer"] + "<end>"
    whole = settings.model_copy(update={"completion_only": False})
    assert TASK.prepare(whole, tmp_path / "cache").folder == prepared.folder
    for row, labels, ids in zip(ANSWERS, everything(whole, prepared)["labels"], batch["input_ids"], strict=True):
        text = tokenizer.decode([int(ids[0]), *labels[labels != PAD]])
        assert text.removeprefix("<begin>") == f"Q: {row['question']}\nA:{row['answer']}<end>"


def test_rows_that_are_too_long_keep_something_that_counts(gpt2: Path, tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(gpt2)
    for length in (2, 3, 5, 9):
        settings = completions(gpt2, tmp_path, max_length=length)
        prepared = TASK.prepare(settings, tmp_path / "cache")
        batch = everything(settings, prepared)
        assert batch["input_ids"].shape[1] <= length
        assert ((batch["labels"] != PAD).sum(1) > 0).all()
    long = everything(settings, prepared)["labels"][3]
    assert tokenizer.decode(long[long != PAD]) == " bad<end>"


@pytest.mark.parametrize("template", [TEMPLATE, MARKED])
def test_only_what_the_assistant_says_counts(model: Path, tmp_path: Path, template: str) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(model)
    settings = talks(model, tmp_path, template)
    prepared = TASK.prepare(settings, tmp_path / "cache")
    batch = everything(settings, prepared)
    labels = batch["labels"][0]
    assert tokenizer.decode(labels[labels != PAD]) == "the cat<end>very bad<end>"
    rendered = tokenizer.apply_chat_template(TALK, chat_template=template, return_dict=True)["input_ids"]
    assert batch["input_ids"][0][batch["attention_mask"][0] == 1].tolist() == rendered[:-1]


def test_the_template_is_known_by_its_content_and_leaves_with_the_export(gpt2: Path, tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    file = tmp_path / "template.jinja"
    file.write_text(TEMPLATE)
    direct = talks(gpt2, tmp_path)
    by_file = talks(gpt2, tmp_path, "template.jinja").resolve_paths(tmp_path)
    assert by_file.data.chat_template == str(file)
    prepared = TASK.prepare(direct, tmp_path / "cache")
    assert TASK.prepare(by_file, tmp_path / "cache").folder == prepared.folder
    assert TASK.prepare(talks(gpt2, tmp_path, MARKED), tmp_path / "cache").folder != prepared.folder
    TASK.export(TASK.build_model(direct, prepared), direct, prepared, tmp_path / "out")
    assert AutoTokenizer.from_pretrained(tmp_path / "out").chat_template == TEMPLATE


TURNED = "{% for m in messages %}{{ loop.revindex }}{{ m.content }}{% endfor %}"
REFUSING = "{% for m in messages %}{{ raise_exception('no ' + m.role) }}{% endfor %}"


@pytest.mark.parametrize(
    ("messages", "template", "expected"),
    [
        (TALK[:1], TEMPLATE, "line 1: no message is the assistant's"),
        ([], TEMPLATE, "there are no messages"),
        ("hello", TEMPLATE, "'hello' is not a list of messages"),
        ([{"role": "user"}], TEMPLATE, "message 1: the content is None, not a text"),
        ([{"content": "a"}], TEMPLATE, "message 1 is .*, expected a mapping with role and content"),
        (TALK, TURNED, r"message 2 otherwise when the conversation goes on; mark .* \{% generation %\}"),
        (TALK, REFUSING, "the chat template refuses it: no user"),
    ],
)
def test_conversations_that_cannot_be_used_are_named(
    gpt2: Path, tmp_path: Path, messages: Any, template: str, expected: str
) -> None:
    data = {"messages": "messages", "chat_template": template}
    settings = config(gpt2, tmp_path, [{"messages": messages}], data=data)
    with pytest.raises(DataError, match=rf"train.jsonl: column 'messages', line 1: .*{expected.split(': ', 1)[-1]}"):
        TASK.prepare(settings, tmp_path / "cache")


def test_a_model_without_a_template_needs_one(gpt2: Path, tmp_path: Path) -> None:
    settings = config(gpt2, tmp_path, [{"messages": TALK}], data={"messages": "messages"})
    with pytest.raises(ConfigError, match=r"data.chat_template: the tokenizer of .* has no chat template \(give one"):
        TASK.prepare(settings, tmp_path / "cache")


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"data": {"prompt": "a", "messages": "b"}}, "data.prompt: stands beside data.messages"),
        ({"data": {"prompt": "a"}, "packing": True}, "packing: True means nothing without data.text"),
        ({"completion_only": True}, "completion_only: True means nothing without data.prompt"),
        ({"data": {"suffix": "a"}}, "data.suffix: 'a' means nothing without data.prompt"),
        ({"data": {"label": "a"}}, "data.label: 'a' means nothing without data.prompt"),
        ({"data": {"prompt": "a", "chat_template": "b"}}, "data.chat_template: .* without data.messages"),
        ({"data": {"prompt": "a"}, "metric": "bits_per_byte"}, "metric: bits_per_byte is of packed documents"),
        ({"generation": {"always": True}}, "generation.always: means nothing to causal-lm"),
        ({"max_target_length": 4}, "max_target_length: 4 means nothing to causal-lm"),
        ({"data": {"sample_by": "line"}}, "data.sample_by: says how a .txt becomes rows"),
    ],
)
def test_check_refuses_what_means_nothing(gpt2: Path, tmp_path: Path, settings: dict[str, Any], expected: str) -> None:
    with pytest.raises(ConfigError, match=expected):
        TASK.check(documents(gpt2, tmp_path, **settings))


def test_a_module_of_ones_own_is_sent_to_its_task(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"model: expected a hub name or a folder.*the task is classification"):
        TASK.check(documents(Path("net:build"), tmp_path))


@pytest.mark.parametrize(
    ("rows", "data", "expected"),
    [
        ([{"text": None}], {}, "column 'text', line 1: the text is missing"),
        ([{"text": "a"}], {"text": "txt"}, r"data.text: .* no column 'txt' \(did you mean text\?"),
        ([{"p": "a", "c": ""}], {"prompt": "p", "label": "c"}, "column 'c', line 1: the completion is empty"),
        ([{"p": "a", "c": 4}], {"prompt": "p", "label": "c"}, "column 'c', line 1: 4 is not text"),
        ([{"p": "a", "c": "b"}], {"prompt": "p"}, "data.label: .* no column 'completion'"),
    ],
)
def test_bad_data_is_named_before_anything_starts(
    gpt2: Path, tmp_path: Path, rows: list[dict[str, Any]], data: dict[str, Any], expected: str
) -> None:
    with pytest.raises(DataError, match=expected):
        TASK.prepare(config(gpt2, tmp_path, rows, data=data), tmp_path / "cache")


def test_an_encoder_decoder_is_sent_to_its_task(tmp_path: Path) -> None:
    from tests.trainer_tests.language_models import build_encoder_decoder

    t5 = build_encoder_decoder(tmp_path / "t5")
    with pytest.raises(ConfigError, match=r"is an encoder-decoder \(the task for these is seq2seq\)"):
        TASK.prepare(documents(t5, tmp_path), tmp_path / "cache")


def test_one_document_gives_its_end_for_validation(gpt2: Path, tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    text = " ".join(DOCUMENTS * 5)
    (tmp_path / "all.txt").write_text(text)
    data = {"train": str(tmp_path / "all.txt"), "test_fraction": 0.1, "validation_fraction": 0.2}
    settings = TrainConfig.build({"task": "causal-lm", "model": str(gpt2), "data": data, "max_length": 16})
    prepared = TASK.prepare(settings, tmp_path / "cache")
    tokenizer, read = AutoTokenizer.from_pretrained(gpt2), []
    for split in ("train", "test", "validation"):
        ids = prepared.splits[split].arrays["ids"]
        read.append(tokenizer.decode(ids, skip_special_tokens=True))
    assert "".join(read) == text
    assert len(read[2]) == round(0.2 * len(text))
    assert prepared.splits["train"].rows == math.ceil((len(prepared.splits["train"].arrays["ids"]) - 1) / 16)


def test_rows_are_cleaned_and_cleaned_again_at_prediction(gpt2: Path, tmp_path: Path) -> None:
    rows = [{**row, "question": row["question"].upper()} for row in [*ANSWERS, ANSWERS[0]]]
    data = {"prompt": "question", "label": "answer", "clean": ["lower", "drop_duplicates"]}
    settings = config(gpt2, tmp_path, rows, data=data)
    prepared, network = ready(settings, tmp_path)
    assert {name: split.rows for name, split in prepared.splits.items()} == {"train": 4, "validation": 5}
    TASK.export(network, settings, prepared, tmp_path / "out")
    predictor = predict.load(tmp_path / "out", "cpu")
    assert predictor.predict([row["question"] for row in rows[:4]]) == predictor.predict(ANSWERS)
    assert predictor.evaluate(rows) == pytest.approx(evaluated(settings, prepared, network))
    assert predictor.evaluate(rows[:4]) == predictor.evaluate(ANSWERS)


def test_conversations_are_known_as_wholes(gpt2: Path, tmp_path: Path) -> None:
    data = {"messages": "messages", "chat_template": TEMPLATE, "clean": ["drop_duplicates"], "missing": "drop"}
    rows = [{"messages": talk} for talk in (TALK, TALK[2:], TALK, None)]
    prepared = TASK.prepare(config(gpt2, tmp_path, rows, data=data), tmp_path / "cache")
    assert {name: split.rows for name, split in prepared.splits.items()} == {"train": 2, "validation": 3}
    lower = config(gpt2, tmp_path, rows, data={**data, "clean": ["lower"]})
    with pytest.raises(ConfigError, match=r"data.clean: lower is for texts, and rows are conversations"):
        TASK.prepare(lower, tmp_path / "cache")


@pytest.mark.parametrize("kind", ["packed", "completions"])
def test_it_learns_and_a_cut_off_run_goes_on_exactly(gpt2: Path, tmp_path: Path, kind: str) -> None:
    make = documents if kind == "packed" else completions
    course = {"epochs": 12, "report_every": 4, "batch_size": 3, "micro_batch_size": 2, "learning_rate": 0.01}
    settings = make(gpt2, tmp_path, **course, dropout=0.1, max_length=24, init="random", label_smoothing=0.1)
    prepared = TASK.prepare(settings, tmp_path / "cache")
    whole = list(train(settings, prepared=prepared, task=TASK, folder=tmp_path / "whole", device="cpu"))
    assert whole[-1].metrics["perplexity"] < whole[0].metrics["perplexity"] / 2
    cut = tmp_path / "cut"
    first = list(itertools.islice(train(settings, prepared=prepared, task=TASK, folder=cut, device="cpu"), 1))
    torch.manual_seed(99)
    rest = list(train(settings, prepared=prepared, task=TASK, folder=cut, resume=True, device="cpu"))
    assert [scores(report) for report in first + rest] == [scores(report) for report in whole]
    file = Path("checkpoints", "r0003", "model.safetensors")
    assert (cut / file).read_bytes() == (tmp_path / "whole" / file).read_bytes()


def scores(report: Any) -> list[tuple[str, float]]:
    return [(name, value) for name, value in sorted(report.metrics.items()) if name not in MEASURED]


def test_evaluation_keeps_two_numbers_a_row_and_few_scores_at_once(
    gpt2: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = documents(gpt2, tmp_path, max_length=8)
    prepared, network = ready(settings, tmp_path)
    batch = everything(settings, prepared)
    whole_loss, whole = TASK.observe(network, batch, settings, prepared)
    assert whole.shape == (len(batch["labels"]), 2)
    seen: list[int] = []
    network.register_forward_hook(lambda module, inputs, outputs: seen.append(outputs.logits.numel()))
    monkeypatch.setattr(causal_lm, "_MOST_SCORES", 2 * 8 * network.config.vocab_size)
    loss, kept = TASK.observe(network, batch, settings, prepared)
    assert max(seen) == 2 * 8 * network.config.vocab_size
    assert torch.equal(kept, whole)
    assert loss.item() == pytest.approx(whole_loss.item(), rel=1e-6)


def test_continuations_are_those_of_generate_whatever_the_batch(model: Path, tmp_path: Path) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    settings = completions(model, tmp_path, data={"suffix": "\nA:"}, generation={"max_new_tokens": 6})
    prepared, network = ready(settings, tmp_path)
    TASK.export(network, settings, prepared, tmp_path / "out")
    same = AutoModelForCausalLM.from_pretrained(tmp_path / "out").eval()
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "out")
    assert same.generation_config.max_new_tokens == 6
    expected = []
    for row in ANSWERS:
        ids = tokenizer(row["question"] + "\nA:", return_tensors="pt")
        found = same.generate(**ids, pad_token_id=tokenizer.eos_token_id)[0, ids["input_ids"].shape[1] :]
        expected.append(tokenizer.decode(found, skip_special_tokens=True))
    predictor = predict.load(tmp_path / "out", "cpu")
    assert predictor.predict([row["question"] for row in ANSWERS], batch_size=3) == expected
    assert predictor.predict([]) == []
    predictor.generation = Generation(max_new_tokens=2)  # type: ignore[attr-defined]
    short = predictor.predict(ANSWERS)
    assert all(whole.startswith(text) for whole, text in zip(expected, short, strict=True))
    with pytest.raises(DataError, match="row 1 is 5, expected a text or a mapping with question"):
        predictor.predict([5])
    with pytest.raises(DataError, match="expected a list of rows, got one text"):
        predictor.predict("one")


def test_a_conversation_that_the_assistant_ended_has_nothing_to_go_on_with(gpt2: Path, tmp_path: Path) -> None:
    settings = talks(gpt2, tmp_path)
    prepared, network = ready(settings, tmp_path)
    TASK.export(network, settings, prepared, tmp_path / "out")
    predictor = predict.load(tmp_path / "out", "cpu")
    with pytest.raises(DataError, match="row 2: the last message is the assistant's own"):
        predictor.predict([TALK[:1], TALK])


def test_more_new_tokens_than_positions_are_refused(gpt2: Path, tmp_path: Path) -> None:
    settings = completions(gpt2, tmp_path, generation={"max_new_tokens": 64})
    prepared, network = ready(settings, tmp_path)
    with pytest.raises(ConfigError, match=r"generation.max_new_tokens: 64 leaves no room among the model's 64"):
        TASK.export(network, settings, prepared, tmp_path / "out")


@pytest.mark.data
def test_real_text_is_counted_whole(gpt2: Path, tmp_path: Path, shared_data: Callable[[str], Path]) -> None:
    folder = shared_data("tinyshakespeare")
    data = {"train": str(folder / "validation.txt"), "validation": str(folder / "test.txt")}
    settings = TrainConfig.build({"task": "causal-lm", "model": str(gpt2), "data": data, "max_length": 64})
    prepared = TASK.prepare(settings, tmp_path / "cache")
    assert prepared.splits["validation"].arrays["bytes"].tolist() == [55_770]
    from transformers import AutoTokenizer

    read = AutoTokenizer.from_pretrained(gpt2).decode(prepared.splits["validation"].arrays["ids"][1:-1])
    assert read == (folder / "test.txt").read_text()


@pytest.mark.data
def test_real_problems_with_their_solutions(gpt2: Path, tmp_path: Path, shared_data: Callable[[str], Path]) -> None:
    folder = shared_data("gsm8k")
    data = {split: str(folder / f"{split}.jsonl") for split in ("train", "validation")}
    data |= {"prompt": "question", "label": "answer", "suffix": "\n", "limit": 64, "limit_validation": 8}
    settings = TrainConfig.build({"task": "causal-lm", "model": str(gpt2), "data": data})
    prepared, network = ready(settings, tmp_path)
    found = evaluated(settings, prepared, network)
    assert found["perplexity"] == pytest.approx(network.config.vocab_size, rel=0.3)
