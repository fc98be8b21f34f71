"""Sweeps that continue from an exported model: its weights, its configuration as the first point, and refusals."""

import json
import shutil
from pathlib import Path

import pytest
import yaml
from rich.console import Console

import sweeps
from sweeps.config import from_mapping, load_sweep, read_config
from sweeps.config.exported_model import read_export
from sweeps.config.init_from import continued
from sweeps.config.training_file import FILE, Training, read_training, write_training
from sweeps.engine.carrying import remember
from sweeps.engine.notes import may_overlap, notes
from sweeps.engine.outlook import check
from sweeps.engine.preparation import prepare
from sweeps.errors import Exit, InputError
from sweeps.records.archive import Archive, Fingerprint
from sweeps.records.builder import read_sweep
from sweeps.records.ledger import read_events
from sweeps.take_home.best import best_of
from sweeps.take_home.export import export_trial
from sweeps.take_home.single import train_single
from sweeps.views.plan import plan_view
from tests.sweeps_tests.local_sweep import DIGITS, go_on_here, run_here
from tests.trainer_tests.conftest import build_encoder

pytestmark = pytest.mark.usefixtures("one_thread")

STILL = {"optimizer": "sgd", "momentum": 0.0, "learning_rate": 1e-30}
DIGITS_NET = {"parameters.model_args.layers": {"value": 1}, "parameters.model_args.hidden": {"value": 64}}


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    """An exported model of digits, of one hidden layer, and its sweep."""
    base = tmp_path_factory.mktemp("digits")
    folder = run_here(load_sweep("digits", {**DIGITS, **DIGITS_NET}), base)
    best = export_trial(folder, base / "model")
    return base / "model", best


