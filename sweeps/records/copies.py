"""Checkpoints that other trials begin from: kept under a second name until they have, and laid before those that do."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterable
from pathlib import Path

from sweeps.own_checkpoints import link_or_copy
from trainer.errors import ResumeError
from trainer.manifest import COPIED_FROM, MANIFEST, folder_name, numbered, verify, write_manifest

logger = logging.getLogger(__name__)

Source = tuple[str, int]  # trial, report

_PINNED = "pinned"


class Pins:
    """Keeps checkpoints while something may still begin from them, whatever their own trial does with its own.

    A trial that trains drops its older checkpoints by itself, so a kept one gets a second name beside them. Its files
    are shared, not copied, where the disk can do that.

    Args:
        folder: the sweep's. What an earlier driver had pinned there is known.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        found = ((path.parent.name, path) for path in folder.glob(f"trials/*/{_PINNED}"))
        self._held = {(trial, number) for trial, path in found for number in numbered(path)}
        self._missed: set[Source] = set()

    def hold(self, wanted: Iterable[Source]) -> None:
        """Keep these and let go of all others. One that cannot be kept is logged: whoever needs it will say so."""
        wanted = set(wanted)
        for source in self._held - wanted:
            shutil.rmtree(_pin(self._folder, source), ignore_errors=True)
        self._held &= wanted
        self._missed &= wanted
        for source in sorted(wanted - self._held - self._missed):
            try:
                _clone(_checkpoint(self._folder, source), _pin(self._folder, source))
                self._held.add(source)
            except OSError as error:
                self._missed.add(source)
                logger.warning("the checkpoint of %s at report %d cannot be kept: %s", *source, error)

    def lay(self, source: Source, trial: str) -> None:
        """Put the checkpoint ``source`` where ``trial`` finds it when it begins, unless it has one already.

        Its manifest says where it is from. The folder appears whole or not at all.

        Raises:
            ResumeError: the checkpoint is gone or damaged.
            OSError: the disk is full or read-only.
        """
        checkpoints = self._folder / "trials" / trial / "checkpoints"
        if numbered(checkpoints):
            return
        pin = _pin(self._folder, source)
        found = pin if pin.is_dir() else _checkpoint(self._folder, source)
        if not found.is_dir():
            raise ResumeError(f"the checkpoint of {source[0]} at report {source[1]} is gone: {found} is not there")
        facts = verify(found)
        origin = {"trial": source[0], "report": source[1]}
        _clone(found, checkpoints / folder_name(source[1]), {**facts, COPIED_FROM: origin})


def _pin(folder: Path, source: Source) -> Path:
    return folder / "trials" / source[0] / _PINNED / folder_name(source[1])


def _checkpoint(folder: Path, source: Source) -> Path:
    return folder / "trials" / source[0] / "checkpoints" / folder_name(source[1])


def _clone(source: Path, target: Path, facts: dict[str, object] | None = None) -> None:
    """The same files under another name, with ``facts`` of their own in the manifest where any are given."""
    partial = target.with_name(f".{target.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        shutil.copytree(source, partial, copy_function=link_or_copy)
        if facts is not None:
            (partial / MANIFEST).unlink()
            write_manifest(partial, facts)
        partial.replace(target)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
