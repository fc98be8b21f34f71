"""What people ask of a sweep while it runs: a small file for each, in the sweep's folder, until its driver takes it up.

Any machine that sees the folder can write one. The driver's ledger says what became of it, and then the file goes.
"""

from __future__ import annotations

import contextlib
import getpass
import json
import secrets
import socket
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from sweeps.errors import InputError
from sweeps.records.events import Event

FOLDER = "commands"


class Kind(StrEnum):
    """What can be asked."""

    STOP = "stop"  # the sweep or one of its trials, now
    FINISH = "finish"  # no more new trials: the best are trained to their ends
    ADD = "add"
    CLONE = "clone"
    EXTEND = "extend"


@dataclass(frozen=True)
class Command:
    """One request.

    Attributes:
        kind: what is asked.
        trial: about which trial, if about one.
        values: ``add`` and ``clone``: parameters; ``extend``: changes, by dotted keys.
        warm: ``clone`` from the trial's checkpoint.
        now: ``extend`` without waiting for the trials there are.
        by: who asks, as ``user@host``.
        id: sorts by the time of asking.
    """

    kind: Kind
    trial: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    warm: bool = False
    now: bool = False
    by: str = ""
    id: str = ""

    @property
    def text(self) -> str:
        """What is asked, in words, and by whom."""
        given = self.values.get("changes") or self.values.get("settings") or self.values
        values = given if isinstance(given, list) else [f"{name}={value}" for name, value in given.items()]
        parts = [str(self.kind), self.trial, *map(str, values), "--warm" * self.warm, "--now" * self.now]
        return f"{' '.join(filter(None, parts))}, asked for by {self.by}"


@dataclass(frozen=True)
class Broken:
    """A file that is no command, and why."""

    id: str
    text: str


def submit(folder: Path, command: Command) -> Command:
    """Write ``command`` into the sweep's folder, whole or not at all; the same with its id and who asks.

    Raises:
        InputError: the folder cannot be written, or a value is nothing that JSON knows.
    """
    asked = Command(**{**asdict(command), "by": command.by or _me(), "id": _new_id()})
    path = _file(folder, asked.id)
    try:
        text = json.dumps(asdict(asked), allow_nan=False)
        path.parent.mkdir(exist_ok=True)
        partial = path.with_suffix(".new")
        partial.write_text(text, encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        raise InputError(f"cannot be written: {error.strerror}", where=str(path.parent)) from None
    except (TypeError, ValueError) as error:
        raise InputError(f"cannot be asked of a sweep: {error}", where="command line") from None
    return asked


def waiting(folder: Path) -> list[Command | Broken]:
    """What has been asked and not been taken up, in order."""
    try:
        names = sorted(path for path in (folder / FOLDER).iterdir() if path.suffix == ".json")
    except OSError:
        return []
    found: list[Command | Broken] = []
    for path in names:
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            found.append(Command(**{**data, "kind": Kind(data["kind"]), "id": path.stem}))
        except FileNotFoundError:
            continue  # taken back meanwhile
        except (OSError, ValueError, TypeError, KeyError) as error:
            found.append(Broken(path.stem, f"{path.name} is no command: {error}"))
    return found


def taken_up(folder: Path, id: str) -> None:
    """The ledger says what became of command ``id``: its file goes."""
    with contextlib.suppress(OSError):
        _file(folder, id).unlink(missing_ok=True)


def answer(events: list[Event], id: str) -> Event | None:
    """The ledger's line about command ``id``; ``None`` before there is one."""
    return next((event for event in events if event["event"] == "command" and event["id"] == id), None)


def _file(folder: Path, id: str) -> Path:
    return folder / FOLDER / f"{id}.json"


def _new_id() -> str:
    return f"{time.time_ns():020d}-{secrets.token_hex(3)}"


def _me() -> str:
    try:
        user = getpass.getuser()
    except (OSError, KeyError):  # a container without an entry for its user
        user = "somebody"
    return f"{user}@{socket.gethostname()}"
