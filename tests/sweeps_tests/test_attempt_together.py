"""What a trial says that several processes train: its own reason, and nothing that spoils its worker."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from sweeps.engine.attempt import attempt
from tests.trainer_tests.rank_kit import MODELS, settings


@pytest.mark.slow
def test_a_trial_fails_for_the_reason_of_one_of_its_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "rank_models.py").write_text(MODELS)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "rank_models", raising=False)
    task = {
        "settings": settings(model="rank_models:poisoned", epochs=1, report_every=0.3).model_dump(mode="json"),
        "folder": str(tmp_path / "trial"),
        "cache": str(tmp_path / "cache"),
        "threads": 2,
        "processes": 2,
        "gpus": 0.0,
    }
    report, end = attempt(task)
    assert report["report"]["number"] == 1
    assert (tmp_path / "trial/checkpoints/r0001/manifest.json").is_file()
    assert end["end"]["state"] == "failed"
    assert end["end"]["code"] == "error"
    assert end["end"]["text"].startswith("RuntimeError: CUDA error: device-side assert triggered (rank_models.py:")
    assert not end["end"]["spoiled"]
