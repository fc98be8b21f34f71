"""What the guide to early stopping shows is what there is."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from sweeps.config.early_stopping import MODES, SETTINGS, EarlyStopping
from sweeps.config.places import Places
from sweeps.config.sections import read_early_stopping
from sweeps.schedule import make_scheduler
from sweeps.schedule.asha import DEAREST_RESUME
from sweeps.schedule.hyperband import HyperbandScheduler

GUIDE = (Path(__file__).parents[2] / "docs" / "early_stopping.md").read_text(encoding="utf-8")


def shown() -> dict[str, EarlyStopping]:
    """The example of each section that is called like a scheduler."""
    sections = re.findall(r"^## (\w+)\n\n```yaml\n(.*?)```", GUIDE, re.MULTILINE | re.DOTALL)
    return {
        name: read_early_stopping(yaml.safe_load(text)["early_stopping"], Places("guide")) for name, text in sections
    }


def test_each_scheduler_has_a_section_with_an_example_that_is_read() -> None:
    examples = shown()
    assert sorted(examples) == sorted(SETTINGS)
    for name, stopping in examples.items():
        assert stopping.scheduler == name
        assert stopping.population or make_scheduler(name, **stopping.settings).name == name


def test_the_examples_show_every_setting() -> None:
    blocks = dict(re.findall(r"^## (\w+)\n\n```yaml\n(.*?)```", GUIDE, re.MULTILINE | re.DOTALL))
    for name, settings in SETTINGS.items():
        assert all(f"{setting}:" in blocks[name] for setting in settings), name


def test_the_table_modes_and_numbers_are_those_of_the_code() -> None:
    assert re.findall(r"^\| `(\w+)` \|", GUIDE, re.MULTILINE) == list(SETTINGS)
    assert sorted(re.findall(r"^- `(\w+)` (?:stops|pauses|is promotion)", GUIDE, re.MULTILINE)) == sorted(MODES)
    assert f"costs at most {DEAREST_RESUME:g} report interval" in GUIDE
    assert " : ".join(map(str, HyperbandScheduler(reports=27).shares)) in GUIDE
