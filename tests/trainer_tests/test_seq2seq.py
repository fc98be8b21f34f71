"""Sequence to sequence: targets, references, generated texts, and what comes out of an export."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from tests.conformance.task_suite import TaskSuite
from tests.trainer_tests.language_models import build_encoder_decoder
from trainer import predict
from trainer.config import TrainConfig
from trainer.errors import ConfigError, DataError
from trainer.evaluation import evaluate
from trainer.loop import train
from trainer.precision import Compute
from trainer.report import MEASURED
from trainer.sections import Generation
from trainer.tasks import get_task
from trainer.tasks.base import PAD, Prepared

TASK = get_task("seq2seq")
ROWS = [
    {"text": "name cat, food good", "label": "the cat is good food"},
    {"text": "name dog", "label": "it is the dog"},
    {"text": "name cat, food good", "label": "good food, said the cat"},
    {"text": "one two three", "label": "four five six seven"},
    {"text": "the very very long film was bad and the dog ran", "label": "bad"},
]


def jsonl(path: Path, rows: list[dict[str, Any]]) -> str:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


@pytest.fixture(scope="module", params=["t5", "bart"])
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_encoder_decoder(tmp_path_factory.mktemp(request.param), kind=request.param)


@pytest.fixture(scope="module")
def t5(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_encoder_decoder(tmp_path_factory.mktemp("t5"))


def config(model: Path, folder: Path, rows: list[dict[str, Any]] = ROWS, **settings: Any) -> TrainConfig:
    data = {"train": jsonl(folder / "train.jsonl", rows), "validation": jsonl(folder / "validation.jsonl", rows)}
    data |= settings.pop("data", {})
    return TrainConfig.build({"task": "seq2seq", "model": str(model), "data": data, **settings})


class Seq2SeqSuite(TaskSuite):
    name = "seq2seq"
    kind = "t5"

    @pytest.fixture
    def labelled(self, tmp_path: Path) -> Path:
        return Path(jsonl(tmp_path / "v.jsonl", [{"mr": r["text"], "says": r["label"]} for r in ROWS]))

    @pytest.fixture
    def settings(self, tmp_path: Path, labelled: Path) -> dict[str, Any]:
        rows = [{"mr": r["text"], "says": r["label"] * n} for n in (1, 3) for r in ROWS]
        data = {"train": jsonl(tmp_path / "t.jsonl", rows), "validation": str(labelled), "prefix": "say: "}
        generation = {"max_new_tokens": 6, "always": True}
        folder = build_encoder_decoder(tmp_path / "model", kind=self.kind)
        data |= {"text": "mr", "label": "says"}
        init = "random" if self.draws else "pretrained"
        return {"model": str(folder), "data": data, "max_length": 12, "generation": generation, "init": init}

    @pytest.fixture
    def rows(self) -> list[Any]:
        return ["a cat", {"mr": "it was very very good and very bad on the dog " * 3}, "", "🐈 שלום\x00"]


class TestT5(Seq2SeqSuite):
    pass


class TestBart(Seq2SeqSuite):
    kind = "bart"
    draws = False


def test_the_loss_is_what_the_model_itself_computes(model: Path, tmp_path: Path) -> None:
    settings = config(model, tmp_path)
    prepared = TASK.prepare(settings, tmp_path / "cache")
    torch.manual_seed(0)
    network: Any = TASK.build_model(settings, prepared).eval()
    batch = TASK.collate(prepared.splits["train"], np.arange(4), settings, prepared)
    inputs = {name: batch[name] for name in ("input_ids", "attention_mask", "labels")}
    expected = network(**inputs).loss.item()
    assert TASK.loss(network, batch)[0].item() / TASK.units(batch) == pytest.approx(expected, rel=1e-6)
    assert TASK.units(batch) == (batch["labels"] != PAD).sum()


def test_labels_are_smoothed_as_transformers_does(t5: Path, tmp_path: Path) -> None:
    from transformers.trainer_pt_utils import LabelSmoother

    settings = config(t5, tmp_path)
    prepared = TASK.prepare(settings, tmp_path / "cache")
    network = TASK.build_model(settings, prepared).eval()
    batch = TASK.collate(prepared.splits["train"], np.arange(5), settings, prepared)
    loss, scores = TASK.loss(network, batch, label_smoothing=0.1)
    expected = LabelSmoother(epsilon=0.1)({"logits": scores}, batch["labels"]).item()
    assert loss.item() / TASK.units(batch) == pytest.approx(expected, rel=1e-5)


def test_a_batch_is_what_the_collator_of_transformers_makes(model: Path, tmp_path: Path) -> None:
    from transformers import AutoTokenizer, DataCollatorForSeq2Seq

    settings = config(model, tmp_path, max_length=9, max_target_length=5, data={"prefix": "say "})
    prepared = TASK.prepare(settings, tmp_path / "cache")
    tokenizer = AutoTokenizer.from_pretrained(model)
    ours = TASK.collate(prepared.splits["train"], np.arange(5), settings, prepared)
    features = [
        {
            **tokenizer("say " + row["text"], truncation=True, max_length=9),
            "labels": tokenizer(text_target=row["label"], truncation=True, max_length=5)["input_ids"],
        }
        for row in ROWS
    ]
    theirs = DataCollatorForSeq2Seq(tokenizer)(features, return_tensors="pt")
    for name in ("input_ids", "attention_mask", "labels"):
        assert ours[name].tolist() == theirs[name].tolist()


def test_generated_texts_are_those_of_generate_and_are_scored_by_all_references(model: Path, tmp_path: Path) -> None:
    import sacrebleu
    from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

    settings = config(model, tmp_path, metric="bleu", generation={"max_new_tokens": 8, "num_beams": 2})
    prepared = TASK.prepare(settings, tmp_path / "cache")
    network = TASK.build_model(settings, prepared).eval()
    found = evaluated(settings, prepared, network, batch_size=2)
    tokenizer, same = AutoTokenizer.from_pretrained(model), AutoModelForSeq2SeqLM.from_pretrained(model).eval()
    sources = list(dict.fromkeys(row["text"] for row in ROWS))
    written = []
    for source in sources:
        ids = same.generate(**tokenizer(source, return_tensors="pt"), max_new_tokens=8, num_beams=2, do_sample=False)
        written.append(tokenizer.decode(ids[0], skip_special_tokens=True).strip())
    right = [[row["label"] for row in ROWS if row["text"] == source] for source in sources]
    assert [len(texts) for texts in right] == [2, 1, 1, 1]
    streams = [[texts[at] if at < len(texts) else None for texts in right] for at in range(2)]
    assert found["bleu"] == pytest.approx(sacrebleu.corpus_bleu(written, streams, force=True).score)
    assert found["chrf"] == pytest.approx(sacrebleu.corpus_chrf(written, streams).score)
    TASK.export(network, settings, prepared, tmp_path / "out")
    predictor = predict.load(tmp_path / "out", "cpu")
    assert predictor.predict(sources, batch_size=3) == written


def test_texts_are_generated_where_the_metric_asks_or_always(t5: Path, tmp_path: Path) -> None:
    for settings, generated in (
        ({"metric": "loss"}, False),
        ({"metric": "rougeL"}, True),
        ({"metric": "loss", "generation": {"always": True}}, True),
    ):
        chosen = config(t5, tmp_path, **settings)
        prepared = TASK.prepare(chosen, tmp_path / "cache")
        found = evaluated(chosen, prepared, TASK.build_model(chosen, prepared))
        assert ("bleu" in found) is generated
        assert {"loss", "perplexity", "token_accuracy"} <= set(found)
        full = TASK.in_full(chosen)
        assert set(evaluated(full, prepared, TASK.build_model(full, prepared))) == set(TASK.goals)


def test_a_column_of_references_joins_the_targets(t5: Path, tmp_path: Path) -> None:
    from trainer.data import source_target

    rows = [{**row, "all": [row["label"], f"or {row['label']}"]} for row in ROWS]
    settings = config(t5, tmp_path, rows, data={"references": "all"}, metric="bleu")
    prepared = TASK.prepare(settings, tmp_path / "cache")
    right = source_target.references(prepared.splits["validation"].arrays)
    assert right[0] == [*rows[0]["all"], *rows[2]["all"]]
    assert right[1:] == [rows[1]["all"], rows[3]["all"], rows[4]["all"]]


def test_it_learns_to_copy_and_a_cut_off_run_goes_on_exactly(t5: Path, tmp_path: Path) -> None:
    rows = [{"text": word, "label": word} for word in ("cat", "dog", "film", "food")]
    settings = config(
        t5,
        tmp_path,
        rows * 4,
        metric="exact_match",
        epochs=24,
        report_every=8,
        batch_size=8,
        micro_batch_size=3,
        learning_rate=0.02,
        dropout=0.1,
        generation={"max_new_tokens": 4},
    )
    prepared = TASK.prepare(settings, tmp_path / "cache")
    whole = list(train(settings, prepared=prepared, task=TASK, folder=tmp_path / "whole", device="cpu"))
    assert whole[-1].metrics["loss"] < whole[0].metrics["loss"] / 2
    assert whole[-1].metrics["exact_match"] == 1.0
    cut = tmp_path / "cut"
    first = list(itertools.islice(train(settings, prepared=prepared, task=TASK, folder=cut, device="cpu"), 1))
    torch.manual_seed(99)
    rest = list(train(settings, prepared=prepared, task=TASK, folder=cut, resume=True, device="cpu"))
    assert [scores(r) for r in first + rest] == [scores(r) for r in whole]
    file = Path("checkpoints", "r0003", "model.safetensors")
    kept, expected = (load_file(folder / file) for folder in (cut, tmp_path / "whole"))
    assert kept.keys() == expected.keys()
    assert all(torch.equal(kept[name], expected[name]) for name in kept)


def scores(report: Any) -> list[tuple[str, float]]:
    return [(name, value) for name, value in sorted(report.metrics.items()) if name not in MEASURED]


def test_rows_are_cleaned_grouped_and_cleaned_again_at_prediction(t5: Path, tmp_path: Path) -> None:
    from trainer.data import source_target

    dirty = [{**row, "text": f"<b>{row['text']}</b>  x", "label": row["label"].upper()} for row in ROWS]
    rows = [{**row, "all": [row["label"], "MORE"]} for row in [*dirty, dirty[0], {"text": "", "label": "A"}, dirty[1]]]
    rows.append({"text": None, "label": "A", "all": []})
    data = {"train": jsonl(tmp_path / "rows.jsonl", rows), "references": "all", "missing": "drop", "group": "text"}
    data |= {
        "clean": ["strip_html", "whitespace", "lower", "drop_empty", "drop_duplicates"],
        "validation_fraction": 0.3,
    }
    settings = TrainConfig.build({"task": "seq2seq", "model": str(t5), "metric": "chrf", "data": data})
    prepared = TASK.prepare(settings, tmp_path / "cache")
    assert sum(split.rows for split in prepared.splits.values()) == len(ROWS)
    right = [text for split in prepared.splits.values() for text in source_target.references(split.arrays)]
    assert sorted(map(sorted, right)) == sorted(
        sorted({row["label"] for row in ROWS if row["text"] == source} | {"more"})
        for source in {row["text"] for row in ROWS}
    )
    network = TASK.build_model(settings, prepared)
    TASK.export(network, settings, prepared, tmp_path / "out")
    predictor = predict.load(tmp_path / "out", "cpu")
    assert predictor.predict(["<i>Name   DOG</i> x"]) == predictor.predict(["name dog x"])
    same = [{**row, "text": f"{row['text']} x", "all": [row["label"], "more"]} for row in ROWS]
    assert predictor.evaluate(rows[: len(ROWS)]) == predictor.evaluate(same)


@pytest.mark.parametrize(
    ("rows", "data", "expected"),
    [
        (ROWS, {"text": "txt"}, r"data.text: .*no column 'txt' \(did you mean text\?"),
        (ROWS, {"label": "target"}, "data.label: .*no column 'target'"),
        ([*ROWS, {"text": "a", "label": None}], {}, "column 'label', line 6: the text is missing"),
        ([*ROWS, {"text": 5, "label": "a"}], {}, "column 'text', line 6: 5 is not text"),
        (ROWS, {"references": "label"}, "column 'label', line 1: 'the cat is good food' is not a list of texts"),
    ],
)
def test_bad_data_is_named_before_anything_starts(
    t5: Path, tmp_path: Path, rows: list[dict[str, Any]], data: dict[str, Any], expected: str
) -> None:
    with pytest.raises(DataError, match=expected):
        TASK.prepare(config(t5, tmp_path, rows, data=data), tmp_path / "cache")


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"packing": True}, "packing: True means nothing to seq2seq"),
        ({"data": {"prompt": "text"}}, "data.prompt: 'text' means nothing to seq2seq"),
        ({"data": {"text_pair": "label"}}, "data.text_pair: .* means nothing"),
        ({"generation": {"num_beam": 2}}, r"generation.num_beam: unknown setting \(did you mean num_beams\?\)"),
        ({"generation": {"num_beams": 0}}, "generation.num_beams: .* greater than or equal to 1"),
    ],
)
def test_check_refuses_what_means_nothing(t5: Path, tmp_path: Path, settings: dict[str, Any], expected: str) -> None:
    with pytest.raises(ConfigError, match=expected):
        TASK.check(config(t5, tmp_path, **settings))


def test_other_tasks_refuse_what_is_of_this_one(t5: Path, tmp_path: Path) -> None:
    for settings, expected in (
        ({"generation": {"num_beams": 2}}, "generation: .* means nothing to text-classification"),
        ({"data": {"prefix": "a"}}, "data.prefix: 'a' means nothing to text-classification"),
        ({"max_target_length": 3}, "max_target_length: 3 means nothing to text-classification"),
    ):
        with pytest.raises(ConfigError, match=expected):
            get_task("text-classification").check(config(t5, tmp_path, **settings))


def test_models_and_lengths_that_do_not_fit_are_refused(tmp_path: Path, t5: Path, encoder: Path) -> None:
    with pytest.raises(ConfigError, match="is no encoder-decoder"):
        TASK.prepare(config(encoder, tmp_path), tmp_path / "cache")
    bart = build_encoder_decoder(tmp_path / "bart", kind="bart")
    for settings, expected in (
        ({"max_length": 65}, "max_length: 65 is more than the 64 positions"),
        ({"max_target_length": 1}, "max_target_length: 1 leaves no room"),
    ):
        with pytest.raises(ConfigError, match=expected):
            TASK.prepare(config(bart, tmp_path, **settings), tmp_path / "cache")
    small = config(t5, tmp_path, model_args={"vocab_size": 100}, init="random")
    with pytest.raises(ConfigError, match="embeds 100 tokens, its tokenizer makes 3"):
        TASK.prepare(small, tmp_path / "cache")


def test_generation_is_searchable_by_its_dotted_name(t5: Path, tmp_path: Path) -> None:
    base = config(t5, tmp_path).model_dump(mode="json")
    assert TrainConfig.build(base, {"generation.num_beams": 3}).generation == Generation(num_beams=3)
    both = TrainConfig.build({**base, "generation": {"max_new_tokens": 9}}, {"generation.num_beams": 3})
    assert both.generation == Generation(num_beams=3, max_new_tokens=9)


def test_weights_may_be_drawn_and_sizes_changed(t5: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    bare.mkdir()
    for file in t5.iterdir():
        if file.suffix != ".safetensors":
            (bare / file.name).write_bytes(file.read_bytes())
    settings = config(bare, tmp_path)
    prepared = TASK.prepare(settings, tmp_path / "cache")
    with pytest.raises(ConfigError, match=r"model: .*bare holds no weights \(init: random"):
        TASK.build_model(settings, prepared)
    settings = config(bare, tmp_path, init="random", model_args={"d_ff": 48}, dropout=0.2)
    prepared = TASK.prepare(settings, tmp_path / "cache")
    drawn = []
    for seed in (1, 2, 1):
        torch.manual_seed(seed)
        drawn.append(TASK.build_model(settings, prepared).state_dict())
    assert all(torch.equal(drawn[0][name], drawn[2][name]) for name in drawn[0])
    assert not torch.equal(drawn[0]["shared.weight"], drawn[1]["shared.weight"])
    assert drawn[0]["encoder.block.0.layer.1.DenseReluDense.wi.weight"].shape == (48, 32)
    assert TASK.size(settings, prepared) == sum(p.numel() for p in TASK.build_model(settings, prepared).parameters())


def test_a_hugging_face_model_class_reads_the_export(t5: Path, tmp_path: Path) -> None:
    from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

    settings = config(t5, tmp_path, generation={"max_new_tokens": 5, "num_beams": 2, "length_penalty": 0.5})
    prepared = TASK.prepare(settings, tmp_path / "cache")
    TASK.export(TASK.build_model(settings, prepared).eval(), settings, prepared, tmp_path / "out")
    model, tokenizer = (
        kind.from_pretrained(tmp_path / "out").eval() if kind is AutoModelForSeq2SeqLM else kind.from_pretrained(t5)
        for kind in (AutoModelForSeq2SeqLM, AutoTokenizer)
    )
    facts = model.generation_config
    assert (facts.max_new_tokens, facts.num_beams, facts.length_penalty) == (5, 2, 0.5)
    ids = model.generate(**tokenizer("name cat", return_tensors="pt"))
    text = tokenizer.decode(ids[0], skip_special_tokens=True).strip()
    predictor = predict.load(tmp_path / "out", "cpu")
    assert predictor.predict(["name cat"]) == [text]
    with pytest.raises(DataError, match="row 2 is 5, expected a text or a mapping with text"):
        predictor.predict(["a", 5])


@pytest.mark.data
def test_real_descriptions_with_their_references(t5: Path, tmp_path: Path, shared_data: Callable[[str], Path]) -> None:
    from trainer.data import source_target

    folder = shared_data("e2e_nlg")
    data = {split: str(folder / f"{split}.jsonl") for split in ("train", "validation")}
    data |= {"text": "meaning_representation", "label": "target", "references": "references"}
    settings = TrainConfig.build(
        {"task": "seq2seq", "model": str(t5), "metric": "bleu", "data": {**data, "limit": 64, "limit_validation": 4}}
    )
    prepared = TASK.prepare(settings, tmp_path / "cache")
    assert prepared.splits["validation"].rows == 4
    assert all(len(texts) > 1 for texts in source_target.references(prepared.splits["validation"].arrays))
    found = evaluated(settings, prepared, TASK.build_model(settings, prepared))
    assert 0 <= found["bleu"] < 5


def evaluated(
    settings: TrainConfig, prepared: Prepared, model: torch.nn.Module, batch_size: int | None = None
) -> dict[str, float]:
    compute = Compute.choose("fp32", "cpu")
    return evaluate(
        model,
        task=TASK,
        split=prepared.splits["validation"],
        config=settings,
        prepared=prepared,
        compute=compute,
        batch_size=batch_size,
    ).metrics
