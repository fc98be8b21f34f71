"""The command that writes a report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sweeps.cli.parts import Folder, say
from sweeps.errors import InputError


def report(
    folder: Folder,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="Where to; DIR/report.html by default.")
    ] = None,
    kind: Annotated[
        str, typer.Option("--format", metavar="html|md|csv", help="A page, Markdown, or a row a trial.")
    ] = "html",
    watch: Annotated[bool, typer.Option("--watch", help="Write it again as the sweep goes on.")] = False,
) -> None:
    """Write a report of a sweep: one file that explains itself.

    The page needs no network and no server. Markdown and CSV are printed where no file is named. A page that is watched
    loads itself again in the browser.
    """
    from sweeps.take_home.report import FORMATS, Format, report_text, watch_report, write_report

    if kind not in FORMATS:
        raise InputError(
            f"no format {kind!r}", where="command line", key="--format", mend=f"choose {', '.join(FORMATS)}"
        )
    chosen: Format = kind
    if out is None and chosen != "html":
        if watch:
            raise InputError(
                "writes a file again and again", where="command line", key="--watch", mend="name one by -o"
            )
        say(report_text(folder, chosen).removesuffix("\n"))
        return
    file = out or folder / "report.html"
    if watch:
        watch_report(folder, file, chosen, say)
    else:
        write_report(folder, file, chosen)
    say(f"the report is in {file}")
