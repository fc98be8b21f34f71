"""The best value over time as a small drawing in SVG."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from sweeps.views.text import duration, metric_text

_WIDTH, _HEIGHT, _EDGE = 420, 90, 4


def best_line(course: Sequence[tuple[float, float]], until: float) -> str:
    """Steps, from the first value to ``until``; empty where there are fewer than two values.

    Args:
        course: seconds and the best value from then on, in order.
        until: seconds, now.
    """
    if len(course) < 2:
        return ""
    since, values = course[0][0], [value for _, value in course]
    low, high, span = min(values), max(values), max(until - since, 1e-9)

    def at(seconds: float, value: float) -> tuple[float, float]:
        share = (value - low) / (high - low) if high > low else 0.5
        x = _EDGE + (_WIDTH - 2 * _EDGE) * min((seconds - since) / span, 1.0)
        return round(x, 1), round(_EDGE + (_HEIGHT - 2 * _EDGE) * (1 - share), 1)

    x, y = at(*course[0])
    path = f"M{x} {y}" + "".join("H{} V{}".format(*at(*point)) for point in course[1:]) + f"H{_WIDTH - _EDGE}"
    said = f"best so far: from {metric_text(values[0])} to {metric_text(values[-1])} in {duration(span)}"
    return (
        f'<svg role="img" width="{_WIDTH}" height="{_HEIGHT}" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        f'style="display: block; margin: 4px 0; max-width: 100%;"><title>{escape(said)}</title>'
        f'<path d="{path}" fill="none" stroke="currentColor" stroke-width="1.5"/></svg>'
        f'<div style="opacity: .65;">{escape(said)}</div>'
    )