def rows(folder, labels, count=16):
    folder.mkdir(parents=True, exist_ok=True)
    words = {"pet": "the cat sat", "meal": "bad food", "art": "a good film"}
    for split, more in (("train", "very "), ("validation", "not ")):
        lines = [{"text": f"{words[one]} {more * (n % 5)}", "label": one} for n in range(count) for one in labels]
        (folder / f"{split}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return {split: str(folder / f"{split}.jsonl") for split in ("train", "validation")}


def texts(model, data, **more):
    trainer = {"model": str(model), "data": data, "epochs": 2, "precision": "fp32", **more.pop("trainer", {})}
    learning_rate = {"distribution": "log_uniform_values", "min": 1e-4, "max": 1e-1}
    parameters = {"learning_rate": learning_rate, "batch_size": [4, 8], **more.pop("parameters", {})}
    settings = {"metric": "accuracy", "method": "random", "trials": 2, "early_stopping": "none", **more}
    return {"name": "texts", "trainer": trainer, "parameters": parameters, **settings}


@pytest.fixture(scope="module")
def texts_model(tmp_path_factory):
    """An exported classifier of texts, and the configuration that it was trained with."""
    base = tmp_path_factory.mktemp("texts")
    encoder = build_encoder(base / "encoder")
    folder = run_here(from_mapping(texts(encoder, rows(base, ["pet", "meal"])), base=base), base)
    best = export_trial(folder, base / "model")
    return base / "model", best


def test_an_export_says_what_it_was_trained_with_and_nothing_of_where(texts_model):
    out, best = texts_model
    training = read_training(out)
    assert (training.sweep, training.trial, training.report) == ("texts", best.trial, best.report)
    assert (training.metric, training.value) == ("accuracy", best.value)
    assert training.params == dict(best.params)
    assert training.settings["batch_size"] == best.params["batch_size"]
    assert training.settings["epochs"] == 2
    assert training.settings["data"]["stratify"] is True
    assert str(out.parent) not in (out / FILE).read_text()
    assert "train" not in training.settings["data"]


def test_a_sweep_begins_from_the_exported_weights_with_its_configuration_first(texts_model, tmp_path):
    out, best = texts_model
    newer = rows(tmp_path, ["pet", "meal"], 9)
    config = from_mapping(texts("gone/elsewhere", newer), base=tmp_path, init_from=out)
    assert config.trainer.model == str(out)
    assert dict(config.points[0]) == dict(best.params)
    folder = run_here(config, tmp_path)
    assert dict(read_sweep(folder).trials[0].params) == dict(best.params)
    assert dict(read_config(folder).points[0]) == dict(best.params)
    still = texts("x", newer, trainer=STILL, parameters={"learning_rate": None})
    del still["parameters"]["learning_rate"]
    stood = read_sweep(run_here(from_mapping({**still, "name": "still"}, base=tmp_path, init_from=out), tmp_path))
    scored = sweeps.load(out).evaluate(newer["validation"])
    assert stood.trials[0].reports[0].metrics["loss"] == pytest.approx(scored["loss"], rel=1e-5)


def test_such_a_sweep_is_interrupted_gone_on_with_and_exported_like_any_other(texts_model, tmp_path):
    out, _ = texts_model
    data = rows(tmp_path, ["art", "meal", "pet"], 6)
    config = from_mapping(texts("x", data), base=tmp_path, init_from=out)
    whole = read_sweep(run_here(config, tmp_path / "whole"))
    cut = run_here(config, tmp_path / "cut", most=1)
    assert read_sweep(cut).state == "interrupted"
    resumed = read_sweep(go_on_here(cut))
    scores = [[report.metrics["loss"] for report in trial.reports] for trial in whole.trials]
    assert [[report.metrics["loss"] for report in trial.reports] for trial in resumed.trials] == scores
    export_trial(cut, tmp_path / "next")
    card = (tmp_path / "next" / "README.md").read_text()
    assert f"Continued from `texts, trial {texts_model[1].trial}`, an exported model." in card
    assert sweeps.load(tmp_path / "next").label_names == ("art", "meal", "pet")
    third = from_mapping(texts("x", data), base=tmp_path, init_from=tmp_path / "next")
    assert dict(third.points[0]) == dict(best_of(cut)[1].params)


def test_new_and_lost_classes_are_said(texts_model, tmp_path):
    config = from_mapping(texts("x", rows(tmp_path, ["art", "pet"])), base=tmp_path, init_from=texts_model[0])
    (warning,) = [text for text in check(config).warnings if "continued" in text]
    assert warning == (
        "beside the model that is continued, class art is new; class meal is gone: rows of new classes are drawn"
    )


def test_a_plain_module_gets_the_weights_of_its_export(digits, tmp_path):
    out, best = digits
    config = load_sweep("digits", {**DIGITS, **DIGITS_NET}, init_from=out)
    assert config.trainer.weights == str(out)
    assert config.trainer.model == "sweeps.recipes.digits_model:mlp"
    assert dict(config.points[0]) == dict(best.params)
    still = {**DIGITS, **DIGITS_NET, "trials": 1}
    still |= {"parameters.learning_rate": {"value": 1e-30}, "trainer.optimizer": "sgd", "trainer.momentum": 0.0}
    record = read_sweep(run_here(load_sweep("digits", still, name="still", init_from=out), tmp_path))
    assert record.trials[0].reports[0].metrics["accuracy"] == pytest.approx(best.value)
    export_trial(tmp_path / "still", tmp_path / "again")
    card = (tmp_path / "again" / "README.md").read_text()
    assert f"Continued from `digits, trial {best.trial}`, an exported model." in card


def test_parameters_that_change_the_shape_of_the_model_are_refused_with_what_to_write(digits, tmp_path):
    config = load_sweep("digits", DIGITS, init_from=digits[0])
    with pytest.raises(InputError) as caught:
        prepare(config, tmp_path)
    line = str(caught.value)
    assert "parameters: model_args.layers, model_args.hidden change the shape of the model" in line
    assert "'parameters.model_args.layers={value: 1}' 'parameters.model_args.hidden={value: 64}'" in line
    overrides = [f"{name}={{value: {value['value']}}}" for name, value in DIGITS_NET.items()]
    prepare(load_sweep("digits", overrides, init_from=digits[0]), tmp_path)
    wide = load_sweep("digits", {**DIGITS_NET, "parameters.model_args.hidden": {"value": 80}}, init_from=digits[0])
    with pytest.raises(InputError, match=r"trainer.weights: .* does not fit .* has the shape \[64, 64\] there"):
        prepare(wide, tmp_path)


def exported_with(tmp_path, params, settings):
    folder = tmp_path / "made"
    folder.mkdir()
    write_training(folder, Training("old", params, settings, "accuracy", 0.9, 2, "t0003"))
    return read_export(folder)


def space_of(**parameters):
    return from_mapping(
        {
            "name": "demo",
            "trainer": {"function": "json:dumps"},
            "metric": {"name": "score", "goal": "maximize"},
            "parameters": parameters,
            "trials": 3,
        },
        base=Path.cwd(),
    ).space


def test_the_point_has_what_lies_in_the_space_and_completes_the_rest(tmp_path):
    settings = {"learning_rate": 0.5, "batch_size": 16.0, "optimizer": "sgd", "model_args": {"hidden": 64}, "old": 1}
    settings |= {"max_length": None, "warmup": None}
    export = exported_with(tmp_path, {"batch_size": 16}, settings)
    space = space_of(
        **{
            "learning_rate": {"min": 0.0, "max": 0.1, "prior": 0.02},
            "batch_size": {"values": [8, 16]},
            "optimizer": {"values": ["adamw", "sgd"]},
            "momentum": {"min": 0.0, "max": 0.9, "when": {"optimizer": "sgd"}, "prior": 0.8},
            "beta1": {"min": 0.8, "max": 0.99, "when": {"optimizer": "adamw"}},
            "model_args.hidden": {"min": 32, "max": 128},
            "max_length": {"values": [64, None]},
            "warmup": {"min": 0.0, "max": 0.5, "prior": 0.1},
        }
    )
    found = continued(space, export)
    assert dict(found.point) == {
        "learning_rate": 0.02,
        "batch_size": 16,
        "optimizer": "sgd",
        "momentum": 0.8,
        "model_args.hidden": 64,
        "max_length": None,
        "warmup": 0.1,
    }
    assert found.remark.endswith("(t0003 of the sweep old, accuracy=0.9); its configuration is tried first, "
                                 "but for what lies outside: learning_rate 0.5")  # fmt: skip


def test_an_export_of_which_nothing_fits_or_that_says_nothing_gives_no_point(digits, tmp_path):
    export = exported_with(tmp_path, {"rate": 7}, {"rate": 7})
    found = continued(space_of(rate={"min": 0.0, "max": 1.0}), export)
    assert found.point is None
    assert found.remark.endswith("its configuration is no point of this space: rate 7")
    assert continued(space_of(depth=[1, 2]), export).remark.endswith("none of it is searched")
    old = shutil.copytree(digits[0], tmp_path / "old")
    (old / FILE).unlink()
    config = load_sweep("digits", DIGITS_NET, init_from=old)
    assert config.points == ()
    assert config.trainer.weights == str(old)
    assert config.continued.remark.endswith("does not say what it was trained with: no point of it")


def test_a_point_of_the_file_that_is_the_same_is_tried_once(digits):
    best = dict(digits[1].params)
    own = {"learning_rate": 2e-3, "batch_size": 32}
    config = load_sweep("digits", {**DIGITS_NET, "points": [own, best]}, init_from=digits[0])
    assert len(config.points) == 2
    assert dict(config.points[0]) == best
    assert config.points[1]["learning_rate"] == 2e-3


OWN = """
import pathlib, tempfile
import sweeps

def train(config):
    start = config["init_from"]
    begun = float((pathlib.Path(start) / "weight.txt").read_text()) if start else 0.0
    folder = pathlib.Path(tempfile.mkdtemp())
    (folder / "weight.txt").write_text(str(begun + config["x"]))
    sweeps.report({"score": begun + config["x"]}, checkpoint=folder)
"""


def test_a_function_of_ones_own_gets_the_folder_where_it_says_that_it_reads_it(tmp_path):
    (tmp_path / "own_continued.py").write_text(OWN)
    content = {
        "name": "own",
        "trainer": {"function": "own_continued:train", "init_from": None},
        "metric": {"name": "score", "goal": "maximize"},
        "method": "grid",
        "parameters": {"x": [1.0, 2.0]},
        "early_stopping": "none",
    }
    first = run_here(from_mapping(content, base=tmp_path), tmp_path)
    export_trial(first, tmp_path / "model")
    again = from_mapping({**content, "name": "again"}, base=tmp_path, init_from=tmp_path / "model")
    assert dict(again.points[0]) == {"x": 2.0}
    second = run_here(again, tmp_path)
    assert best_of(second)[1].value == 4.0
    export_trial(second, tmp_path / "next")
    assert "Continued from `own, trial t0002`, an exported model." in (tmp_path / "next" / "README.md").read_text()
    silent = {**content, "trainer": {"function": "own_continued:train"}}
    with pytest.raises(InputError, match=r"trainer.init_from: .* nothing says that it does; add init_from: null"):
        from_mapping(silent, base=tmp_path, init_from=tmp_path / "model")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"parameters": {"model": ["a", "b"]}}, r"parameters\.model: is searched, .* remove it from the parameters"),
        ({"trainer": {"init": "random"}}, r"trainer\.init: 'random', so nothing of .* would be read; leave it out"),
        ({"trainer": {"model": "mine:net"}}, r"trainer\.model: 'mine:net' builds a module, and .* is a Hugging Face"),
        ({"trainer": {"task": "seq2seq"}}, r"was exported from text-classification, and this sweep's task is seq2seq"),
    ],
)
def test_what_cannot_be_continued_is_refused(texts_model, tmp_path, change, expected):
    content = texts("x", rows(tmp_path, ["pet", "meal"]), **change)
    with pytest.raises(InputError, match=expected) as caught:
        from_mapping(content, base=tmp_path, init_from=texts_model[0])
    assert caught.value.exit_code == Exit.BAD_INPUT
    assert "\n" not in str(caught.value)


