"""How many reports a training has, told from the sweep file, and the brackets that are laid out by it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sweeps.config import SweepConfig, from_mapping
from sweeps.config.length import most_reports
from sweeps.errors import InputError
from sweeps.schedule import make_scheduler
from tests.sweeps_tests.sweep_texts import DEMO
from trainer.config import TrainConfig
from trainer.plan import Plan


def hyperband(parameters: dict[str, Any] | None = None, **settings: Any) -> SweepConfig:
    """Under brackets, with these settings of the trainer."""
    searched = {**DEMO["parameters"], **(parameters or {})}
    content = {**DEMO, "trainer": {**DEMO["trainer"], **settings}, "parameters": searched}
    return from_mapping({**content, "early_stopping": "hyperband"}, base=Path(), outside=False)


@pytest.mark.parametrize("epochs", [0.5, 1, 2.5, 3, 16])
@pytest.mark.parametrize("every", [0.1, 0.3, 0.7, 1, 2, 20, {"fraction": 0.1}, {"fraction": 0.3}, {"fraction": 1.0}])
def test_the_file_tells_as_many_reports_as_the_training_makes(epochs: float, every: Any) -> None:
    config = hyperband(epochs=epochs, report_every=every)
    assert isinstance(config.trainer, TrainConfig)
    made = len(Plan.of(config.trainer, rows=6_400).report_steps())
    assert most_reports(config.trainer, config.space) == made
    assert config.scheduling["reports"] == made


@pytest.mark.parametrize("epochs", [{"values": [4, 8, 2]}, {"min": 2, "max": 8}, {"value": 8}])
def test_where_epochs_are_searched_the_longest_training_counts(epochs: dict[str, Any]) -> None:
    assert hyperband({"epochs": epochs}, report_every=0.5).scheduling["reports"] == 16


def test_brackets_are_laid_out_by_it() -> None:
    config = hyperband(epochs=9)
    given = make_scheduler("hyperband", reports=9)
    assert make_scheduler("hyperband", **config.scheduling).shares == given.shares  # type: ignore[attr-defined]
    assert "reports" not in config.to_mapping()["early_stopping"]


def test_what_the_file_says_goes_before_what_is_known() -> None:
    content = {**DEMO, "early_stopping": {"scheduler": "hyperband", "reports": 27}}
    assert from_mapping(content, base=Path(), outside=False).scheduling["reports"] == 27


def test_a_function_says_its_reports_once() -> None:
    own = {"name": "own", "trainer": {"function": "m:f"}, "metric": {"name": "score", "goal": "maximize"}, "trials": 3}
    own |= {"parameters": {"depth": [1, 2]}, "early_stopping": "hyperband"}
    assert from_mapping({**own, "reports": 12}, base=Path(), outside=False).scheduling["reports"] == 12
    with pytest.raises(InputError, match=r"early_stopping.reports.*not known here.*give the number"):
        from_mapping(own, base=Path(), outside=False)


def test_report_points_in_steps_leave_it_unknown() -> None:
    with pytest.raises(InputError, match=r"early_stopping.reports.*not known here.*give the number"):
        hyperband(report_every={"steps": 5})
