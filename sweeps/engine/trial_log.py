"""Where what a trial prints goes: one stream for all trials of a process, into the log of the one at hand."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, TextIO


class TrialLog(io.TextIOBase):
    """Stands for ``sys.stdout`` and ``sys.stderr`` while a trial runs, the same object from trial to trial.

    Logging handlers and progress bars keep hold of the stream that they first saw: were it the file of one trial, they
    would write into a closed file in all later ones. Between trials what is written is dropped.
    """

    def __init__(self) -> None:
        self._file: TextIO | None = None

    def open(self, path: Path) -> None:
        """Append to this file from now on."""
        self.leave()
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("a", encoding="utf-8", buffering=1)

    def leave(self) -> None:
        """Close the file, not the stream."""
        file, self._file = self._file, None
        if file is not None:
            with contextlib.suppress(OSError):  # a full disk, which the trial itself has met
                file.close()

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """Everything that is printed inside goes here."""
        with contextlib.redirect_stdout(self), contextlib.redirect_stderr(self):
            yield

    def write(self, text: str) -> int:
        """Into the log; how many characters."""
        file = self._file
        return file.write(text) if file is not None else len(text)

    def flush(self) -> None:
        """Nothing stays behind in this process."""
        if (file := self._file) is not None:
            file.flush()

    def writable(self) -> bool:
        """Always."""
        return True

    def close(self) -> None:
        """Nothing: a handler that closes its stream must not take it from the others."""

    def fileno(self) -> int:
        """The log's descriptor, for child processes."""
        return self._open_file().fileno()

    @property
    def buffer(self) -> BinaryIO | Any:
        """The bytes under the text, for those who write bytes."""
        return self._open_file().buffer

    @property
    def encoding(self) -> str:  # type: ignore[override]  # read-only here
        """Of the log."""
        return "utf-8"

    def _open_file(self) -> TextIO:
        if self._file is None:
            raise io.UnsupportedOperation("no trial is running")
        return self._file
