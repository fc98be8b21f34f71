"""Spaces that people reuse, by name: the files in ``presets/``."""

from __future__ import annotations

from pathlib import Path

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
    if name not in preset_names():
        raise SpaceError("preset", f"unknown preset {name!r}", suggest(name, preset_names()))
    text = (FOLDER / f"{name}.yaml").read_text(encoding="utf-8")
    return load_space(yaml.safe_load(text)["parameters"])
