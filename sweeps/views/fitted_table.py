"""A table as wide as its place allows: less important columns go first, and it says which."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size
from rich.console import Console, ConsoleOptions, RenderableType
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
        yield from self._lines(shown, options.max_width)
        if hidden := [column.head for column in self._columns if column not in shown]:
            yield Text(f"no room for {', '.join(hidden)}: widen the terminal, or {self._mend}", style="dim")

    def _lines(self, columns: Sequence[Column], width: int) -> Iterator[Text]:
        """A text for each row: ``rich.table`` takes seconds for a thousand of them."""
        widths = [column.width for column in columns]
        # Only the last one may be cut: the others were chosen so that they fit.
        widths[-1] = max(1, min(widths[-1], width - sum(widths[:-1]) - _GAP * (len(widths) - 1)))
        heads = [column.head for column in columns]
        yield _line([(one, "") for one in heads], columns, widths, "dim")
        for row in range(len(columns[0].cells)):
            cells = [(one.cells[row], one.styles[row] if one.styles else "") for one in columns]
            yield _line(cells, columns, widths, self._rows[row] if self._rows else "")


def _line(cells: Sequence[tuple[str, str]], columns: Sequence[Column], widths: Sequence[int], style: str) -> Text:
    line = Text(style=style, no_wrap=True, overflow="ignore")
    for place, ((text, of_cell), column, width) in enumerate(zip(cells, columns, widths, strict=True)):
        last = place == len(cells) - 1
        if cell_len(text) > width:
            text = f"{set_cell_size(text, width - 1)}…"
        space = " " * (width - cell_len(text))
        padded = (text if last else f"{text}{space}") if column.left else f"{space}{text}"
        line.append(padded, of_cell or None)
        if not last:
            line.append(" " * _GAP)
    return line


def _fitting(columns: Sequence[Column], width: int) -> list[Column]:
    shown = list(columns)
    while _least_width(shown) > width and (spare := [column for column in shown if column.spare]):
        shown.remove(min(spare, key=lambda column: column.spare))
    return shown


def _least_width(columns: Sequence[Column]) -> int:
    return sum(column.least_width for column in columns) + _GAP * (len(columns) - 1)
