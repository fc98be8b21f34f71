"""A view on a terminal as it is wide, and in a pipe or a file whole: one line for each line, nothing cut."""

from __future__ import annotations

import io
from typing import TextIO

from rich.console import Console, RenderableType

_WIDE = 100_000


def show(view: RenderableType, stream: TextIO) -> None:
    """Print ``view`` on ``stream``."""
    if stream.isatty():
        Console(file=stream).print(view)
    else:
        stream.write(plain(view))


def plain(view: RenderableType) -> str:
    """``view`` as lines without colours and without spaces at their ends."""
    out = io.StringIO()
    Console(file=out, width=_WIDE, force_terminal=False, no_color=True).print(view)
    return "".join(f"{line.rstrip()}\n" for line in out.getvalue().splitlines())
