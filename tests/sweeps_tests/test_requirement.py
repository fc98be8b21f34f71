"""A sweep whose best report has to be within bounds: what is chosen, kept, searched for, and said."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from sweeps.config import SweepConfig, from_mapping
from sweeps.errors import InputError, NoUsableTrial
from sweeps.records.sweep_file import read_config
from sweeps.study.told import Told
from sweeps.take_home.best import best_of
from tests.sweeps_tests.local_sweep import run_here

CODE = """
import pathlib, tempfile
import sweeps

def train(config):
    x = config["x"]
    for number in (1, 2, 3):
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, "weights.txt").write_text(str(x))
            sweeps.report({"gain": x * number, "kept": 1 - 0.1 * x * number}, checkpoint=folder)
"""


def sweep(folder: Path, require: object, **more: Any) -> SweepConfig:
    (folder / "gains.py").write_text(CODE)
    mapping = {
        "name": "gains",
        "trainer": {"function": "gains:train"},
        "metric": {"name": "gain", "goal": "maximize", "require": require},
        "parameters": {"x": [1, 2, 3]},
        "method": "grid",
        **more,
    }
    return from_mapping(mapping, base=folder)


def test_the_best_is_within_bounds_and_its_checkpoint_is_kept(tmp_path: Path) -> None:
    config = sweep(tmp_path, {"kept": {"min": 0.55}}, keep_checkpoints=1)
    folder = run_here(config, tmp_path / "runs")
    record, best = best_of(folder)
    # By value alone 3 * 3 = 9 would win, where `kept` has fallen to 0.1; within bounds are 1, 2, 3, 2 * 2 and 3.
    assert (best.params["x"], best.report, best.value) == (2, 2, 4)
    assert record.require["kept"].min == 0.55
    assert (folder / str(best.checkpoint)).is_dir()
    assert [report.fits for report in record.trials[2].reports] == [True, False, False]
    assert read_config(folder) == config


def test_where_nothing_fits_the_sweep_says_so(tmp_path: Path) -> None:
    folder = run_here(sweep(tmp_path, {"kept": {"min": 2}, "gain": {"max": 5}}), tmp_path / "runs")
    with pytest.raises(NoUsableTrial, match="no report fulfils what the sweep requires: 2 <= kept and gain <= 5"):
        best_of(folder)


def test_searcher_and_scheduler_see_the_worst_value_so_far(tmp_path: Path) -> None:
    told = Told(sweep(tmp_path, {"kept": {"min": 0.5}}))
    seen = []

    class Scheduler:
        def report(self, trial: str, report: int, score: float) -> None:
            seen.append(score)

    told.scheduler = Scheduler()  # type: ignore[assignment]
    for report, (gain, kept) in enumerate([(3.0, 0.9), (9.0, 0.1), (2.0, 0.8), (8.0, 0.2), (1.0, 0.0)], start=1):
        told._tell_report("t0001", report, {"metrics": {"gain": gain, "kept": kept}})
    assert seen == [3.0, 3.0, 2.0, 2.0, 1.0]


@pytest.mark.parametrize(
    ("require", "said"),
    [
        ({"kept": {"least": 1}}, r"metric\.require\.kept\.least: unknown key"),
        ({"kept": {}}, r"metric\.require\.kept: expected min, max or both"),
        ({"kept": 0.5}, r"metric\.require\.kept: expected bounds, got 0.5; write kept: .min"),
        (["kept"], r"metric\.require: expected bounds by metric"),
        ({"kept": {"min": "x"}}, r"metric\.require\.kept: .*number"),
    ],
)
def test_bounds_that_are_none_are_refused(tmp_path: Path, require: object, said: str) -> None:
    with pytest.raises(InputError, match=said):
        sweep(tmp_path, require)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("acuracy", r"metric\.require\.acuracy: .*did you mean accuracy"),
        ("retain_accuracy", r"metric\.require\.retain_accuracy: is of rows that are not there"),
    ],
)
def test_a_metric_that_the_task_does_not_report_is_refused(name: str, said: str) -> None:
    mapping: Mapping[str, Any] = {
        "name": "digits",
        "trainer": {
            "task": "classification",
            "model": "sweeps.recipes.digits_model:mlp",
            "data": {"sklearn": "digits"},
        },
        "metric": {"name": "accuracy", "require": {name: {"min": 0.5}}},
        "parameters": {"learning_rate": [0.001, 0.01]},
    }
    with pytest.raises(InputError, match=said):
        from_mapping(mapping, base=Path.cwd())