def test_more_layers_than_the_exported_model_has_are_refused_before_anything_starts(texts_model, tmp_path):
    layers = {"model_args.num_hidden_layers": [1, 2]}
    content = texts("x", rows(tmp_path, ["pet", "meal"]), parameters=layers)
    config = from_mapping(content, base=tmp_path, init_from=texts_model[0])
    with pytest.raises(InputError, match=r"parameters\.model_args\.num_hidden_layers: 2 is more than the 1 layers of"):
        prepare(config, tmp_path / "cache")


def cut_off(file):
    file.write_bytes(file.read_bytes()[:-5])


@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        (shutil.rmtree, "--init-from: there is no such folder; name what `sweeps export` has written"),
        (lambda out: [(out / name).unlink() for name in ("sweepwright.json", FILE)], "is no exported model"),
        (lambda out: (out / "sweepwright.json").write_text("{"), r"sweepwright\.json: --init-from: is damaged"),
        (lambda out: (out / FILE).write_text('{"format": 1}'), "sweepwright-training.json: is damaged: TypeError"),
        (lambda out: (out / FILE).write_text('{"format": 2}'), "is of another version; export the model again"),
        (lambda out: (out / "model.safetensors").unlink(), "holds no weights: model.safetensors is not there"),
        (lambda out: cut_off(out / "model.safetensors"), r"model\.safetensors: --init-from: is damaged"),
    ],
)
def test_what_is_no_whole_export_is_one_line(texts_model, tmp_path, damage, expected):
    out = shutil.copytree(texts_model[0], tmp_path / "copy")
    damage(out)
    with pytest.raises(InputError, match=expected) as caught:
        load_sweep("digits", init_from=out)
    assert "\n" not in str(caught.value)


