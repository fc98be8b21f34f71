"""Prepared data on disk: seen only when complete, made once, named by its content."""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from trainer.config import TrainConfig
from trainer.data import sources, storage, tokens
from trainer.tasks import get_task

BUNDLE = storage.Bundle({"train": {"labels": np.arange(3)}}, ("a", "b"), {"shape": [2]})


def test_what_is_written_is_what_is_opened(tmp_path: Path) -> None:
    opened = storage.open_or_make(tmp_path / "cache", "x", lambda: BUNDLE)
    assert opened.splits["train"].rows == 3
    assert opened.splits["train"].arrays["labels"].tolist() == [0, 1, 2]
    assert (opened.label_names, opened.meta) == (("a", "b"), {"shape": [2]})
    with pytest.raises(ValueError, match="read-only"):
        opened.splits["train"].arrays["labels"][0] = 7


def test_a_failure_leaves_nothing_and_a_killed_writer_is_cleaned_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".x.999").mkdir()
    with monkeypatch.context() as patched:
        patched.setattr(np, "save", _full_disk)
        with pytest.raises(OSError, match="No space"):
            storage.open_or_make(tmp_path, "x", lambda: BUNDLE)
    assert [path.name for path in tmp_path.iterdir()] in ([], ["x.lock"])
    assert storage.open_or_make(tmp_path, "x", lambda: BUNDLE).splits["train"].rows == 3


def test_the_fingerprint_follows_content_not_place(tmp_path: Path) -> None:
    first, moved, other = (tmp_path / name / "rows.jsonl" for name in "abc")
    for path, text in ((first, "a"), (moved, "a"), (other, "b")):
        path.parent.mkdir()
        path.write_text(json.dumps({"text": text, "label": 0}) + "\n")
    names = [fingerprint(train=str(path)) for path in (first, moved, other)]
    assert names[0] == names[1] != names[2]
    changed = [fingerprint(train=str(first), **change) for change in ({"limit": 3}, {"split_seed": 1}, {"label": "x"})]
    assert len({*names, *changed}) == 5
    first.write_text(json.dumps({"text": "later", "label": 0}) + "\n")
    assert fingerprint(train=str(first)) != names[0]


def test_two_processes_tokenise_once(tmp_path: Path, encoder: Path) -> None:
    rows = [{"text": "the cat sat", "label": n % 2} for n in range(20)]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    workers = [
        multiprocessing.get_context("fork").Process(target=_prepare, args=(tmp_path, str(encoder))) for _ in range(2)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0, 0]
    _prepare(tmp_path, str(encoder))
    # One call for each split, from one process.
    calls = (tmp_path / "calls").read_text().split()
    assert len(calls) == 3
    assert len(set(calls)) == 1


def _prepare(folder: Path, encoder: str) -> None:
    original = tokens.tokenise

    def counted(tokenizer: Any, texts: Any) -> Any:
        with (folder / "calls").open("a") as file:
            file.write(f"{os.getpid()}\n")
        return original(tokenizer, texts)

    tokens.tokenise = counted  # type: ignore[assignment]
    try:
        config = TrainConfig.build({"model": encoder, "data": {"train": str(folder / "rows.jsonl")}})
        prepared = get_task("text-classification").prepare(config, folder / "cache")
        if prepared.splits["train"].rows != 16:
            sys.exit(1)
    finally:
        tokens.tokenise = original


def _full_disk(*_: object, **__: object) -> None:
    raise OSError(28, "No space left on device")


def fingerprint(**data: Any) -> str:
    return storage.fingerprint(sources.facts(TrainConfig.build({"model": "x", "data": data}).data))
