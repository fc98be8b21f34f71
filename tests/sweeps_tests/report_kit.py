"""Sweeps of all kinds to report on, recorded by the real study without Ray."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sweeps.config import SweepConfig
from sweeps.records.record import Reason, State
from sweeps.records.sweep_file import write_config
from sweeps.schedule import Decision
from sweeps.study import Study
from sweeps.take_home.report import read_sources
from sweeps.views.report.data import ReportData, report_data
from tests.sweeps_tests.study_kit import begin, run, sweep_config

ASHA = {"scheduler": "asha", "grace": 1, "reduction_factor": 2}
Value = Callable[[dict[str, Any], int], float | None]


def recorded(folder: Path, **settings: Any) -> Path:
    """A whole sweep of `study_kit`'s."""
    config, folder = _config(folder, settings)
    run(config, folder, slots=2)
    return folder


def told(
    folder: Path, value: Value, *, reports: int = 4, end: bool = True, most: int | None = None, **settings: Any
) -> Path:
    """A sweep whose trials have the values that ``value`` gives, one after another; one without a value fails there.

    Args:
        value: of the parameters and the number of the report.
        reports: of a whole training.
        end: whether it comes to its end, or its driver is still at work.
        most: so many reports in all.
    """
    config, folder = _config(folder, settings)
    study, ledger = begin(config, folder)
    with ledger:
        left = [most]
        while left[0] != 0 and (given := study.start()) is not None:
            _train(study, ledger, given.trial, dict(given.settings), value, reports, left)
        if end:
            study.close()
            study.write("sweep_end", state="finished")
    return folder


def understood(folder: Path) -> ReportData:
    return report_data(read_sources(folder))


def _config(folder: Path, settings: dict[str, Any]) -> tuple[SweepConfig, Path]:
    folder.mkdir(parents=True, exist_ok=True)
    config = sweep_config(folder, **settings)
    place = folder / "toy"
    place.mkdir()
    write_config(place, config)
    return config, place


def _train(
    study: Study, ledger: Any, trial: str, params: dict[str, Any], value: Value, reports: int, left: list[int | None]
) -> None:
    reached = next(one.reached for one in study.record.trials if one.id == trial)
    for number in range(reached + 1, reports + 1):
        if left[0] == 0:
            return
        found = value(params, number)
        if found is None:
            study.ended(trial, State.FAILED, Reason("error", "ValueError: <b>no</b> luck | at all"))
            return
        left[0] = None if left[0] is None else left[0] - 1
        study._clock.now += 2.5  # seconds, of which training takes two
        ledger._clock.now = study._clock.now
        message = {
            "number": number,
            "step": number,
            "metrics": {"score": found, "loss": 1 - found},
            "train_seconds": 2.0 * number,
            "progress": number / reports,
            "trainable": 1000 * int(params.get("k", 1)),
        }
        if study.report(trial, message) is not Decision.CONTINUE:
            return
    study.ended(trial, State.FINISHED, Reason("completed"))
