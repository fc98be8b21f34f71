"""What the README shows is what there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from search_spaces.library import preset_names
from sweeps.config import from_mapping
from sweeps.recipes import find_recipe, recipes
from trainer.metrics import CLASSIFICATION_GOALS

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
REFERENCE = (ROOT / "docs" / "sweep-file.md").read_text(encoding="utf-8")


def test_readme_prints_the_digits_recipe_whole():
    assert find_recipe("digits").path.read_text(encoding="utf-8").strip() in README


def test_every_sweep_file_in_the_readme_is_read_without_complaint(tmp_path):
    blocks = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
    assert len(blocks) == 2
    for block in blocks:
        from_mapping(yaml.safe_load(block.replace("1e-", "1.0e-")), base=tmp_path, where="README.md", outside=False)


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\(([^)#]+)\)", README))))
def test_every_link_of_the_readme_leads_somewhere(target):
    assert (ROOT / target).exists()


def test_readme_shows_every_line_that_a_trainer_script_changes():
    folder = ROOT / "docs" / "examples" / "trainer_script"
    before, after = ((folder / name).read_text(encoding="utf-8").splitlines() for name in ("before.py", "after.py"))
    assert all(f"+{line}" in README for line in after if line not in before)


@pytest.mark.parametrize("name", [*CLASSIFICATION_GOALS, *preset_names()])
def test_reference_names_every_metric_and_preset(name):
    assert f"`{name}`" in REFERENCE


@pytest.mark.parametrize("name", [recipe.name for recipe in recipes()])
def test_changelog_names_every_recipe(name):
    assert f"`{name}`" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
