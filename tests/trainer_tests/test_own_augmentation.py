"""A step of augmentation of one's own: on which rows, with which draws, and what it may return."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from trainer.config import TrainConfig
from trainer.errors import ConfigError
from trainer.loop import train
from trainer.tasks import get_task
from trainer.tasks.base import Batch, Prepared, Task

CODE = """
import numpy as np

def shuffled(text, draw, strength=1.0):
    words = text.split()
    return " ".join(draw.permutation(words)) if draw.random() < strength else text

def shouted(text, draw):
    return "cat " * 9

def nothing(text, draw):
    return None

def alone(text):
    return text

def needs(text, draw, strength):
    return text

def darker(picture, draw, strength):
    assert picture.dtype == np.float32 and picture.max() <= 1
    picture *= 1 - strength * draw.random()
    return picture

def cut(picture, draw):
    return picture[:, :2]

def net(inputs, classes):
    import torch
    return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(int(np.prod(inputs)), classes))
"""
TEXT = "the cat sat and a dog ran"


@pytest.fixture(autouse=True)
def code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "code"
    folder.mkdir()
    (folder / "own_steps.py").write_text(CODE)
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.delitem(sys.modules, "own_steps", raising=False)


def of_texts(tmp_path: Path, encoder: Path, pair: bool = False, **augment: Any) -> tuple[Task, TrainConfig]:
    rows = [{"text": TEXT, "other": "good film", "label": i % 2} for i in range(20)]
    (tmp_path / "t.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    data = {"train": str(tmp_path / "t.jsonl"), **({"text_pair": "other"} if pair else {})}
    given = {"model": str(encoder), "data": data, "augment": augment, "batch_size": 4, "epochs": 2}
    return checked("text-classification", given)


def of_pictures(tmp_path: Path, **augment: Any) -> tuple[Task, TrainConfig]:
    for label, level in (("dark", 60), ("light", 200)):
        (tmp_path / "set" / label).mkdir(parents=True)
        for number in range(10):
            Image.fromarray(np.full((4, 4, 3), level + number, np.uint8)).save(
                tmp_path / "set" / label / f"{number}.png"
            )
    data = {"train": str(tmp_path / "set")}
    return checked("image-classification", {"model": "own_steps:net", "data": data, "augment": augment})


def checked(name: str, given: dict[str, Any]) -> tuple[Task, TrainConfig]:
    task, config = get_task(name), TrainConfig.build({"task": name, **given})
    task.check(config)
    return task, config


def batches(task: Task, config: TrainConfig, prepared: Prepared, rows: list[int], step: int = 3) -> tuple[Batch, Batch]:
    split, at = prepared.splits["train"], np.array(rows)
    return task.collate(split, at, config, prepared), task.training_batch(split, at, config, prepared, step)


def test_texts_are_changed_in_training_only_and_keep_their_tokens(tmp_path: Path, encoder: Path) -> None:
    task, config = of_texts(tmp_path, encoder, function="own_steps:shuffled")
    plain, changed = batches(task, config, task.prepare(config, tmp_path / "cache"), [0, 1, 2, 3])
    assert not torch.equal(plain["input_ids"], changed["input_ids"])
    assert torch.equal(plain["input_ids"].sort().values, changed["input_ids"].sort().values)
    assert torch.equal(plain["labels"], changed["labels"])
    assert len({tuple(row) for row in changed["input_ids"].tolist()}) > 1  # each row draws for itself


def test_draws_know_row_and_update_and_nothing_else(tmp_path: Path, encoder: Path) -> None:
    task, config = of_texts(tmp_path, encoder, function="own_steps:shuffled")
    prepared = task.prepare(config, tmp_path / "cache")
    whole = batches(task, config, prepared, [5, 2, 7])[1]["input_ids"]
    assert torch.equal(batches(task, config, prepared, [2])[1]["input_ids"][0], whole[1])
    assert not torch.equal(batches(task, config, prepared, [5, 2, 7], step=4)[1]["input_ids"], whole)


def test_strength_is_handed_on_and_may_be_searched(tmp_path: Path, encoder: Path) -> None:
    task, config = of_texts(tmp_path, encoder, function="own_steps:shuffled", strength=0.0)
    prepared = task.prepare(config, tmp_path / "cache")
    plain, changed = batches(task, config, prepared, [0, 1])
    assert torch.equal(plain["input_ids"], changed["input_ids"])
    stronger = TrainConfig.build(config.model_dump(), {"augment.strength": 1.0})
    assert task.prepare(stronger, tmp_path / "cache").folder == prepared.folder


def test_pairs_change_both_and_tokens_are_hidden_after(tmp_path: Path, encoder: Path) -> None:
    task, config = of_texts(tmp_path, encoder, pair=True, function="own_steps:shouted", token_dropout=0.3)
    prepared = task.prepare(config, tmp_path / "cache")
    _, changed = batches(task, config, prepared, [0])
    assert changed["input_ids"].shape[1] == 9 + 9 + 3
    assert prepared.meta["frame"]["mask"] in changed["input_ids"]


def test_a_cut_off_run_goes_on_exactly(tmp_path: Path, encoder: Path) -> None:
    task, config = of_texts(tmp_path, encoder, function="own_steps:shuffled", strength=0.7)
    prepared = task.prepare(config, tmp_path / "cache")

    def run(folder: str, **more: Any) -> list[float]:
        reports = train(config, prepared=prepared, task=task, folder=tmp_path / folder, device="cpu", **more)
        return [report.metrics["train_loss"] for report in reports]

    whole, left = run("whole"), iter(range(6))
    first = run("part", should_stop=lambda: next(left, None) is None)
    assert first + run("part", resume=True) == whole


def test_pictures_come_as_floats_and_go_back_as_such(tmp_path: Path) -> None:
    task, config = of_pictures(tmp_path, function="own_steps:darker", strength=0.5)
    prepared = task.prepare(config, tmp_path / "cache")
    plain, changed = batches(task, config, prepared, [0, 1, 2])
    ratio = changed["pixel_values"] / plain["pixel_values"]
    assert ratio.amin() >= 0.5
    assert ratio.amax() <= 1
    assert len(set(ratio.mean(dim=(1, 2, 3)).tolist())) == 3


@pytest.mark.parametrize(
    ("augment", "said"),
    [
        ({"strength": 0.5}, r"augment\.strength: 0\.5 is for a function of your own"),
        ({"function": "own_steps:alone"}, r"augment\.function: own_steps:alone takes text \(it is called with a row"),
        ({"function": "own_steps:gone"}, r"augment\.function: gone is not there"),
        ({"function": "own_steps:needs"}, r"augment\.strength: is missing, and own_steps:needs has no default"),
        ({"function": "own_steps:shouted", "strength": 1}, r"augment\.strength: own_steps:shouted takes no strength"),
    ],
)
def test_what_cannot_be_called_is_refused(augment: dict[str, Any], said: str, tmp_path: Path, encoder: Path) -> None:
    with pytest.raises(ConfigError, match=said):
        of_texts(tmp_path, encoder, **augment)


def test_what_is_no_row_any_more_is_refused(tmp_path: Path, encoder: Path) -> None:
    task, config = of_texts(tmp_path, encoder, function="own_steps:nothing")
    with pytest.raises(ConfigError, match=r"augment\.function: own_steps:nothing returned NoneType \(return a text\)"):
        batches(task, config, task.prepare(config, tmp_path / "cache"), [0])
    task, config = of_pictures(tmp_path, function="own_steps:cut")
    with pytest.raises(ConfigError, match=r"returned shape \(3, 2, 4\) for \(3, 4, 4\)"):
        batches(task, config, task.prepare(config, tmp_path / "cache"), [0])


def test_other_tasks_have_no_such_step() -> None:
    given = {"model": "own_steps:net", "data": {"sklearn": "digits"}, "augment": {"function": "own_steps:darker"}}
    with pytest.raises(ConfigError, match=r"augment\.function: .* means nothing to classification"):
        checked("classification", given)
