"""What is known of the model that a trial started from: name, origin and licence, as its folder says them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from sweeps.config.training_file import FILE


@dataclass(frozen=True)
class BaseModel:
    """A hub name, or a local folder and what its files say. Empty where they say nothing.

    Attributes:
        hub_name: the hub's name for it; empty for a folder, which nobody else can find.
        title: the name of a folder, as its card or else its path has it.
        made_from: the model that the folder's configuration says it was made from.
        licence: the licence that the folder's card states.
        exported: whether it is a model that a sweep of ours exported, and that was continued.
    """

    hub_name: str
    title: str
    made_from: str = ""
    licence: str = ""
    exported: bool = False

    @property
    def sentence(self) -> str:
        """What it is, for a model card."""
        if self.hub_name:
            return f"Fine-tuned from [`{self.hub_name}`](https://huggingface.co/{self.hub_name})."
        if self.exported:
            origin = f", which was made from `{self.made_from}` as its card says" if self.made_from else ""
            return f"Continued from `{self.title}`, an exported model{origin}."
        origin = f", made from `{self.made_from}` as its configuration says" if self.made_from else ""
        return f"Fine-tuned from `{self.title}`, a local folder{origin}."


def base_model(name: str) -> BaseModel:
    """The model that ``model: name`` means, by local files only: a missing or damaged file says nothing."""
    folder = Path(name)
    if not folder.is_dir():
        # A path that is gone since is no name of the hub's.
        return BaseModel("", folder.name) if folder.is_absolute() else BaseModel(name, name)
    heading, title = _card(folder)
    exported = any((folder / name).is_file() for name in (FILE, "sweepwright.json"))
    made_from = heading.get("base_model", "") if exported else ""
    made_from = made_from or _json(folder / "config.json").get("_name_or_path", "")
    # Some configurations have the folder of whoever saved them there.
    made_from = made_from if isinstance(made_from, str) and not Path(made_from).is_absolute() else ""
    licence = heading.get("license", "")
    licence = licence if isinstance(licence, str) else ""
    return BaseModel("", title or folder.name, made_from, licence, exported)


def _card(folder: Path) -> tuple[Mapping[str, Any], str]:
    try:
        text = (folder / "README.md").read_text("utf-8")
    except (OSError, ValueError):
        return {}, ""
    heading: object = None
    body = text
    if text.startswith("---\n"):
        front, _, body = text[4:].partition("\n---")
        try:
            heading = yaml.safe_load(front)
        except yaml.YAMLError:
            heading = None
    titles = [line[2:].strip() for line in body.splitlines() if line.startswith("# ")]
    return heading if isinstance(heading, dict) else {}, titles[0] if titles else ""


def _json(file: Path) -> Mapping[str, Any]:
    try:
        facts = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return facts if isinstance(facts, dict) else {}
