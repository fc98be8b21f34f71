"""A real pseudo-terminal, and a terminal in small that says what stands on its screen."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

_CODES = re.compile(r"\x1b\[(\??)([0-9;]*)([A-Za-z])")


class Screen:
    """Takes what a program writes: carriage returns, lines, cursor up, erasing; colours are dropped.

    ``rows`` are all lines that were ever there, as a scrolled terminal has them; a line that is too long goes on in the
    next row, and narrowing the terminal breaks lines as terminals do.
    """

    def __init__(self, columns):
        self.columns, self.rows, self.row, self.column, self.cursor = columns, [""], 0, 0, True
        self.wrapped = 0  # lines that did not fit

    def feed(self, text):
        place = 0
        while place < len(text):
            if code := _CODES.match(text, place):
                self._code(*code.groups())
                place = code.end()
                continue
            self._sign(text[place])
            place += 1

    def resize(self, columns):
        """Rows that do not fit any more are broken, and the cursor stays in its line."""
        before, broken = self.rows[: self.row], []
        for row in self.rows:
            broken += [row[at : at + columns] for at in range(0, max(len(row), 1), columns)]
        self.row = sum(max(1, -(-len(row) // columns)) for row in before)
        self.rows, self.columns = broken, columns

    @property
    def text(self):
        return "\n".join(row.rstrip() for row in self.rows).rstrip()

    def _sign(self, sign):
        if sign == "\r":
            self.column = 0
        elif sign == "\n":
            self._down()
        elif sign >= " ":
            if self.column == self.columns:
                self.wrapped += 1
                self.column = 0
                self._down()
            row = self.rows[self.row].ljust(self.column)
            self.rows[self.row] = row[: self.column] + sign + row[self.column + 1 :]
            self.column += 1

    def _down(self):
        self.row += 1
        if self.row == len(self.rows):
            self.rows.append("")

    def _code(self, private, numbers, kind):
        if private:
            self.cursor = {"h": True, "l": False}[kind]
        elif kind == "A":
            self.row = max(0, self.row - int(numbers or 1))
        elif kind == "K":
            assert numbers in ("", "0")
            self.rows[self.row] = self.rows[self.row][: self.column]
        elif kind == "J":
            assert numbers in ("", "0")
            self.rows[self.row] = self.rows[self.row][: self.column]
            del self.rows[self.row + 1 :]
        else:
            assert kind == "m", (private, numbers, kind)


class Terminal:
    """A process in a pseudo-terminal of so many columns."""

    def __init__(self, command, columns=80, lines=30, **environment):
        self.screen, self.written, self.writes = Screen(columns), "", []
        self._master, slave = pty.openpty()
        self._set_size(columns, lines)
        environment = {**os.environ, "TERM": "xterm-256color", "PYTHONPATH": str(Path.cwd()), **environment}
        environment.pop("COLUMNS", None)
        self.process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, env=environment, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # so that Ctrl-C means this process
        )  # fmt: skip
        os.close(slave)

    def read(self, seconds=0.1):
        """What comes within so many seconds."""
        until, came = time.monotonic() + seconds, ""
        while (left := until - time.monotonic()) > 0:
            ready, _, _ = select.select([self._master], [], [], left)
            if not ready:
                break
            try:
                data = os.read(self._master, 65536)
            except OSError:  # nobody writes any more
                break
            if not data:
                break
            came += data.decode("utf-8", "replace")
        self.written += came
        if came:
            self.writes.append(came)
        self.screen.feed(came)
        return came

    def until(self, shown, seconds=30):
        """Reads until ``shown`` stands on the screen."""
        deadline = time.monotonic() + seconds
        while shown not in self.screen.text:
            self.read(0.1)
            assert time.monotonic() < deadline, f"{shown!r} never came; there is:\n{self.screen.text}"

    def resize(self, columns, lines=30):
        self.screen.resize(columns)
        self._set_size(columns, lines)

    def interrupt(self):
        os.write(self._master, b"\x03")

    def wait(self, seconds=20):
        deadline = time.monotonic() + seconds
        while self.process.poll() is None and time.monotonic() < deadline:
            self.read(0.05)
        self.read(0.2)
        return self.process.wait(1)

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._master)

    def _set_size(self, columns, lines):
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))


def python(code, *arguments, **how):
    """A terminal that runs ``code``."""
    return Terminal([sys.executable, "-c", code, *map(str, arguments)], **how)
