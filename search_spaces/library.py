"""Spaces that people reuse, by name: the files in ``presets/``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from search_spaces.errors import SpaceError, suggest
from search_spaces.loader import load_space
from search_spaces.space import SearchSpace

FOLDER = Path(__file__).parent / "presets"


def preset_names() -> tuple[str, ...]:
    """The names that ``preset`` knows, sorted."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.yaml")))


def preset(name: str) -> SearchSpace:
    """The search space called ``name``.

    Raises:
        SpaceError: there is none of that name.
    """
    return load_space(_read(name)["parameters"])


def preset_points(name: str) -> list[dict[str, Any]]:
    """Configurations of the space ``name`` that papers found good, best known first; a point may leave parameters out.

    Their sources stand in the preset's file.

    Raises:
        SpaceError: as `preset`.
    """
    return [dict(point) for point in _read(name).get("points", ())]


def _read(name: str) -> dict[str, Any]:
    if name not in preset_names():
        raise SpaceError("preset", f"unknown preset {name!r}", suggest(name, preset_names()))
    found: dict[str, Any] = yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))
    return found
