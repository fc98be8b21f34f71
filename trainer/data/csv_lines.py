"""Where the rows of a CSV file stand: looked up only for a complaint, since quoted cells may hold line breaks."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple


class Record(NamedTuple):
    """A row, or the header.

    Attributes:
        line: where it begins, from 1.
        cells: how many.
    """

    line: int
    cells: int


class UnclosedQuote(Exception):
    """A quoted cell that never ends. ``line`` is where its row begins."""

    def __init__(self, line: int) -> None:
        self.line = line
        super().__init__(f"line {line}")


def records(content: bytes, delimiter: str) -> Iterator[Record]:
    """The header and the rows in order, without blank lines, which pandas skips too.

    Raises:
        UnclosedQuote: at the end of the file.
    """
    text = io.StringIO(content.decode("utf-8-sig", "replace"), newline="")
    with _long_cells():
        reader = csv.reader(text, delimiter=delimiter, strict=True)
        line = 1
        while True:
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                if "unexpected end" in str(error):
                    raise UnclosedQuote(line) from None
                return  # odder than pandas minds
            if cells and (len(cells) > 1 or cells[0].strip(" \t")):
                yield Record(line, len(cells))
            line = reader.line_num + 1


def line_of_row(content: bytes, delimiter: str, row: int) -> int | None:
    """The line at which a row begins, counted from 0 without the header; ``None`` where that cannot be said."""
    try:
        return next((found.line for at, found in enumerate(records(content, delimiter)) if at == row + 1), None)
    except UnclosedQuote:
        return None


def malformed(content: bytes, delimiter: str) -> str:
    """What is wrong with the first row that has more cells than the header, or with a quote; empty without any."""
    try:
        header: Record | None = None
        for record in records(content, delimiter):
            header = header or record
            if record.cells > header.cells:
                return f"line {record.line} has {record.cells} cells, the header names {header.cells}"
    except UnclosedQuote as error:
        return f"line {error.line} has a quote that is never closed"
    return ""


@contextmanager
def _long_cells() -> Iterator[None]:
    before = csv.field_size_limit(min(sys.maxsize, 2**31 - 1))  # of the whole process; what fits a C long everywhere
    try:
        yield
    finally:
        csv.field_size_limit(before)
