"""Tokens hidden while training: how many, never the special ones, and the same whatever lies beside."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from trainer.augmentation.tokens import hidden
from trainer.config import TrainConfig
from trainer.draws import Draws
from trainer.errors import ConfigError
from trainer.tasks import get_task

TASK = get_task("text-classification")
PAD, CLS, SEP, MASK = 0, 1, 2, 3


def batch(rows: int, *, left: bool = False, extra: int = 0) -> torch.Tensor:
    ids = torch.randint(10, 99, (rows, 40), generator=torch.Generator().manual_seed(0))
    ids[:, 0], ids[:, -1] = CLS, SEP
    padding = torch.full((rows, extra), PAD)
    return torch.cat([padding, ids] if left else [ids, padding], dim=1)


def drop(ids: torch.Tensor, rows: np.ndarray, probability: float = 0.3) -> torch.Tensor:
    return hidden(ids, probability, Draws(0, 1, rows), mask=MASK, pad=PAD, special=[CLS, SEP])


def test_hides_that_share_and_nothing_special() -> None:
    ids = batch(200, extra=5)
    found = drop(ids, np.arange(200))
    special = (ids == CLS) | (ids == SEP) | (ids == PAD)
    assert torch.equal(found[special], ids[special])
    share = (found == MASK).sum().item() / (~special).sum().item()
    assert share == pytest.approx(0.3, abs=0.02)


@pytest.mark.parametrize("left", [False, True])
def test_padding_and_company_change_nothing(left: bool) -> None:
    rows = np.array([7, 3, 9])
    whole = drop(batch(3, left=left, extra=6), rows)
    alone = drop(batch(3), rows)
    assert torch.equal(whole[:, 6:] if left else whole[:, :-6], alone)
    assert torch.equal(drop(batch(3)[1:2], rows[1:2]), alone[1:2])


def test_only_training_rows_of_a_text_task_lose_tokens(tmp_path: Path, encoder: Path) -> None:
    rows = [{"text": "the cat sat and a dog ran " * 3, "label": i % 2} for i in range(10)]
    (tmp_path / "t.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    given: dict[str, Any] = {"model": str(encoder), "data": {"train": str(tmp_path / "t.jsonl")}}
    config = TrainConfig.build(given, {"augment.token_dropout": 0.5})
    TASK.check(config)
    prepared = TASK.prepare(config, tmp_path / "cache")
    split, at = prepared.splits["train"], np.arange(4)
    plain = TASK.collate(split, at, config, prepared)
    changed = TASK.training_batch(split, at, config, prepared, 3)
    mask = prepared.meta["frame"]["mask"]
    assert mask == 4  # [MASK] of the vocabulary
    where = changed["input_ids"] != plain["input_ids"]
    assert 0.3 < where.float().mean() < 0.6
    assert set(changed["input_ids"][where].tolist()) == {mask}
    assert torch.equal(changed["attention_mask"], plain["attention_mask"])


def test_pictures_steps_mean_nothing_to_texts(tmp_path: Path, encoder: Path) -> None:
    (tmp_path / "t.jsonl").write_text('{"text": "a", "label": 0}\n')
    given = {"model": str(encoder), "data": {"train": str(tmp_path / "t.jsonl")}, "augment": {"erase": 0.1}}
    with pytest.raises(ConfigError, match=r"augment\.erase: 0\.1 means nothing to text-classification"):
        TASK.check(TrainConfig.build(given))
