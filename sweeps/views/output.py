"""Writing to a terminal or a pipe that may be closed at any moment."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TextIO


class Output:
    """A text stream that falls silent when its reader is gone (``sweeps run ... | head``), and raises nothing.

    Quacks like a file for as much as ``rich`` needs.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream: TextIO | None = stream
        self.encoding = getattr(stream, "encoding", None) or "utf-8"
        self._terminal = not stream.closed and stream.isatty()

    @property
    def gone(self) -> bool:
        """Whether nobody reads any more."""
        return self._stream is None

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        return self._terminal

    def fileno(self) -> int:
        """The stream's own. Raises ``OSError`` where there is none."""
        if self._stream is None:
            raise OSError("closed")
        return self._stream.fileno()

    def write(self, text: str) -> int:
        """Writes, or drops the text."""
        if self._stream is not None:
            try:
                self._stream.write(text)
            except UnicodeEncodeError:  # a terminal or a pipe of another encoding
                self._stream.write(text.encode(self.encoding, "replace").decode(self.encoding))
            except (OSError, ValueError):
                self._leave()
        return len(text)

    def flush(self) -> None:
        """Flushes, or does nothing."""
        if self._stream is not None:
            try:
                self._stream.flush()
            except (OSError, ValueError):
                self._leave()

    def _leave(self) -> None:
        stream, self._stream = self._stream, None
        if stream is sys.__stdout__ and stream is not None:
            # What is still in its buffer would end the interpreter with an error of its own, and an exit code of 120.
            with contextlib.suppress(OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
