"""The command about what this machine remembers."""

from __future__ import annotations

from typing import Annotated

import typer

from sweeps.cli.parts import AsJson, say, show
from sweeps.errors import InputError


def archive(
    forget: Annotated[str | None, typer.Option(metavar="ID", help="Delete what is remembered of this sweep.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the finished sweeps that this machine remembers.

    New ones of a like kind begin with what did well in them. Remembered are configurations and scores: no data, no
    weights. `archive: off` in a sweep file neither reads nor writes it; SWEEPWRIGHT_ARCHIVE names another folder, or is
    `off`.
    """
    from sweeps.records.archive import Archive, archive_folder
    from sweeps.views import remembered

    folder = archive_folder()
    if folder is None:
        raise InputError("is off", where="environment", key="SWEEPWRIGHT_ARCHIVE", mend="unset it, or name a folder")
    if forget is None:
        entries = Archive(folder).read()
        show(remembered.archive_json(entries), remembered.archive_view(entries, folder), as_json)
        return
    try:
        found = Archive(folder).forget(forget)
    except OSError as error:
        raise InputError(f"cannot be changed: {error.strerror}", where=str(folder)) from None
    if not found:
        raise InputError(f"remembers no sweep {forget!r}", where=str(folder), mend="see `sweeps archive` for their ids")
    say(f"forgot {forget}")
