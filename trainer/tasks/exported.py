"""``sweepwright.json``: what prediction needs to know of a model folder beside the model itself."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trainer.errors import ConfigError

if TYPE_CHECKING:
    from trainer.tasks.base import Prepared, Task

FILE = "sweepwright.json"
FORMAT = 1


def write(out: Path, task: Task, columns: Mapping[str, Any], **facts: Any) -> None:
    """Write it, last of all files. ``columns`` are the names of the columns trained on; ``facts`` the task's own."""
    write_json(out / FILE, {"format": FORMAT, "task": task.name, **facts, "columns": dict(columns)})


def write_labelled(out: Path, task: Task, prepared: Prepared, columns: Mapping[str, Any]) -> None:
    """As ``write``, with the classes, and with how rows were cleaned."""
    meta = prepared.meta
    write(
        out,
        task,
        columns,
        label_names=prepared.label_names,
        label_kind=meta["label_kind"],
        clean=meta.get("clean", ()),
        missing=meta.get("missing", "error"),
        several=meta.get("several", False),
        label_separator=meta.get("label_separator"),
    )


def chosen_columns(trained: Mapping[str, str], asked: Mapping[str, str | None]) -> dict[str, str]:
    """The columns trained on, by role, with those ``asked`` for instead.

    Raises:
        ConfigError: a role that there was no column for.
    """
    for role, name in asked.items():
        if name is not None and role not in trained:
            raise ConfigError(role, "this model was trained without such a column")
    return {**trained, **{role: name for role, name in asked.items() if name is not None}}


def read(folder: Path) -> dict[str, Any]:
    """What ``write`` wrote.

    Raises:
        ConfigError: no such folder, none of ours, damaged, or from a newer version.
    """
    if not folder.is_dir():
        raise ConfigError("folder", f"there is no model folder {folder}")
    facts = read_json(folder / FILE)
    if facts.get("format") != FORMAT:
        raise ConfigError("folder", f"{folder / FILE} has format {facts.get('format')!r}, this version reads {FORMAT}")
    return facts


def write_json(file: Path, facts: Mapping[str, Any]) -> None:
    """Indented, so that people can read it."""
    file.write_text(json.dumps(facts, indent=2, ensure_ascii=False) + "\n", "utf-8")


def read_json(file: Path) -> dict[str, Any]:
    """An object from a file of an export.

    Raises:
        ConfigError: it is missing or damaged.
    """
    try:
        facts = json.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        raise ConfigError(
            "folder",
            f"{file} is not there",
            "what a training function of your own has saved is loaded by your own code",
        ) from None
    except (OSError, ValueError) as error:
        raise ConfigError("folder", f"{file} cannot be read: {error}") from None
    if not isinstance(facts, dict):
        raise ConfigError("folder", f"{file} holds no object")
    return facts
