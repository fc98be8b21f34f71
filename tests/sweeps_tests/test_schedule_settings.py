"""Which settings each scheduler has, and where the first rung lies."""

from __future__ import annotations

import math
from dataclasses import fields
from typing import Any

import pytest

from sweeps.config.early_stopping import POPULATION, SETTINGS, EarlyStopping, grace_after
from sweeps.config.places import Places
from sweeps.config.sections import read_early_stopping
from sweeps.errors import InputError
from sweeps.schedule import make_scheduler

EVERY: dict[str, Any] = {
    "grace": 2,
    "reduction_factor": 2.5,
    "min_trials": 7,
    "mode": "auto",
    "reports": 30,
    "patience": 4,
    "min_delta": 0.5,
    "perturbation_interval": 3,
    "quantile_fraction": 0.3,
    "resample_probability": 0.1,
    "perturbation_factors": [1.5, 0.5],
    "mutate": ["x"],
}


def read(data: object) -> EarlyStopping:
    return read_early_stopping(data, Places("sweep.yaml"))


@pytest.mark.parametrize("name", SETTINGS)
def test_a_sweep_file_takes_a_schedulers_own_settings_and_refuses_others(name: str) -> None:
    own = {"scheduler": name, **{setting: EVERY[setting] for setting in SETTINGS[name]}}
    assert read(own).to_mapping() == own
    for setting in EVERY.keys() - set(SETTINGS[name]):
        with pytest.raises(InputError, match=f"means nothing to {name}"):
            read({**own, setting: EVERY[setting]})


@pytest.mark.parametrize(
    ("theirs", "mend"),
    [("type", "write scheduler"), ("min_iter", "write grace"), ("eta", "write reduction_factor"), ("max_t", "epochs")],
)
def test_keys_of_other_tools_are_refused_with_ours(theirs: str, mend: str) -> None:
    with pytest.raises(InputError, match=rf"early_stopping\.{theirs}: unknown key.*{mend}"):
        read({theirs: 3})


@pytest.mark.parametrize("name", [name for name in SETTINGS if name not in POPULATION])
def test_what_a_sweep_file_says_makes_the_scheduler(name: str) -> None:
    required = {"reports": 30} if name == "hyperband" else {}
    stopping = read({"scheduler": name, **required})
    assert make_scheduler(stopping.scheduler, **stopping.settings).name == name


def test_the_table_and_the_record_name_the_same_settings() -> None:
    named = {setting for settings in SETTINGS.values() for setting in settings}
    assert named == {field.name for field in fields(EarlyStopping)} - {"scheduler"} == set(EVERY)


@pytest.mark.parametrize(
    ("warmup", "grace", "first"),
    [(0, 1, 1), (0, 4, 4), (0.2, 1, 1), (1, 1, 2), (2.0, 1, 3), (2.5, 1, 3), (2.5, 4, 4), (0.3 * 10 - 1e-12, 2, 4)],
)
def test_the_first_rung_comes_after_the_warm_up(warmup: float, grace: int, first: int) -> None:
    assert grace_after(warmup, grace) == first


@pytest.mark.parametrize("warmup", [-1, math.nan, math.inf])
def test_a_warm_up_that_is_none_is_refused(warmup: float) -> None:
    with pytest.raises(ValueError, match="warmup_reports"):
        grace_after(warmup, 1)
