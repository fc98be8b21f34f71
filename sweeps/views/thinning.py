"""Which of a trial's reports are written as points of its curves: all of few, and evenly spaced ones of many."""

from __future__ import annotations

MOST_POINTS = 250  # a chart is hardly wider, and a thousand trials have a thousand such curves for each tag


def stride_of(reports: int, most: int = MOST_POINTS) -> int:
    """Every how many reports a point is written, where there are so many: the least power of two that leaves no more
    than ``most``."""
    stride = 1
    while reports > most * stride:
        stride *= 2
    return stride
