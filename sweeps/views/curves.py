"""Curves in a terminal: dots of braille, or plain characters where the encoding has no others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType
from rich.text import Text

from sweeps.views.text import metric_text, short_number

Point = tuple[float, float]

_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))  # of a braille cell, by row and column
_BLANK = 0x2800
_PLAIN = "*o+x"
_COLOURS = ("green", "cyan", "yellow", "magenta")
_WIDEST = 72  # cells of the field, which is easier to read when it is not stretched
_NARROWEST = 16


@dataclass(frozen=True)
class Curve:
    """A name, and points (x, y) with rising x."""

    name: str
    points: Sequence[Point]


class Chart:
    """Curves over a common x, each named at the height of its last point.

    Args:
        title: what y is.
        x: what x is.
        curves: at most four, those without points left out.
        height: lines of the field.
    """

    def __init__(self, title: str, x: str, curves: Sequence[Curve], height: int = 8) -> None:
        self._title, self._x, self._height = title, x, height
        self._curves = [curve for curve in curves if curve.points]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        """At most ``options.max_width`` wide, and not wider than is easy to read."""
        if not self._curves:
            return
        xs, ys = ([point[axis] for curve in self._curves for point in curve.points] for axis in (0, 1))
        box = (min(xs), max(xs), *_around(min(ys), max(ys)))
        names = self._names(box)
        labels = [metric_text(box[3]), metric_text(box[2])]
        margin = max(map(cell_len, labels))
        room = options.max_width - margin - 3 - max(map(cell_len, names.values()), default=0)
        width = max(_NARROWEST, min(_WIDEST, room))
        field = self._field(box, width, plain=options.ascii_only)
        edge = "|" if options.ascii_only else "│"
        yield Text(self._title, style="dim")
        for row, cells in enumerate(field):
            label = labels[0] if row == 0 else labels[1] if row == self._height - 1 else ""
            line = Text(f"{label:>{margin}} {edge}", no_wrap=True, overflow="crop").append_text(cells)
            yield line.append(f" {names[row]}") if row in names else line
        ends = f"{short_number(box[0])}{short_number(box[1]):>{max(1, width - len(short_number(box[0])))}} {self._x}"
        yield Text(" " * (margin + 2) + ends, style="dim", no_wrap=True, overflow="crop")

    def _names(self, box: tuple[float, ...]) -> dict[int, str]:
        """By the line that they stand on: where one is taken, the nearest free one."""
        found: dict[int, str] = {}
        for curve in self._curves[: self._height]:
            wanted = int(_share(box[3], box[2], curve.points[-1][1]) * (self._height - 1) + 0.5)
            free = (row for row in range(self._height) if row not in found)
            row = min(free, key=lambda row: abs(row - wanted))
            found[row] = f"{curve.name} {metric_text(curve.points[-1][1])}"
        return found

    def _field(self, box: tuple[float, ...], width: int, *, plain: bool) -> list[Text]:
        across, down = (1, 1) if plain else (2, 4)
        cells: dict[tuple[int, int], tuple[int, int]] = {}  # the dots, and whose they are
        for number, curve in reversed(list(enumerate(self._curves))):  # the first one on top
            for x, y in _line(curve.points, box, width * across, self._height * down):
                place = (y // down, x // across)
                dots = cells[place][0] if place in cells else 0
                cells[place] = (dots | _DOTS[y % down][x % across], number)
        lines = []
        for row in range(self._height):
            line = Text()
            for column in range(width):
                dots, number = cells.get((row, column), (0, -1))
                drawn = (_PLAIN[number % 4] if plain else chr(_BLANK + dots)) if dots else " "
                line.append(drawn, style=_COLOURS[number % 4] if dots else "")
            lines.append(line)
        return lines


def _around(low: float, high: float) -> tuple[float, float]:
    """A range that is never empty."""
    if high > low:
        return low, high
    by = abs(low) * 0.01 or 1.0
    return low - by, high + by


def _share(low: float, high: float, value: float) -> float:
    return (value - low) / (high - low) if high != low else 0.0


def _line(points: Sequence[Point], box: tuple[float, ...], width: int, height: int) -> Iterator[tuple[int, int]]:
    """The dots of the straight lines between points, from the top left."""
    places = [
        (round(_share(box[0], box[1], x) * (width - 1)), round(_share(box[3], box[2], y) * (height - 1)))
        for x, y in points
    ]
    yield places[0]
    for (x, y), (to_x, to_y) in pairwise(places):
        steps = max(abs(to_x - x), abs(to_y - y), 1)
        for step in range(1, steps + 1):
            yield x + round((to_x - x) * step / steps), y + round((to_y - y) * step / steps)
