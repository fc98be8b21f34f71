"""The sink of each tracker that a sweep file can name."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import cast

from sweeps.config.trackers import MLflow, OwnTracker, Tracker, WandB
from sweeps.errors import InputError
from sweeps.views.sink import Sink
from sweeps.views.trackers.tracked import TrackedSweep


def make_sink(tracker: Tracker, sweep: TrackedSweep, base: Path) -> Sink:
    """What hears of ``sweep``. ``base`` is the folder in which one's own module is looked for first.

    Raises:
        InputError: one's own function gives no sink.
        Exception: whatever a package or somebody's own function raises.
    """
    match tracker:
        case MLflow():
            from sweeps.views.trackers.mlflow_sink import MLflowSink

            return MLflowSink(tracker, sweep)
        case WandB():
            from sweeps.views.trackers.wandb_sink import WandBSink

            return WandBSink(tracker, sweep)
        case OwnTracker():
            return _own(tracker, sweep, base)


def _own(tracker: OwnTracker, sweep: TrackedSweep, base: Path) -> Sink:
    if str(base) not in sys.path:
        sys.path.insert(0, str(base))
    module, _, function = tracker.function.partition(":")
    made = getattr(importlib.import_module(module), function)(dict(tracker.settings), sweep)
    if not callable(getattr(made, "handle", None)) or not callable(getattr(made, "close", None)):
        message = f"gave {type(made).__name__}, which is no sink: it needs handle(event, trial) and close()"
        raise InputError(message, where=tracker.function)
    return cast("Sink", made)
