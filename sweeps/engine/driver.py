"""Runs a sweep: new, or gone on with. One Tuner, from the first trial to the last."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from sweeps.config import SweepConfig
from sweeps.config.extending import Changes
from sweeps.config.retracking import retracked
from sweeps.config.trackers import check_trackers
from sweeps.engine import carrying, data_report
from sweeps.engine.cluster import address_of, connected
from sweeps.engine.drive import RunOutcome as RunOutcome
from sweeps.engine.drive import drive
from sweeps.engine.preparation import prepare
from sweeps.engine.signals import watched
from sweeps.engine.sweep_folder import never_began, new_folder, start_facts
from sweeps.errors import Exit, InputError
from sweeps.records.archive import Fingerprint
from sweeps.records.builder import RecordBuilder
from sweeps.records.commands import Command, Kind, taken_up, waiting
from sweeps.records.finding import refuse_repeats
from sweeps.records.ledger import Ledger, read_events
from sweeps.records.lock import SweepLock
from sweeps.records.sweep_file import finish_switch, read_config, rewrite_config, sweep_file, write_config
from sweeps.study.extension import Extension, plan_extension, write_down
from sweeps.views.sink import Sink

MakeSinks = Callable[[Extension], Sequence[Sink]]


def run_sweep(
    config: SweepConfig,
    storage: Path,
    *,
    address: str | None = None,
    sinks: Sequence[Sink] = (),
    say: Callable[[str], None] = lambda _: None,
    cache: Path | None = None,
    again: MakeSinks = lambda _: (),
) -> RunOutcome:
    """Run a new sweep to its end, or until a signal ends it.

    Args:
        config: the sweep.
        storage: its folder is made in here.
        address: of a Ray cluster; by default ``RAY_ADDRESS``, else a local Ray.
        sinks: hear of every event.
        say: takes a line for whoever waits, before the first event.
        cache: where prepared data lie; by default in the sweep's folder.
        again: makes what hears of an extension that somebody asks for while the sweep runs.

    Raises:
        InputError: nothing was started: the name is in use, the data or the resources are not there.
        SweepError: it broke off; what was done is kept and can be resumed.
    """
    folder = new_folder(storage, config.name)
    with watched() as signals, SweepLock(folder):
        try:
            variants = prepare(config, cache or folder / "cache")
            data_report.write(folder, variants)
            kind = carrying.fingerprint(config, variants)
            config, taken_over = carrying.warmed(config, kind)
            told = [*data_report.notes(variants), *taken_over]
            with config.places.known(), connected(address_of(address), config.resources, say) as slots:
                write_config(folder, config)
                with Ledger.open(folder, create=True) as ledger:
                    outcome = drive(config, folder, ledger, slots, sinks, signals, told, cache, kind)
        except BaseException:
            # Nothing has been trained: leave no folder behind that would make the name look used.
            if never_began(folder):
                shutil.rmtree(folder, ignore_errors=True)
            raise
    return _extended_as_asked(outcome, address=address, sinks=again, say=say)


def resume_sweep(
    folder: Path,
    *,
    address: str | None = None,
    sinks: Sequence[Sink] = (),
    say: Callable[[str], None] = lambda _: None,
    cache: Path | None = None,
    again: MakeSinks = lambda _: (),
    settings: Sequence[str] | Mapping[str, Any] = (),
) -> RunOutcome:
    """Go on with a sweep from its ledger: finished trials stay, the others go on from their checkpoints.

    A sweep that has finished is left as it is, unless somebody asked for more since. Arguments as for `run_sweep`;
    ``settings`` may give it other trackers.

    Raises:
        InputError: there is no sweep, its configuration was changed, or another driver is at it.
    """
    folder = folder.expanduser().resolve()
    with watched() as signals, SweepLock(folder), Ledger.open(folder, create=False) as ledger:
        finish_switch(folder, ledger.past)
        config = read_config(folder, ledger.past)
        earlier = RecordBuilder(ledger.past).record()
        if earlier.state == "finished" and not waiting(folder):
            return RunOutcome(folder, earlier, Exit.DONE)
        if settings:
            config = retracked(config, sweep_file(folder, ledger.past), settings)
            rewrite_config(folder, config)
        check_trackers(config.trackers, config.base, config.places)
        kind = carrying.fingerprint(config, prepare(config, cache or folder / "cache"))
        with config.places.known(), connected(address_of(address), config.resources, say) as slots:
            outcome = drive(config, folder, ledger, slots, sinks, signals, cache=cache, kind=kind)
    return _extended_as_asked(outcome, address=address, sinks=again, say=say)


def extend_sweep(
    folder: Path,
    changes: Changes,
    *,
    address: str | None = None,
    sinks: MakeSinks = lambda _: (),
    say: Callable[[str], None] = lambda _: None,
    command: Command | None = None,
) -> RunOutcome:
    """Go on with a sweep, finished or not, with another configuration: more trials, a larger budget, another space.

    Args:
        folder: the sweep's.
        changes: as for `sweeps.config.extending.extended`.
        address: as for `run_sweep`; so is ``say``.
        sinks: is told of the extension before it begins, and makes what hears of every event.
        command: by which somebody asked for it.

    Raises:
        InputError: there is no sweep, another driver is at it, or changes that cannot be made; nothing was changed.
    """
    folder = folder.expanduser().resolve()
    read_events(folder)  # says what the folder is where it is no sweep's
    refuse_repeats(folder)
    with watched() as signals, SweepLock(folder), Ledger.open(folder, create=False) as ledger:
        finish_switch(folder, ledger.past)
        extension = plan_extension(folder, ledger.past, changes)
        heard = sinks(extension)
        kind = carrying.fingerprint(extension.config, prepare(extension.config, folder / "cache"))
        extension, told = _warmed(extension, kind, ledger.id)
        config = extension.config
        with config.places.known(), connected(address_of(address), config.resources, say) as slots:
            attempts = sum(event["event"] == "sweep" for event in ledger.past)
            facts = start_facts(config, attempts + 1, slots.gpus or 1.0, extension.planned, slots.count)
            write_down(extension, folder, ledger, facts)
            if command is not None:
                ledger.past.append(ledger.append("command", **_answer(command, f"extended by {command.by}")))
                taken_up(folder, command.id)
            outcome = drive(config, folder, ledger, slots, heard, signals, told, kind=kind, begun=True)
    return _extended_as_asked(outcome, address=address, sinks=sinks, say=say)


def _extended_as_asked(
    outcome: RunOutcome, *, address: str | None, sinks: MakeSinks, say: Callable[[str], None]
) -> RunOutcome:
    """Go on with the first extension that somebody asked for meanwhile; one that cannot be made is refused."""
    if outcome.code is not Exit.DONE:
        return outcome
    asked = [one for one in waiting(outcome.folder) if isinstance(one, Command) and one.kind is Kind.EXTEND]
    # For one that is to be made at once the trials were interrupted; the others' turn comes when these are over.
    urgent = [one for one in asked if one.now]
    for command in urgent or asked:
        changes = command.values.get("settings") or command.values.get("changes") or []
        try:
            return extend_sweep(outcome.folder, changes, address=address, sinks=sinks, say=say, command=command)
        except InputError as error:
            with SweepLock(outcome.folder), Ledger.open(outcome.folder, create=False) as ledger:
                ledger.append("command", **_answer(command, str(error), refused=True))
            taken_up(outcome.folder, command.id)
            say(f"not extended as {command.by} asked: {error}")
    return outcome


def _answer(command: Command, text: str, *, refused: bool = False) -> dict[str, Any]:
    return {"id": command.id, "command": str(command.kind), "by": command.by, "text": text, "refused": refused}


def _warmed(extension: Extension, kind: Fingerprint, own: str) -> tuple[Extension, list[str]]:
    """Earlier sweeps are looked for again where the extension asks for others."""
    before, after = extension.before.carrying, extension.config.carrying
    if (before.warm_start, before.archive) == (after.warm_start, after.archive):
        return extension, []
    config, told = carrying.warmed(extension.config, kind, own)
    return replace(extension, config=config), told
