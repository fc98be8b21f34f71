"""First points that presets bring along, with their sources."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from search_spaces import preset, preset_names, preset_points
from sweeps.config import SweepConfig, from_mapping


def preset_sweep(tmp_path: Path, **settings: Any) -> SweepConfig:
    content = {
        "name": "toy",
        "trainer": {"function": "toy:train"},
        "metric": {"name": "score", "goal": "maximize"},
        "preset": "encoder-finetuning",
        "trials": 20,
        **settings,
    }
    return from_mapping(content, base=tmp_path, outside=False)


def test_points_of_a_preset_come_after_ones_own_and_are_complete(tmp_path: Path) -> None:
    own = {"learning_rate": 1e-4}
    points = preset_sweep(tmp_path, points=[own]).points
    assert [(p["learning_rate"], p["batch_size"]) for p in points[1:4]] == [(3e-5, 32), (5e-5, 16), (2e-5, 16)]
    assert points[0]["learning_rate"] == 1e-4
    assert all(preset("encoder-finetuning").contains(point) for point in points)
    assert len(points) == 7


def test_they_take_at_most_half_of_the_trials(tmp_path: Path) -> None:
    assert len(preset_sweep(tmp_path, trials=7).points) == 3


@pytest.mark.parametrize("settings", [{"points": []}, {"method": "random"}, {"method": "sobol"}])
def test_who_wants_none_gets_none(tmp_path: Path, settings: dict[str, Any]) -> None:
    assert preset_sweep(tmp_path, **settings).points == ()


def test_what_the_sweep_has_ruled_out_is_left_out(tmp_path: Path) -> None:
    points = preset_sweep(tmp_path, parameters={"batch_size": [32, 64], "warmup": None}).points
    assert [(point["learning_rate"], point["batch_size"]) for point in points] == [(3e-5, 32), (5e-5, 32), (2e-5, 32)]
    assert all("warmup" not in point for point in points)


def test_a_resolved_sweep_has_them_once(tmp_path: Path) -> None:
    made = preset_sweep(tmp_path)
    assert from_mapping(made.to_mapping(), base=tmp_path, outside=False) == made


@pytest.mark.parametrize("name", preset_names())
def test_every_point_of_a_preset_lies_in_it(name: str) -> None:
    space = preset(name)
    points = preset_points(name)
    assert points
    assert all(space.contains(space.complete(point)) for point in points)
