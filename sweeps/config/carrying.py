"""What a sweep takes over from earlier ones, as a sweep file says it: ``warm_start``, ``archive``, ``past``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sweeps.config.past import PastSweep, read_past
from sweeps.config.places import Places, show
from sweeps.config.section import Section

KEYS = ("warm_start", "archive", "past")


@dataclass(frozen=True)
class Carrying:
    """Where knowledge comes from.

    Attributes:
        warm_start: folders of sweeps that it begins with.
        archive: whether this machine's archive is looked into at the start and written to at the end.
        past: what came of looking, frozen when the sweep begins; ``None`` before.
    """

    warm_start: tuple[Path, ...] = ()
    archive: bool = True
    past: tuple[PastSweep, ...] | None = None

    def to_mapping(self) -> dict[str, Any]:
        """The keys of a sweep file."""
        mapping: dict[str, Any] = {} if self.archive else {"archive": False}
        if self.warm_start:
            mapping["warm_start"] = [str(folder) for folder in self.warm_start]
        if self.past is not None:
            mapping["past"] = [sweep.to_mapping() for sweep in self.past]
        return mapping


def read_carrying(top: Section, base: Path, places: Places) -> Carrying:
    """The keys `KEYS` at the top of a sweep file; relative folders start from ``base``.

    Raises:
        InputError: something that they cannot be.
    """
    archive = top.data.get("archive")
    if archive is not None and not isinstance(archive, bool):
        raise top.error("archive", f"expected on or off, got {show(archive)}", "write archive: off")
    return Carrying(
        warm_start=_folders(top, base),
        archive=archive is not False,
        past=read_past(top.data.get("past"), places),
    )


def _folders(top: Section, base: Path) -> tuple[Path, ...]:
    given = top.data.get("warm_start")
    if given is None:
        return ()
    listed = [given] if isinstance(given, str | Path) else given
    if not isinstance(listed, list | tuple) or not all(isinstance(one, str | Path) and str(one) for one in listed):
        message = f"expected folders of sweeps, got {show(given)}"
        raise top.error("warm_start", message, "write warm_start: [runs/my-first-sweep]")
    return tuple((base / Path(one).expanduser()).resolve() for one in listed)
