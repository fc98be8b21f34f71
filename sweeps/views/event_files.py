"""TensorBoard's event files, written with its own record writer and protocol buffers: no TensorFlow, no torch."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter

VERSION = "brain.Event:2"
PREFIX = "events.out.tfevents."


class EventFile:
    """One run's open event file. Each ``add`` is on its way to readers when it returns; nothing waits for the disk.

    TensorBoard reads a run's files in the order of their names, which here is a number that counts up: no clock
    that was set back can change it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("ab")
        self._records = RecordWriter(self._file)

    @classmethod
    def replacing(cls, folder: Path, time: float) -> EventFile:
        """A new file that supersedes all earlier ones of the run; call `empty_earlier` once it is filled."""
        number = max((int(path.name.split(".")[3]) for path in _files(folder)), default=0) + 1
        opened = cls(folder / f"{PREFIX}{number:010}.sweep")
        opened._write(Event(wall_time=time, file_version=VERSION))
        # The second start of a run makes a TensorBoard that reads along forget what came before; the first makes none.
        opened._write(Event(wall_time=time, step=0, session_log=SessionLog(status=SessionLog.START)))
        return opened

    def add(self, summary: Summary, step: int, time: float) -> None:
        """Writes a summary. ``time`` is in seconds since 1970."""
        self._write(Event(wall_time=time, step=step, summary=summary))

    def close(self) -> None:
        """Closes the file; it may be opened again by its path."""
        self._file.close()

    def _write(self, event: Event) -> None:
        self._records.write(event.SerializeToString())
        self._file.flush()


def scalars(values: Mapping[str, float]) -> Summary:
    """All scalars of one step in one record."""
    return Summary(value=[Summary.Value(tag=tag, simple_value=value) for tag, value in values.items()])


def empty_earlier(path: Path) -> None:
    """Empties the files that the one at ``path`` supersedes: a TensorBoard never goes on after one that is gone."""
    for earlier in _files(path.parent):
        if earlier.name < path.name:
            os.truncate(earlier, 0)


def ends_with(folder: Path, tag: str) -> bool:
    """Whether the run in ``folder`` is whole and its last record is one of ``tag``."""
    files = _files(folder)
    data = files[-1].read_bytes() if files else b""
    start = end = 0
    while end < len(data):  # a record: 8 bytes of length, 4 of checksum, the message, 4 of checksum
        start, end = end, end + 16 + int.from_bytes(data[end : end + 8], "little")
    return end == len(data) and tag.encode() in data[start:]


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob(f"{PREFIX}*.sweep"))