def test_one_training_alone_begins_with_the_exported_configuration(digits, tmp_path):
    out, best = digits
    lines = []
    settings = [f"{name}={{value: {value['value']}}}" for name, value in DIGITS_NET.items()]
    settings += ["trainer.epochs=2", "dropout=0.25"]
    train_single("digits", settings, tmp_path / "single", init_from=out, echo=lines.append)
    assert lines[0].startswith(f"continues from {out}")
    assert f"learning_rate={best.params['learning_rate']}" in lines[1]
    assert "dropout=0.25" in lines[1]
    assert read_training(tmp_path / "single").params["dropout"] == 0.25
    assert float(lines[2].split("accuracy=")[1].split()[0]) > 0.9


def test_python_and_the_plan_say_it_too(digits, tmp_path):
    made = sweeps.Sweep("digits", init_from=digits[0], **DIGITS_NET)
    assert dict(made.config.points[0]) == dict(digits[1].params)
    console = Console(width=300)
    with console.capture() as shown:
        console.print(plan_view(made.config, check(made.config)))
    assert f"continues from {digits[0]}" in shown.get()


def test_the_command_line_refuses_with_exit_code_2(cli, texts_model):
    said = cli("run", "digits", "--init-from", "nowhere")
    assert (said.code, said.out) == (2, "")
    assert "nowhere: --init-from: there is no such folder" in said.err
    said = cli("run", "digits", "--init-from", texts_model[0])
    assert said.code == 2
    assert "was exported from text-classification, and this sweep's task is classification" in said.err
    assert len(said.err.strip().splitlines()) == 1


