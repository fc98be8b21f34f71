"""A view on a terminal as it is wide, and in a pipe or a file whole: one line for each line, nothing cut."""

from __future__ import annotations

import io
from typing import TextIO, cast

from rich.console import Console, RenderableType

from sweeps.views.output import Output

_WIDE = 100_000


def show(view: RenderableType, output: Output) -> None:
    """Print ``view``."""
    if output.isatty():
        Console(file=cast(TextIO, output)).print(view)
    else:
        output.write(plain(view, output.encoding))
    output.flush()


class _Text(io.StringIO):
    """A text that is going to be in some encoding: views draw with what it has."""

    def __init__(self, encoding: str) -> None:
        super().__init__()
        self._encoding = encoding

    @property
    def encoding(self) -> str:  # type: ignore[override]  # of the text, not of the buffer
        return self._encoding


def plain(view: RenderableType, encoding: str = "utf-8") -> str:
    """``view`` as lines without colours and without spaces at their ends."""
    out = _Text(encoding)
    Console(file=out, width=_WIDE, force_terminal=False, no_color=True).print(view)
    return "".join(f"{line.rstrip()}\n" for line in out.getvalue().splitlines())
