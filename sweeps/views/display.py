"""Shows how a sweep stands while it goes on: a table that changes in place, or single lines in a pipe or a log."""

from __future__ import annotations

import atexit
import os
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from sweeps.records.record import TrialRecord
from sweeps.views.event_lines import end_line, report_line, start_line
from sweeps.views.frame import Frame
from sweeps.views.output import Output
from sweeps.views.overview import overview
from sweeps.views.standing import Standing

REDRAW_SECONDS = 0.25
LINE_SECONDS = 1.0  # between lines that are not worth one each: starts, and reports that are no new best


class Screen(Protocol):
    """A place that a view is drawn on, again and again."""

    def start(self) -> None:
        """Before the first."""

    def draw(self, view: Any) -> None:
        """The view as it is now."""

    def above(self, text: str) -> None:
        """A line that stays."""

    def close(self) -> None:
        """After the last, which stays."""


class Display:
    """Draws on change only, and no more than four times a second. Whoever tells it does so from one thread.

    Args:
        standing: of the sweep; kept up to date by others.
        output: where to; it may be closed meanwhile, and the display goes on in silence then.
        screen: for a table that changes in place; without one, single lines are written.
        clock: seconds; only differences count.
        view: makes what is drawn; by default the overview.

    Attributes:
        lock: to be held while the standing changes: it is drawn by another thread, too.
    """

    def __init__(
        self,
        standing: Standing,
        output: Output,
        screen: Screen | None,
        clock: Callable[[], float] = time.monotonic,
        view: Callable[[], Any] | None = None,
    ) -> None:
        self.standing, self.output = standing, output
        self._screen, self._clock = screen, clock
        self._view = view or self._overview
        self._timer: threading.Timer | None = None
        self.lock = threading.RLock()
        self._drawn = self._said = float("-inf")
        self._open = False

    def start(self, head: str) -> None:
        """Begins to show; ``head`` is the first of single lines."""
        self._open = True
        if self._screen is None:
            self.say(head)
            return
        self._screen.start()
        self._screen.draw(self._view())
        atexit.register(self.close)  # or a sweep that breaks off would leave a terminal without a cursor

    def changed(self, event: Mapping[str, Any], trial: TrialRecord | None, better: bool) -> None:
        """An event that the standing was told of; whether ``trial`` has become the best by it."""
        if self.output.gone:
            return
        if event["event"] in {"note", "command"}:
            self.note(event["text"])
        if self._screen is not None:
            self._draw_soon()
        elif trial is not None:
            self._line(event, trial, better)

    def note(self, text: str) -> None:
        """A line that stays."""
        if self._screen is not None:
            self._screen.above(text)
        else:
            self.say(text)

    def say(self, line: str, *, now: bool = True) -> None:
        """One line; without ``now`` only if there was none of its kind within the last second."""
        if now or self._clock() - self._said >= LINE_SECONDS:
            self._said = self._clock() if not now else self._said
            self.output.write(f"{' '.join(line.split())}\n")
            self.output.flush()

    def close(self) -> None:
        """Draws the last state and gives the terminal back; a second call does nothing."""
        with self.lock:
            if self._timer is not None:
                self._timer.cancel()
            if self._screen is not None and self._open:
                self._open = False
                self._screen.draw(self._view())
                self._screen.close()
                atexit.unregister(self.close)

    def _draw_soon(self) -> None:
        with self.lock:
            wait = self._drawn + REDRAW_SECONDS - self._clock()
            if wait <= 0:
                self._draw()
            elif self._timer is None:
                self._timer = threading.Timer(wait, self._draw)
                self._timer.daemon = True
                self._timer.start()

    def _draw(self) -> None:
        with self.lock:
            self._timer = None
            if self._screen is not None and self._open:
                self._drawn = self._clock()
                self._screen.draw(self._view())

    def _overview(self) -> Any:
        standing = self.standing
        left = standing.left
        head = f"{standing.name}: {standing.goal} {standing.metric}"
        return overview(head, standing, standing.tally.running, left=left.text if left else "")

    def _line(self, event: Mapping[str, Any], trial: TrialRecord, better: bool) -> None:
        if event["event"] == "report":
            self.say(report_line(self.standing, event, trial, better), now=better)
        elif event["event"] == "state" and (line := start_line(trial)):
            self.say(line, now=trial.attempt > 1)
        elif event["event"] == "state":
            self.say(end_line(self.standing, trial))


def can_redraw(output: Output) -> bool:
    """Whether it is a terminal that lines can be drawn over."""
    return output.isatty() and os.environ.get("TERM") not in {"dumb", "unknown"}


def screen_for(output: Output, *, live: bool | None = None) -> Screen | None:
    """What suits ``output``, or what was asked for."""
    return Frame(output) if (can_redraw(output) if live is None else live) else None
