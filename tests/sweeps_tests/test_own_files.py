"""What is exported of a checkpoint that a training function of one's own saved, and what its card says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
import yaml
from transformers import BertForSequenceClassification

from sweeps.config import load_sweep
from sweeps.take_home.export import export_trial
from sweeps.take_home.own_files import OwnModel, copy_model
from tests.sweeps_tests.local_sweep import run_here

SCRIPT = """
from pathlib import Path
from tests.sweeps_tests.tiny_trainer import build

def train(config):
    build(Path.cwd(), num_train_epochs=1, learning_rate=config["learning_rate"]).train()
"""


def heading(folder: Path) -> dict:
    return yaml.safe_load((folder / "README.md").read_text().split("---\n")[1])


def test_of_a_trainers_checkpoint_the_model_is_exported(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tiny_script.py").write_text(SCRIPT)
    (tmp_path / "sweep.yaml").write_text(
        "name: script\ntrainer: {function: 'tiny_script:train'}\nmetric: {name: eval_accuracy, goal: maximize}\n"
        "method: grid\nparameters: {learning_rate: [0.001, 0.01]}\n"
    )
    folder, out = run_here(load_sweep("sweep.yaml"), tmp_path), tmp_path / "exported"
    (checkpoint, *_) = folder.glob("trials/*/checkpoints/r0001")
    assert {"optimizer.pt", "trainer_state.json", "training_args.bin"} <= {path.name for path in checkpoint.iterdir()}
    export_trial(folder, out)
    expected = ["README.md", "config.json", "model.safetensors", "sweepwright-training.json"]
    assert sorted(path.name for path in out.iterdir()) == expected
    assert isinstance(BertForSequenceClassification.from_pretrained(out), torch.nn.Module)
    assert heading(out)["library_name"] == "transformers"
    assert 'BertForSequenceClassification.from_pretrained("FOLDER")' in (out / "README.md").read_text()


def checkpoint(folder: Path, *names: str, **contents: object) -> Path:
    for name in ("manifest.json", *names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("x")
    for name, content in contents.items():
        (folder / f"{name}.json").write_text(json.dumps(content))
    return folder


def left(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_what_a_function_saved_by_itself_is_exported_whole(tmp_path):
    mine = checkpoint(tmp_path / "mine", "net.pt", "optimizer.pt", "parts/manifest.json")
    assert copy_model(mine, tmp_path / "out") == OwnModel("torch")
    assert left(tmp_path / "out") == {"net.pt", "optimizer.pt", "parts/manifest.json"}


STATE = {"trainer_state": {}}


@pytest.mark.parametrize(
    ("contents", "expected"),
    [
        ({"config": {"model_type": "bert", "architectures": ["BertModel"]}}, OwnModel("transformers", "BertModel")),
        ({"config": {"model_type": "bert"}, "tokenizer_config": {}}, OwnModel("transformers", "", True)),
        ({"adapter_config": {}, "config": {"model_type": "bert"}}, OwnModel("peft")),
        ({"config_sentence_transformers": {}}, OwnModel("sentence-transformers")),
        ({"config": [1]}, OwnModel("torch")),
        ({"config": {"model_type": "bert", "architectures": 3}}, OwnModel("transformers")),
    ],
)
def test_the_library_is_known_by_the_files(tmp_path, contents, expected):
    state = ("rng_state.pth", "rng_state_0.pth", "scheduler.pt", "global_step4/zero.pt", "latest", "optimizer.bin")
    mine = checkpoint(tmp_path / "mine", *state, "model.safetensors", "vocab.txt", **STATE, **contents)
    assert copy_model(mine, tmp_path / "out") == expected
    assert left(tmp_path / "out") == {"model.safetensors", "vocab.txt", *(f"{name}.json" for name in contents)}
