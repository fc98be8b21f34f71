"""The checkpoints of a training function of one's own: copied, sealed, and only as many as are still needed."""

from __future__ import annotations

import json
import logging
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from trainer.manifest import COPIED_FROM, MANIFEST, folder_name, latest_valid, numbered, verify, write_manifest

logger = logging.getLogger(__name__)


class OwnCheckpoints:
    """Keeps the best checkpoint of a trial, the last and the one before it, as the training loop does.

    Args:
        folder: holds ``r0001``, ``r0002``, ... by report.
        metric: what is best; without it nothing is ever dropped.
        goal: ``minimize`` or ``maximize``.
    """

    def __init__(self, folder: Path, *, metric: str | None = None, goal: str | None = None) -> None:
        self.folder = folder
        self._metric, self._sign = metric, 1.0 if goal == "maximize" else -1.0
        self._best: tuple[float, int] | None = None  # score (larger is better), report

    def newest(self) -> tuple[Path | None, Mapping[str, Any]]:
        """The newest whole checkpoint and the report that came with it; damaged ones after it are removed."""
        for partial in self.folder.glob(".r*.partial"):  # of an attempt that was killed
            shutil.rmtree(partial, ignore_errors=True)
        found, skipped = latest_valid(self.folder)
        for damaged in skipped:
            logger.warning("checkpoint passed over: %s", damaged)
        if found is None:
            return None, {}
        self.drop_after(int(found.name[1:]))
        report = verify(found).get("report", {})
        for number, path in numbered(self.folder).items():
            if COPIED_FROM not in _facts(path):  # the score there is another trial's
                self._score(number, _report(path))
        return found, report

    def keep(self, source: Path, report: Mapping[str, Any], *, link: bool = False) -> Path:
        """Copy ``source``, seal the copy together with its report, and only then let it appear.

        Args:
            source: a folder.
            report: plain JSON with ``number`` and ``metrics``. A driver that was killed before it got this report
                reads it here when the sweep is resumed.
            link: its files are never written again: share them rather than copy, where the disk can.

        Raises:
            FileNotFoundError: ``source`` is not a folder.
            ValueError: it cannot be told from what is the sweep's own.
            OSError: the disk is full or read-only; earlier checkpoints are intact.
        """
        self._check(source)
        target = self.folder / folder_name(report["number"])
        partial = target.with_name(f".{target.name}.partial")
        shutil.rmtree(partial, ignore_errors=True)
        try:
            shutil.copytree(source, partial, copy_function=link_or_copy if link else shutil.copy2)
            (partial / MANIFEST).unlink(missing_ok=True)
            write_manifest(partial, {"report": dict(report)})
            if target.exists():
                shutil.rmtree(target)
            partial.replace(target)
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise
        self._score(report["number"], report)
        return target

    def prune(self) -> None:
        """Drop what is neither best nor one of the last two. Only after the sweep has taken the last report in."""
        if self._metric is None:
            return
        best = self._best[1] if self._best else None
        for number, path in list(numbered(self.folder).items())[:-2]:
            if number != best:
                # Manifest first: at no moment does a part of a checkpoint look like a whole one.
                (path / MANIFEST).unlink(missing_ok=True)
                shutil.rmtree(path, ignore_errors=True)

    def drop_after(self, report: int) -> None:
        """Remove what a training that goes on from ``report`` does not have yet; 0 removes all."""
        for number, path in numbered(self.folder).items():
            if number > report:
                shutil.rmtree(path, ignore_errors=True)

    def _score(self, number: int, report: Mapping[str, Any]) -> None:
        value = report.get("metrics", {}).get(self._metric)
        if value is not None and (self._best is None or self._sign * value > self._best[0]):
            self._best = (self._sign * value, number)

    def _check(self, source: Path) -> None:
        if not source.is_dir():
            raise FileNotFoundError(f"checkpoint={str(source)!r} is not a folder; save into a folder and pass that")
        whole = source.resolve()
        if self.folder.resolve().is_relative_to(whole):
            raise ValueError(f"checkpoint={str(source)!r} holds the whole trial; save into a folder of its own")
        # A copy of the checkpoint that the function went on from still holds our own.
        if (source / MANIFEST).exists() and not _report(source):
            raise ValueError(f"{source / MANIFEST}: this name is the sweep's own in a checkpoint; choose another")


def _report(checkpoint: Path) -> Mapping[str, Any]:
    """The report in a manifest, without looking at the other files."""
    report = _facts(checkpoint).get("report")
    return report if isinstance(report, dict) else {}


def _facts(checkpoint: Path) -> Mapping[str, Any]:
    try:
        facts = json.loads((checkpoint / MANIFEST).read_text(encoding="utf-8"))["facts"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return facts if isinstance(facts, dict) else {}


def link_or_copy(source: str, target: str) -> str:
    """Let two names share a file that is never written again, where the disk can; else copy it."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
    return target
