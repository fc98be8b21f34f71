"""A table as wide as its place allows: less important columns go first, and it says which."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType
from rich.table import Table
from rich.text import Text

_GAP = 2


@dataclass(frozen=True)
class Column:
    """A head and a cell for each row.

    Attributes:
        head: its name.
        cells: a text for each row.
        spare: goes in this order where there is no room; 0 stays.
        left: texts, not numbers.
        least: cells that are enough for it; by default it is never cut. Only the last column may be.
        styles: of each cell, where they have any.
    """

    head: str
    cells: Sequence[str]
    spare: int = 0
    left: bool = False
    least: int | None = None
    styles: Sequence[str] = ()

    @property
    def justify(self) -> Literal["left", "right"]:
        """Numbers stay in line."""
        return "left" if self.left else "right"

    @property
    def width(self) -> int:
        """The cells that it takes."""
        return max(cell_len(cell) for cell in [self.head, *self.cells])

    @property
    def least_width(self) -> int:
        """The cells that are enough for it."""
        return self.width if self.least is None else min(self.width, self.least)


class FittedTable:
    """Columns, and in a narrow place those of them that matter most.

    Args:
        columns: in the order in which they are shown.
        rows: a style for each row, where rows have any.
        mend: how else the hidden columns can be seen.
    """

    def __init__(self, columns: Sequence[Column], rows: Sequence[str] = (), mend: str = "use --json") -> None:
        self._columns, self._rows, self._mend = columns, rows, mend

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        """What fits into ``options.max_width``."""
        shown = _fitting(self._columns, options.max_width)
        yield self._table(shown, options.max_width)
        if hidden := [column.head for column in self._columns if column not in shown]:
            yield Text(f"no room for {', '.join(hidden)}: widen the terminal, or {self._mend}", style="dim")

    def _table(self, columns: Sequence[Column], width: int) -> Table:
        table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, _GAP, 0, 0))
        room = width
        for column in columns:
            # Only the last one may be cut: the others were chosen so that they fit.
            widest = max(1, min(column.width, room)) if column is columns[-1] else None
            room -= column.width + _GAP
            table.add_column(
                Text(column.head), justify=column.justify, no_wrap=True, overflow="ellipsis", max_width=widest
            )
        for row in range(len(columns[0].cells)):
            cells = [Text(one.cells[row], style=one.styles[row] if one.styles else "") for one in columns]
            table.add_row(*cells, style=self._rows[row] if self._rows else "")
        return table


def _fitting(columns: Sequence[Column], width: int) -> list[Column]:
    shown = list(columns)
    while _least_width(shown) > width and (spare := [column for column in shown if column.spare]):
        shown.remove(min(spare, key=lambda column: column.spare))
    return shown


def _least_width(columns: Sequence[Column]) -> int:
    return sum(column.least_width for column in columns) + _GAP * (len(columns) - 1)
