"""A sweep's folder sent to trackers, when it is over or while it goes on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from sweeps.config.overrides import parse_override
from sweeps.config.places import COMMAND_LINE, Places
from sweeps.config.secret_keys import refuse_secrets
from sweeps.config.trackers import KEY, MLflow, Tracker, WandB, read_trackers
from sweeps.errors import InputError, SweepError
from sweeps.records.following import follow
from sweeps.records.ledger import read_events
from sweeps.records.sweep_file import read_config
from sweeps.views.trackers.feeding import Feeder
from sweeps.views.trackers.making import make_sink
from sweeps.views.trackers.process import sending, tracked


def send(folder: Path, tracker: str | None, settings: Sequence[str], *, keep_up: bool = False) -> Iterator[str]:
    """Send the sweep in ``folder``, tracker by tracker; a line for each.

    Args:
        folder: the sweep's.
        tracker: ``mlflow``, ``wandb`` or ``module:function``; by default those of the sweep's file.
        settings: ``key=value`` of that tracker, instead of those in the file.
        keep_up: go on until the sweep ends or its driver is gone; to one tracker.

    Raises:
        InputError: no sweep, a tracker that cannot be used, or somebody is sending just now.
        SweepError: the tracker did not take it.
    """
    events, _ = read_events(folder)
    if not events:
        raise InputError("the sweep never began", where=str(folder), mend="run it again")
    folder = folder.expanduser().resolve()
    wanted = _wanted(folder, tracker, settings)
    if keep_up and len(wanted) > 1:
        names = ", ".join(one.name for one in wanted)
        raise InputError(f"--follow goes to one tracker, and there are {names}", where=COMMAND_LINE, mend="name one")
    for one in wanted:
        with sending(folder, one, timeout=0):
            sweep, base = tracked(folder)
            try:
                feeder = Feeder(make_sink(one, sweep, base), silent=True)
            except SweepError:
                raise
            except Exception as error:
                raise SweepError(f"{one.name}: {type(error).__name__}: {' '.join(str(error).split())}") from error
            feeder.feed(follow(folder) if keep_up else [events])
        if feeder.failure:
            raise SweepError(f"{one.name} did not take all of it: {feeder.failure}; the same command goes on")
        yield _said(one, folder, sum(event["event"] == "trial" for event in read_events(folder)[0]))


def _wanted(folder: Path, tracker: str | None, settings: Sequence[str]) -> tuple[Tracker, ...]:
    config = read_config(folder)
    if tracker is None:
        if not config.trackers:
            message = "the sweep's file names no tracker"
            raise InputError(message, where=str(folder), mend=f"as in `sweeps track {folder} mlflow`")
        listed: list[Any] = [one.to_mapping() for one in config.trackers]
    else:
        kind = "function" if ":" in tracker else "name"
        listed = [{kind: tracker, **dict(parse_override(setting) for setting in settings)}]
    places = Places(COMMAND_LINE, overridden=(KEY,))
    refuse_secrets({KEY: listed}, places)
    return read_trackers(listed, config.base, places)


def _said(tracker: Tracker, folder: Path, trials: int) -> str:
    where = ""
    match tracker:
        case MLflow(tracking_uri=str(uri)):
            where = f" at {uri}"
        case WandB() if tracker.offline:
            where = f" in {folder / 'wandb'}; wandb sync sends them on"
    return f"{trials} trials are in {tracker.name}{where}"