@pytest.mark.ray
def test_a_sweep_is_run_from_an_export_by_one_command(cli, digits, tmp_path):
    fixed = [f"{name}={{value: {value['value']}}}" for name, value in DIGITS_NET.items()]
    said = cli("run", "digits", *fixed, "trials=2", "trainer.epochs=2", "--init-from", digits[0], "--storage", tmp_path)
    assert said.code == 0, said.err
    notes = [event["text"] for event in read_events(tmp_path / "digits")[0] if event["event"] == "note"]
    assert any(text.startswith(f"continues from {digits[0]}") for text in notes)
    resolved = yaml.safe_load((tmp_path / "digits" / "sweep.yaml").read_text())
    assert resolved["trainer"]["weights"] == str(digits[0])
    assert resolved["points"][0] == dict(digits[1].params)
    trials = read_sweep(tmp_path / "digits").trials
    assert dict(trials[0].params) == dict(digits[1].params)
    assert trials[0].reports[0].metrics["accuracy"] > 0.9


def test_the_weights_to_begin_with_cannot_be_searched(digits):
    with pytest.raises(InputError, match=r"parameters\.weights: cannot be searched: .* run a sweep for each"):
        load_sweep("digits", {"parameters.weights": {"values": [str(digits[0]), "other"]}})


def test_rows_that_are_split_off_may_be_rows_that_the_export_was_trained_on(digits, tmp_path, monkeypatch):
    monkeypatch.setenv("SWEEPWRIGHT_ARCHIVE", str(tmp_path / "archive"))
    config = load_sweep("digits", {**DIGITS, **DIGITS_NET, "archive": True}, init_from=digits[0])
    assert config.continues
    said = "validation and test rows are split off the data, and the model that is continued may have been trained on"
    assert any(text.startswith(said) for text in notes(config))
    assert any(text.startswith(said) for text in check(config).warnings)
    folder = run_here(config, tmp_path)
    found = read_config(folder)
    assert found.continues
    assert remember(found, read_sweep(folder), Fingerprint("classification")) == ""
    assert Archive(tmp_path / "archive").read() == []
    fresh = load_sweep("digits", DIGITS)
    assert not fresh.continues
    assert not any(text.startswith(said) for text in notes(fresh))


def test_rows_that_are_named_are_no_cause_for_a_warning(texts_model, tmp_path):
    config = from_mapping(texts("x", rows(tmp_path, ["art", "pet"])), base=tmp_path, init_from=texts_model[0])
    assert config.continues
    assert may_overlap(config) == ""
    assert not any("are split off the data" in text for text in check(config).warnings)
