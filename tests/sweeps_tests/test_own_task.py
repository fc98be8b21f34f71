"""A sweep over a task of one's own: the example of the documentation, as a user would run it."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

import sweeps
from sweeps.config import SweepConfig, load_sweep
from sweeps.engine.preparation import prepare
from sweeps.errors import InputError
from sweeps.records.builder import read_sweep
from sweeps.take_home.export import export_trial
from tests.sweeps_tests.local_sweep import run_here

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "own_task"
SHORT = {"trials": 2, "budget": None, "trainer.epochs": 2, "early_stopping": "none"}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = Path(shutil.copytree(EXAMPLE, tmp_path / "here", ignore=shutil.ignore_patterns("__pycache__", "runs")))
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.delitem(sys.modules, "denoise", raising=False)
    return folder


def sweep(folder: Path, **overrides: object) -> SweepConfig:
    return load_sweep(str(folder / "sweep.yaml"), {**SHORT, **overrides})


def test_the_example_is_searched_by_its_own_metric_and_taken_home(here: Path, tmp_path: Path) -> None:
    folder = run_here(sweep(here), tmp_path / "runs")
    record = read_sweep(folder)
    assert (record.metric, record.goal) == ("psnr", "maximize")
    assert len(record.trials) == 2
    best = max(report.metrics["psnr"] for trial in record.trials for report in trial.reports)
    out = tmp_path / "out"
    export_trial(folder, out)
    import denoise

    noisy, clean = denoise.rows()["test"]
    np.savez(tmp_path / "test.npz", x=noisy, y=clean)
    found = sweeps.load(out, "cpu").evaluate(tmp_path / "test.npz")
    assert found["psnr"] == pytest.approx(best, abs=1.0)  # other rows of the same kind
    card = (out / "README.md").read_text()
    assert "`denoise:autoencoder` builds the module again, `denoise:loss` and `denoise:metrics` score it" in card
    assert "| psnr |" in card


def test_a_metric_of_ones_own_needs_its_goal(here: Path) -> None:
    with pytest.raises(InputError, match=r"metric\.goal"):
        sweep(here, metric={"name": "psnr"})


def test_a_function_that_is_not_there_is_one_line_before_the_launch(here: Path) -> None:
    with pytest.raises(InputError, match=r"trainer\.metrics.*metric_s"):
        sweep(here, **{"trainer.metrics": "denoise:metric_s"})


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        ({"metric.name": "pnsr"}, r"metric\.name: 'pnsr' is not among what denoise:metrics gives.*did you mean psnr"),
        ({"metric.require": {"snr": {"min": 1}}}, r"metric\.require\.snr: 'snr' is not among what denoise:metrics"),
        (
            {"metric.require": {"retain_psnr": {"min": 1}}},
            r"metric\.require\.retain_psnr: .*known are loss, psnr",
        ),
        ({"trainer.metrics": "denoise:rough"}, r"trainer\.metrics: denoise:rough returned float"),
        ({"trainer.metrics": "denoise:broken"}, r"trainer\.metrics: denoise:broken fails on 64 .*ZeroDivisionError"),
    ],
)
def test_what_ones_own_metrics_do_not_give_is_refused_before_the_launch(
    overrides: dict[str, object], said: str, here: Path, tmp_path: Path
) -> None:
    more = "\n\ndef rough(outputs, targets):\n    return 0.5\n"
    more += "\n\ndef broken(outputs, targets):\n    return {'psnr': 1 / 0}\n"
    (here / "denoise.py").write_text((here / "denoise.py").read_text() + more)
    with pytest.raises(InputError, match=said):
        prepare(sweep(here, **overrides), tmp_path / "cache")
