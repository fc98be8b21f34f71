"""A line of blocks: how a value went."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence

from rich.console import Console, ConsoleOptions, RenderableType
from rich.measure import Measurement
from rich.text import Text

from sweeps.views.text import metric_text

BLOCKS = "▁▂▃▄▅▆▇█"
PLAIN = "_.,-=+*#"  # where the encoding has no blocks; as light and low to heavy
_WIDEST = 40
_LOGARITHMIC = 100.0  # positive values so far apart are shown by their logarithms


def heights(values: Sequence[float | None], levels: int = len(BLOCKS)) -> list[int | None]:
    """The level (from 0) of each value between least and greatest; ``None`` stays. Equal ones are in the middle."""
    known = [value for value in values if value is not None]
    if not known:
        return [None] * len(values)
    low, high = min(known), max(known)
    if low > 0 and high / low >= _LOGARITHMIC:
        return heights([None if value is None else math.log(value) for value in values], levels)
    if high == low:
        return [None if value is None else levels // 2 for value in values]
    step = (high - low) / levels
    return [None if value is None else min(levels - 1, int((value - low) / step)) for value in values]


class Sparkline:
    """The best value over time, as it was at the end of each of as many equal spans of time as there is room for.

    It rises where more is better and falls where less is; the first and the last value stand at its ends.

    Args:
        points: seconds and the best value from then on, in order.
        until: seconds, now.
    """

    def __init__(self, points: Sequence[tuple[float, float]], until: float) -> None:
        self._points, self._until = points, until

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        """It takes what it gets."""
        return Measurement(1, min(_WIDEST + 24, options.max_width))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        """A line."""
        if not self._points:
            return
        ends = [metric_text(self._points[place][1]) for place in (0, -1)]
        room = options.max_width - sum(map(len, ends)) - 2
        if room < 4:
            ends, room = ["", ""], options.max_width
        line = self.blocks(min(_WIDEST, room), plain=options.ascii_only)
        yield Text(" ".join([ends[0], line, ends[1]]).strip(" "), no_wrap=True, overflow="crop")

    def blocks(self, width: int, *, plain: bool = False) -> str:
        """``width`` signs, a space for each span before the first value."""
        signs = PLAIN if plain else BLOCKS
        return "".join(" " if level is None else signs[level] for level in heights(self._values(width)))

    def _values(self, width: int) -> list[float | None]:
        times = [time for time, _ in self._points]
        since = times[0]
        ends = [since + (self._until - since) * (span + 1) / width for span in range(width)]
        places = [bisect_right(times, end) - 1 for end in ends]
        return [self._points[place][1] if place >= 0 else None for place in places]
