"""The resolved configuration that a sweep's folder keeps, and reading it back unchanged."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import yaml

from sweeps.config import SweepConfig
from sweeps.config import read_config as read_resolved
from sweeps.errors import InputError
from sweeps.records.events import Event
from sweeps.records.ledger import read_events
from sweeps.records.provenance import git_state, versions

SWEEP_FILE = "sweep.yaml"


def write_config(folder: Path, config: SweepConfig) -> None:
    """Write the configuration as run, under a heading that says what it was made with."""
    heading = [f"# {name} {version}" for name, version in versions().items()]
    heading.append(f"# Python {sys.version.split()[0]}")
    if (state := git_state(config.base)) is not None:
        heading.append(f"# git {state}")
    body = yaml.safe_dump(config.to_mapping(), sort_keys=False, allow_unicode=True)
    temporary = folder / f".{SWEEP_FILE}.new"
    temporary.write_text("\n".join([*heading, body]), encoding="utf-8")
    temporary.replace(folder / SWEEP_FILE)


def read_config(folder: Path, events: Sequence[Event] | None = None) -> SweepConfig:
    """The configuration that the sweep in ``folder`` was begun with.

    Args:
        folder: the sweep's.
        events: its ledger, if that was read already.

    Raises:
        InputError: there is no sweep, it never began, or its file was edited since.
    """
    past = read_events(folder)[0] if events is None else events
    first = next((event for event in past if event["event"] == "sweep"), None)
    if first is None:
        raise InputError("the sweep never began", where=str(folder), mend="run it again")
    config = read_resolved(folder)
    if digest(config) != first["digest"]:
        raise InputError(
            "this file was changed since the sweep began, so earlier and later trials would not compare",
            where=str(folder / SWEEP_FILE),
            mend="undo the change, or run it as a new sweep",
        )
    return config


def digest(config: SweepConfig) -> str:
    """A short name for the whole configuration."""
    text = json.dumps(config.to_mapping(), sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
