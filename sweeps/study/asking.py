"""Asks something of a sweep that a driver runs, here or on another machine, and says what came of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from sweeps.config.places import COMMAND_LINE
from sweeps.errors import InputError
from sweeps.records.builder import RecordBuilder
from sweeps.records.commands import Command, Kind, answer, submit, taken_up
from sweeps.records.finding import refuse_repeats
from sweeps.records.ledger import read_events
from sweeps.records.lock import holder
from sweeps.records.naming import trial_named
from sweeps.records.sweep_file import read_config
from sweeps.study.requests import check

WAIT_SECONDS = 15.0
_LOOK_SECONDS = 0.2


@dataclass(frozen=True)
class Asked:
    """What became of a command.

    Attributes:
        command: with its id.
        text: what the driver did, or why it has done nothing yet.
        done: whether it did.
    """

    command: Command
    text: str
    done: bool


def ask(
    folder: Path,
    command: Command,
    *,
    wait: float = WAIT_SECONDS,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Asked:
    """Check ``command``, leave it in the sweep's folder, and wait until its driver has answered.

    Where no driver is at the sweep, the next one (`sweeps resume`) takes it up.

    Args:
        folder: the sweep's.
        command: what is asked.
        wait: seconds.
        clock: seconds; only differences count.
        sleep: waits so many seconds.

    Raises:
        InputError: it cannot be done, here or by the driver's word; nothing was changed.
    """
    folder = folder.expanduser().resolve()
    events, _ = read_events(folder)
    refuse_repeats(folder)
    record = RecordBuilder(events).record()
    driven = holder(folder) is not None
    if not driven:
        _refuse_idle(command, record.state)
    if command.trial:
        command = replace(command, trial=trial_named(record, command.trial, folder).id)
    check(command, read_config(folder, events), record, folder)
    asked = submit(folder, command)
    if not driven:
        return Asked(asked, f"nobody runs {record.name} now: `sweeps resume {folder}` takes it up", done=False)
    until = clock() + wait
    while clock() < until:
        events, _ = read_events(folder)
        if (found := answer(events, asked.id)) is not None:
            if found["refused"]:
                raise InputError(found["text"], where=COMMAND_LINE)
            return Asked(asked, found["text"], done=True)
        if asked.kind is Kind.EXTEND and not asked.now:
            break  # its turn comes when the trials are over
        if asked.kind is Kind.STOP and not asked.trial and holder(folder) is None:
            taken_up(folder, asked.id)
            return Asked(asked, "the sweep came to its end by itself", done=True)
        sleep(_LOOK_SECONDS)
    when = "when its trials are over" if asked.kind is Kind.EXTEND else "soon; it is busy"
    return Asked(asked, f"left for the driver of {record.name}, which takes it up {when}", done=False)


def _refuse_idle(command: Command, state: str) -> None:
    if command.kind is Kind.STOP and not command.trial:
        raise InputError("nobody runs this sweep now", where=COMMAND_LINE, mend="there is nothing to stop")
    if command.kind is Kind.FINISH and state == "finished":
        raise InputError("the sweep has finished already", where=COMMAND_LINE, mend="there is nothing to wind up")
