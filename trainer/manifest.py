"""The manifest that makes a checkpoint exist: its facts, and size and sha256 of each of its files.

It is written last, so a folder without one is no checkpoint. Needs no torch: the driver reads it too.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from pathlib import Path, PurePosixPath
from typing import Any

from trainer.errors import ResumeError

MANIFEST = "manifest.json"
COPIED_FROM = "copied_from"
"""A fact of a checkpoint that is the beginning of a run and was made by another one: nothing in it is the run's own."""
_NAME = re.compile(r"r(\d{4,})")


def folder_name(number: int) -> str:
    """The name of a report's checkpoint: ``r0001`` for the first."""
    return f"r{number:04d}"


def write_manifest(folder: Path, facts: dict[str, Any], *, durable: bool = False) -> None:
    """Seal a folder: list every file in it, and put the manifest in place in one move.

    Args:
        folder: holds the finished files.
        facts: small JSON values to keep beside the sums.
        durable: wait until the files are on the disk. Without it a power cut may lose or tear what was written in
            the last seconds; the sums tell, and the checkpoint before is used. An ended process loses nothing.
    """
    files = {
        path.relative_to(folder).as_posix(): _sums(path, durable)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path != folder / MANIFEST
    }
    beside = folder / f".{MANIFEST}"
    with beside.open("w", encoding="utf-8") as file:
        json.dump({"facts": facts, "files": files}, file, indent=1, allow_nan=False)
        if durable:
            file.flush()
            os.fsync(file.fileno())
    beside.replace(folder / MANIFEST)


def is_complete(folder: Path) -> bool:
    """Whether the manifest is there; says nothing about damage since."""
    return (folder / MANIFEST).is_file()


def verify(folder: Path) -> dict[str, Any]:
    """The facts of a folder whose files are all as they were written.

    Raises:
        ResumeError: no manifest, or the name of the file that is missing or damaged.
    """
    path = folder / MANIFEST
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        facts: dict[str, Any] = dict(manifest["facts"])
        files = {str(name): (int(sums["bytes"]), str(sums["sha256"])) for name, sums in manifest["files"].items()}
    except FileNotFoundError:
        raise ResumeError(f"{folder}: incomplete, it has no {MANIFEST}") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ResumeError(f"{path}: damaged ({error})") from error
    for name, (size, digest) in files.items():
        inner = PurePosixPath(name)
        if inner.is_absolute() or ".." in inner.parts:
            raise ResumeError(f"{path}: damaged (lists {name!r}, which lies outside)")
        try:
            found = _sums(folder / inner)
        except OSError as error:
            raise ResumeError(f"{folder / inner}: missing or unreadable ({error.strerror})") from error
        if found["bytes"] != size:
            raise ResumeError(f"{folder / inner}: damaged, {found['bytes']} bytes instead of {size}")
        if found["sha256"] != digest:
            raise ResumeError(f"{folder / inner}: damaged, its sha256 is not the one in {MANIFEST}")
    return facts


def numbered(checkpoints: Path) -> dict[int, Path]:
    """Checkpoint folders by report number, ascending, complete or not; empty where there is no such folder."""
    if not checkpoints.is_dir():
        return {}
    found = {int(match[1]): path for path in checkpoints.iterdir() if (match := _NAME.fullmatch(path.name))}
    return dict(sorted(found.items()))


def latest_valid(checkpoints: Path, at_most: int | None = None) -> tuple[Path | None, list[ResumeError]]:
    """The newest undamaged checkpoint by report number, never by the clock, and why newer ones were passed over.

    Args:
        checkpoints: the folder that holds ``r0001``, ``r0002``, ...
        at_most: look no further than this report.

    Returns:
        The checkpoint's folder, ``None`` where none is whole, and one error for each that was skipped, newest first.
    """
    skipped: list[ResumeError] = []
    for number, path in reversed(numbered(checkpoints).items()):
        if at_most is not None and number > at_most:
            continue
        try:
            verify(path)
        except ResumeError as error:
            skipped.append(error)
        else:
            return path, skipped
    return None, skipped


def _sums(path: Path, durable: bool = False) -> dict[str, Any]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        if durable:
            os.fsync(file.fileno())
        return {"bytes": path.stat().st_size, "sha256": digest}
