"""What a person sees while a sweep runs: a live table on a terminal or in a notebook, single lines in a log."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TextIO

from sweeps.records.record import TrialRecord
from sweeps.views.display import Display, screen_for
from sweeps.views.event_lines import head_line
from sweeps.views.notebook import NotebookScreen, in_notebook
from sweeps.views.output import Output
from sweeps.views.standing import Standing

if TYPE_CHECKING:
    from sweeps.config import SweepConfig


class Progress:
    """A sink that shows the sweep.

    Args:
        config: the sweep.
        quiet: show nothing.
        stream: where to; standard output by default, or the notebook that this runs in.
        live: a live table or single lines; by default what suits the stream.
        clock: seconds; only differences count.
    """

    def __init__(
        self,
        config: SweepConfig,
        *,
        quiet: bool = False,
        stream: TextIO | None = None,
        live: bool | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.standing = Standing(config.name, config.metric.name, config.metric.goal, config.planned)
        self._quiet, self._started = quiet, False
        output = Output(stream or sys.stdout)
        if stream is None and live is None and in_notebook():
            screen = NotebookScreen()
            self.display = Display(self.standing, output, screen, clock, lambda: screen.live(self.standing))
        else:
            self.display = Display(self.standing, output, screen_for(output, live=live), clock)

    def start(self) -> None:
        """Begins to show; the first event that is not replayed does so by itself."""
        self._started = True
        if not self._quiet:
            self.display.start(head_line(self.standing, self.standing.tally.done))

    def handle(self, event: Mapping[str, Any], trial: TrialRecord | None) -> None:
        """Takes one event."""
        if event.get("replayed"):
            self.standing.tell(event, trial)
            return
        if not self._started:
            self.start()
        with self.display.lock:
            better = self.standing.tell(event, trial)
        if not self._quiet:
            self.display.changed(event, trial, better)

    def close(self) -> None:
        """Draws the last state and gives the terminal back; a second call does nothing."""
        if self._started and not self._quiet:
            self.display.close()
