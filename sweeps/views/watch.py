"""Looking on while somebody runs a sweep: the same display as theirs, from the ledger alone."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from sweeps.errors import Exit
from sweeps.records.builder import RecordBuilder, read_sweep
from sweeps.records.following import follow
from sweeps.views.display import Display, screen_for
from sweeps.views.event_lines import head_line
from sweeps.views.output import Output
from sweeps.views.standing import Standing


def watch_sweep(
    folder: Path, *, stream: TextIO | None = None, live: bool | None = None, pause: Callable[[float], None] = time.sleep
) -> Exit:
    """Shows how the sweep goes on until it ends, its driver is gone, or Ctrl-C; then how it stands.

    Args:
        folder: the sweep's.
        stream: where to; standard output by default.
        live: a table or single lines; by default what suits the stream.
        pause: waits between two looks.

    Returns:
        The exit code.

    Raises:
        InputError: there is no sweep.
    """
    record = read_sweep(folder)
    standing, builder = Standing(record.name, record.metric, record.goal, record.planned), RecordBuilder()
    output = Output(stream or sys.stdout)
    display = Display(standing, output, screen_for(output, live=live))
    code, begun = Exit.DONE, False
    try:
        for events in follow(folder, pause=pause):
            for event in events:
                with display.lock:
                    better = standing.follow(event, builder)
                if begun:
                    trial = builder.trial(event["trial"]) if "trial" in event else None
                    display.changed(event, trial, better)
            if not begun:  # what had happened before is shown as where it stands
                begun = True
                display.start(f"{head_line(standing)}, {standing.tally.done} done so far")
            if output.gone:
                break
        with display.lock:
            standing.take(read_sweep(folder).trials)  # where its driver is gone, nothing runs any more
    except KeyboardInterrupt:
        code = Exit.INTERRUPTED
    finally:
        display.close()
    state = read_sweep(folder).state
    said = "it goes on" if code is Exit.INTERRUPTED and state == "running" else state
    output.write(f"{standing.name}: {said}\n")
    output.flush()
    return code
