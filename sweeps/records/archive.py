"""What this machine remembers of finished sweeps: a small file each. No data, no weights."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sweeps.config.past import PastSweep, past_sweep
from sweeps.errors import InputError

logger = logging.getLogger(__name__)

ENVIRONMENT = "SWEEPWRIGHT_ARCHIVE"
MOST = 500  # sweeps; the oldest go
_VERSION = 1


@dataclass(frozen=True)
class Fingerprint:
    """By what sweeps are told to be of a like kind.

    Attributes:
        task: the trainer's task, or ``module:function`` of one's own.
        model: what its configuration says of the model: type and sizes, or a name.
        data: rows and classes of the training split, and a digest of what was prepared; empty where nobody knows.
    """

    task: str
    model: Mapping[str, Any] = field(default_factory=dict)
    data: Mapping[str, Any] = field(default_factory=dict)

    def to_mapping(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {"task": self.task, "model": dict(self.model), "data": dict(self.data)}


@dataclass(frozen=True)
class Remembered:
    """A finished sweep: what a later one can use, what it is like, what it cost, and when it ended (since 1970)."""

    sweep: PastSweep
    fingerprint: Fingerprint
    finished: float
    cost: Mapping[str, float] = field(default_factory=dict)


def archive_folder() -> Path | None:
    """Where the archive is; ``None`` where the environment says ``off``.

    ``SWEEPWRIGHT_ARCHIVE`` names a folder; else it is where the XDG base directory specification puts data of users.
    """
    given = os.environ.get(ENVIRONMENT, "")
    if given.lower() in {"off", "0", "no", "false"}:
        return None
    if given:
        return Path(given).expanduser()
    home = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(home).expanduser() / "sweepwright" / "archive"


class Archive:
    """The files of an archive.

    Args:
        folder: theirs; need not be there yet.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def remember(self, entry: Remembered) -> None:
        """Write a sweep down, in place of what was known of it.

        Raises:
            OSError: the disk does not let us.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        said = {
            "version": _VERSION,
            "sweep": entry.sweep.to_mapping(),
            "fingerprint": entry.fingerprint.to_mapping(),
            "finished": entry.finished,
            "cost": dict(entry.cost),
        }
        beside = self.folder / f".{entry.sweep.id}.{os.getpid()}"
        beside.write_text(json.dumps(said, ensure_ascii=False, allow_nan=False), encoding="utf-8")
        beside.replace(self._path(entry.sweep.id))
        for path in sorted(self._paths(), key=lambda path: path.stat().st_mtime)[:-MOST]:
            path.unlink(missing_ok=True)

    def forget(self, id: str) -> bool:
        """Delete what is known of the sweep ``id``; whether there was anything.

        Raises:
            OSError: the disk does not let us.
        """
        path = self._path(id)
        there = path in self._paths()
        path.unlink(missing_ok=True)
        return there

    def read(self) -> list[Remembered]:
        """All that is remembered, the latest first; what cannot be read is passed over, and logged."""
        found = [entry for path in self._paths() if (entry := _read(path)) is not None]
        return sorted(found, key=lambda entry: (-entry.finished, entry.sweep.id))

    def _paths(self) -> list[Path]:
        return list(self.folder.glob("[!.]*.json")) if self.folder.is_dir() else []

    def _path(self, id: str) -> Path:
        return self.folder / f"{Path(id).name}.json"


def _read(path: Path) -> Remembered | None:
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        if said["version"] != _VERSION:
            return None
        return Remembered(
            past_sweep(said["sweep"]), Fingerprint(**said["fingerprint"]), float(said["finished"]), said["cost"]
        )
    except (OSError, ValueError, KeyError, TypeError, InputError) as error:
        logger.warning("%s: passed over: %s", path, error)
        return None
