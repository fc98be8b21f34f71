"""Lines that stand at the bottom of a terminal and change in place, while others scroll by above them."""

from __future__ import annotations

import os
import re
import shutil
import sys
import threading
from typing import Any, TextIO, cast

from rich.cells import cell_len
from rich.console import Console, RenderableType

from sweeps.views.output import Output

_HIDE, _SHOW, _CLEAR_LINE, _CLEAR_BELOW = "\x1b[?25l", "\x1b[?25h", "\x1b[K", "\x1b[J"
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Frame:
    """A view that is drawn over the one before, line by line and in one write: nothing is blank in between.

    What did not change is not drawn at all. A terminal that has become narrower has broken the lines that no longer
    fit; as many rows are taken back. What is printed meanwhile, to standard output or standard error, goes above.

    Args:
        output: a terminal.
    """

    def __init__(self, output: Output) -> None:
        self._output = output
        self._lines: list[str] = []
        self._streams: tuple[TextIO, TextIO] | None = None
        self._lock = threading.RLock()

    def start(self) -> None:
        """Hide the cursor, and take what is printed."""
        self._streams = sys.stdout, sys.stderr
        self._write(_HIDE)
        sys.stdout, sys.stderr = (cast(TextIO, _Above(self, stream)) for stream in self._streams)

    def draw(self, view: RenderableType) -> None:
        """``view``, as much of it as there is room for."""
        width, height = self._size()
        lines = self._rendered(view, width)
        if len(lines) > height - 1:  # of what has scrolled away nothing can be drawn over
            lines = [*lines[: max(height - 2, 1)], "..."]
        with self._lock:
            if lines != self._lines:
                self._write(self._back(width) + "".join(f"{line}{_CLEAR_LINE}\r\n" for line in lines) + _CLEAR_BELOW)
                self._lines = lines

    def above(self, text: str) -> None:
        """Whole lines that stay, over what is drawn."""
        with self._lock:
            whole = "".join(f"{line}{_CLEAR_LINE}\r\n" for line in text.splitlines())
            drawn = "".join(f"{line}{_CLEAR_LINE}\r\n" for line in self._lines)
            self._write(self._back(self._size()[0]) + whole + drawn + _CLEAR_BELOW)

    def close(self) -> None:
        """Leave what is drawn, and give the cursor and the streams back."""
        if self._streams is not None:
            for stream in (sys.stdout, sys.stderr):
                if isinstance(stream, _Above):
                    stream.finish()
            sys.stdout, sys.stderr = self._streams
            self._streams = None
            self._write(f"\r{_CLEAR_LINE}{_SHOW}")  # perhaps an echoed ^C

    def _back(self, width: int) -> str:
        rows = sum(max(1, -(-cell_len(_ESCAPES.sub("", line)) // width)) for line in self._lines)
        return f"\r\x1b[{rows}A" if rows else "\r"

    def _rendered(self, view: RenderableType, width: int) -> list[str]:
        # A column stays free: after a line of the whole width terminals disagree on where the cursor is.
        console = Console(
            file=cast(TextIO, self._output), force_terminal=True, width=width - 1, markup=False, highlight=False
        )
        with console.capture() as captured:
            console.print(view)
        return [line.rstrip(" ") for line in captured.get().splitlines()]

    def _size(self) -> tuple[int, int]:
        try:
            found = os.get_terminal_size(self._output.fileno())
        except (OSError, ValueError):
            found = shutil.get_terminal_size()
        return max(found.columns, 10), max(found.lines, 4)

    def _write(self, text: str) -> None:
        self._output.write(text)
        self._output.flush()


class _Above:
    """Stands for a stream while a frame is drawn; lines go above it when they are whole."""

    def __init__(self, frame: Frame, stream: TextIO) -> None:
        self._frame, self._stream, self._part = frame, stream, ""

    def write(self, text: str) -> int:
        *whole, self._part = (self._part + text).split("\n")
        if whole:
            self._frame.above("\n".join(whole))
        return len(text)

    def finish(self) -> None:
        if self._part:
            self._frame.above(self._part)
            self._part = ""

    def flush(self) -> None:
        pass

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
