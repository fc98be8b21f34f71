"""What a person sees while a sweep runs: a live table on a terminal, single lines in a pipe or a log, or nothing."""

from __future__ import annotations

import atexit
import os
import sys
import threading
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TextIO, cast

from rich.console import Console, RenderableType
from rich.live import Live

from sweeps.records.meter import Meter
from sweeps.records.record import State, TrialRecord
from sweeps.views.output import Output
from sweeps.views.overview import overview, spent, time_left
from sweeps.views.tally import FAILURES, Tally
from sweeps.views.text import metric_text, short_params

if TYPE_CHECKING:
    from sweeps.config import SweepConfig

REDRAW_SECONDS = 0.25
LINE_SECONDS = 1.0  # between lines that are not worth one each: starts, and reports that are no new best


class Progress:
    """A sink that shows the sweep. It writes to a stream that may be closed meanwhile, and goes on in silence then.

    Args:
        config: the sweep.
        quiet: show nothing.
        stream: where to; standard output by default.
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
        self._name, self._metric, self._goal = config.name, config.metric.name, config.metric.goal
        self._planned, self._quiet, self._clock = config.planned, quiet, clock
        self._tally, self._meter = Tally(self._metric, self._goal), Meter()
        self._limits: Mapping[str, Any] = {}
        self._output = Output(stream or sys.stdout)
        self._on_terminal = _can_redraw(self._output) if live is None else live
        self._live: Live | None = None
        self._timer: threading.Timer | None = None
        self._lock = threading.RLock()
        self._started = self._drawn = self._said = float("-inf")
        self._before = 0  # trials that earlier drivers brought to their end

    def start(self) -> None:
        """Begins to show; the first event that is not replayed does so by itself."""
        self._started, self._before = self._clock(), self._tally.done
        if self._quiet:
            return
        if self._on_terminal:
            console = Console(file=cast(TextIO, self._output), force_terminal=True, markup=False, highlight=False)
            self._live = Live(self._view(), console=console, auto_refresh=False)
            self._live.start()
            atexit.register(self.close)  # or a sweep that breaks off would leave a terminal without a cursor
        else:
            on = f", going on after {self._before}" if self._before else ""
            amount = "trials until the budget is spent" if self._planned is None else f"{self._planned} trials"
            self._say(f"{self._name}: {amount}, {self._goal} {self._metric}{on}")

    def handle(self, event: Mapping[str, Any], trial: TrialRecord | None) -> None:
        """Takes one event."""
        if "time" in event:
            self._meter.tell(event)
        self._limits = event.get("limits", self._limits)
        if event["event"] in {"sweep", "command"}:
            self._planned = event.get("planned", self._planned)
        if event.get("replayed"):
            if trial is not None:
                self._tally.take(trial)
            return
        if self._started == float("-inf"):
            self.start()
        new_best = trial is not None and self._tally.take(trial)
        if self._quiet or self._output.gone:
            return
        if event["event"] in {"note", "command"}:
            self._note(event["text"])
        elif trial is not None and self._live is not None:
            self._draw_soon()
        elif trial is not None:
            self._line(event, trial, new_best)

    def close(self) -> None:
        """Draws the last state and gives the terminal back; a second call does nothing."""
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
            if self._live is not None:
                live, self._live = self._live, None
                live.update(self._view())
                live.stop()
                atexit.unregister(self.close)

    def _draw_soon(self) -> None:
        with self._lock:
            wait = self._drawn + REDRAW_SECONDS - self._clock()
            if wait <= 0:
                self._draw()
            elif self._timer is None:
                self._timer = threading.Timer(wait, self._draw)
                self._timer.daemon = True
                self._timer.start()

    def _draw(self) -> None:
        with self._lock:
            self._timer = None
            if self._live is not None:
                self._drawn = self._clock()
                self._live.update(self._view(), refresh=True)

    def _view(self) -> RenderableType:
        head = f"{self._name}: {self._goal} {self._metric}"
        return overview(
            head,
            self._metric,
            self._tally,
            planned=self._planned,
            spent=spent(self._meter.cost, self._limits),
            left=self._left(),
            running=self._tally.running,
        )

    def _left(self) -> str:
        return time_left(self._tally.done, self._planned, self._clock() - self._started, self._before)

    def _note(self, text: str) -> None:
        if self._live is not None:
            self._live.console.print(text)
        else:
            self._say(text)

    def _line(self, event: Mapping[str, Any], trial: TrialRecord, new_best: bool) -> None:
        if event["event"] == "report":
            value = metric_text(event["metrics"].get(self._metric))
            text = f"{trial.id} report {event['report']} {self._metric}={value} {self._best(new_best)}"
            self._say(text, now=new_best)
        elif event["event"] == "state" and trial.state is State.RUNNING:
            again = f" again, attempt {trial.attempt}" if trial.attempt > 1 else ""
            parent = f" from {trial.parent.text}" if trial.parent and not again else ""
            self._say(f"{trial.id} running{again}{parent} {' '.join(short_params(trial.params))}", now=bool(again))
        elif event["event"] == "state":
            self._say(self._end(trial))

    def _end(self, trial: TrialRecord) -> str:
        reason = f" ({trial.reason.code})" if trial.reason and trial.reason.code != trial.state else ""
        if not trial.state.final:
            return f"{trial.id} {trial.state}{reason}"
        if trial.state in FAILURES:
            what = f": {trial.reason.text}" if trial.reason and trial.reason.text else ""
        else:
            best = trial.best(self._metric, self._goal)
            what = f", at best {self._metric}={metric_text(best.metrics[self._metric])}" if best else ""
        left = self._left()
        of = f" of {self._planned}" if self._planned is not None else ""
        used = spent(self._meter.cost, self._limits)
        done = ", ".join(filter(None, (f"{self._tally.done}{of} done", used and f"spent {used}", left)))
        count = len(trial.reports)
        return f"{trial.id} {trial.state}{reason} after {count} report{'' if count == 1 else 's'}{what}; {done}"

    def _best(self, new: bool) -> str:
        if new or self._tally.best is None:
            return "new best" if new else ""
        trial, report = self._tally.best
        return f"best={metric_text(report.metrics[self._metric])} ({trial.id})"

    def _say(self, line: str, *, now: bool = True) -> None:
        if now or self._clock() - self._said >= LINE_SECONDS:
            self._said = self._clock() if not now else self._said
            self._output.write(f"{' '.join(line.split())}\n")
            self._output.flush()


def _can_redraw(output: Output) -> bool:
    return output.isatty() and os.environ.get("TERM") not in {"dumb", "unknown"}
