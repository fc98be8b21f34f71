"""The resolved configuration that a sweep's folder keeps, and reading it back unchanged."""

from __future__ import annotations

import hashlib
import json
import shutil
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
NEXT_FILE = "sweep.next.yaml"  # of an extension that is being begun


def write_config(folder: Path, config: SweepConfig, file: str = SWEEP_FILE) -> None:
    """Write the configuration as run, under a heading that says what it was made with."""
    heading = [f"# {name} {version}" for name, version in versions().items()]
    heading.append(f"# Python {sys.version.split()[0]}")
    if (state := git_state(config.base)) is not None:
        heading.append(f"# git {state}")
    _write(folder, config, file, heading)


def rewrite_config(folder: Path, config: SweepConfig) -> None:
    """Write a configuration that differs in its trackers alone: the heading says still what it was begun with."""
    lines = (folder / SWEEP_FILE).read_text(encoding="utf-8").splitlines()
    _write(folder, config, SWEEP_FILE, [line for line in lines if line.startswith("#")])


def _write(folder: Path, config: SweepConfig, file: str, heading: Sequence[str]) -> None:
    mapping = config.to_mapping()
    # Earlier sweeps are long: a line for each trial, after all that people read.
    past = {"past": mapping.pop("past")} if "past" in mapping else {}
    body = yaml.safe_dump(mapping, sort_keys=False, allow_unicode=True)
    if past:
        body += yaml.safe_dump(past, sort_keys=False, allow_unicode=True, default_flow_style=None, width=10_000)
    temporary = folder / f".{file}.new"
    temporary.write_text("\n".join([*heading, body]), encoding="utf-8")
    temporary.replace(folder / file)


def read_config(folder: Path, events: Sequence[Event] | None = None, generation: int | None = None) -> SweepConfig:
    """A configuration of the sweep in ``folder``: the one that its next trial gets, or that of a ``generation``.

    Args:
        folder: the sweep's.
        events: its ledger, if that was read already.
        generation: from 1, the configuration that it was begun with; each extension is one more.

    Raises:
        InputError: there is no sweep, it never began, or its file was edited since.
    """
    return read_resolved(folder, sweep_file(folder, events, generation).name)


def sweep_file(folder: Path, events: Sequence[Event] | None = None, generation: int | None = None) -> Path:
    """The file that `read_config` reads.

    Raises:
        InputError: as there.
    """
    digests = _digests(read_events(folder)[0] if events is None else events)
    if not digests:
        raise InputError("the sweep never began", where=str(folder), mend="run it again")
    last = generation is None or generation == len(digests)
    wanted = digests[-1] if generation is None else digests[generation - 1]
    usual = folder / (SWEEP_FILE if last else earlier_file(generation or 1))
    if not usual.exists() and last:
        read_resolved(folder)  # complains that it is not there
    # Between the event of an extension and the new file's name, a kill leaves both files one name behind.
    for path in (usual, folder / (NEXT_FILE if last else SWEEP_FILE)):
        if path.exists() and digest(read_resolved(folder, path.name)) == wanted:
            return path
    if not usual.exists():
        mend = "put it back: trials of before the extension are described by it"
        raise InputError("is not there", where=str(usual), mend=mend)
    raise InputError(
        "this file was changed since the sweep began, so earlier and later trials would not compare",
        where=str(usual),
        mend="undo the change, extend the sweep by it (`sweeps extend`), or run it as a new sweep",
    )


def earlier_file(generation: int) -> str:
    """The name of an earlier generation's file, which is kept."""
    return f"sweep.{generation}.yaml"


def finish_switch(folder: Path, events: Sequence[Event]) -> None:
    """Give the files of an extension the names that they are to have, wherever that was broken off.

    `NEXT_FILE` is written first, then the ledger's line, and then this is called; also by every later driver, before it
    does anything. Without the line, there was no extension, and the file goes.
    """
    following = folder / NEXT_FILE
    if not following.exists():
        return
    digests = _digests(events)
    if digest(read_resolved(folder, NEXT_FILE)) != digests[-1]:
        following.unlink()
        return
    before = folder / earlier_file(len(digests) - 1)
    if not before.exists():
        temporary = folder / f".{before.name}.new"
        shutil.copyfile(folder / SWEEP_FILE, temporary)
        temporary.replace(before)
    following.replace(folder / SWEEP_FILE)


def _digests(events: Sequence[Event]) -> list[str]:
    """Those of all generations' configurations, as the ledger has them."""
    starts = [event for event in events if event["event"] == "sweep"]
    return [event["digest"] for at, event in enumerate(starts) if at == 0 or event.get("extension")]


def digest(config: SweepConfig) -> str:
    """A short name for the whole configuration, but for its trackers: who hears of a sweep may change."""
    mapping = {key: value for key, value in config.to_mapping().items() if key != "trackers"}
    text = json.dumps(mapping, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
