"""Sweeps that are ready to run: the YAML files beside this one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Recipe:
    """A ready sweep; ``description`` is the first comment of its file."""

    name: str
    description: str
    path: Path


def recipes() -> list[Recipe]:
    """Every recipe, by name."""
    files = sorted(path for path in FOLDER.glob("*.yaml") if not path.name.startswith("_"))
    return [Recipe(path.stem, _first_comment(path), path) for path in files]


def find_recipe(name: str) -> Recipe | None:
    """The recipe of that name, if there is one."""
    return next((recipe for recipe in recipes() if recipe.name == name), None)


def _first_comment(path: Path) -> str:
    with path.open(encoding="utf-8") as file:
        return file.readline().lstrip("#").strip()
