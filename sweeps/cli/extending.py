"""The command that goes on with a sweep in another way than it was begun."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from sweeps.cli.parts import Address, Folder, Quiet, close, say

if TYPE_CHECKING:
    from sweeps.study.extension import Extension
    from sweeps.views.sink import Sink

Changes = Annotated[
    list[str] | None,
    typer.Argument(metavar="KEY=VALUE", help="What changes: trials=+20 budget.trainings=+5 'parameters.dropout={...}'"),
]


def extend(
    folder: Folder,
    changes: Changes = None,
    address: Address = None,
    quiet: Quiet = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be used, and change nothing.")] = False,
    now: Annotated[
        bool, typer.Option("--now", help="On a sweep that runs: at once, and not when its trials are over.")
    ] = False,
) -> None:
    """Go on with a sweep: more trials, a larger budget, another space or method.

    Earlier trials that fit are used, the others stay in the sweep and are listed. `+5` adds to a number. Of a sweep
    that runs, the driver does it when the trials are over, or --now: they go on from their checkpoints.
    """
    from sweeps.records.commands import Command, Kind
    from sweeps.records.finding import refuse_repeats
    from sweeps.records.ledger import read_events
    from sweeps.records.lock import holder
    from sweeps.study.asking import ask
    from sweeps.study.extension import plan_extension

    if dry_run:
        events, _ = read_events(folder)
        refuse_repeats(folder.expanduser().resolve())
        _tell(plan_extension(folder, events, changes or []), say)
        return
    told = (lambda _: None) if quiet else say
    if holder(folder) is not None:
        events, _ = read_events(folder)
        plan_extension(folder, events, changes or [])
        told(ask(folder, Command(Kind.EXTEND, values={"changes": list(changes or [])}, now=now)).text)
        return
    from sweeps.engine.driver import extend_sweep

    close(extend_sweep(folder, changes or [], address=address, sinks=following(quiet, told), say=told))


def following(quiet: bool, told: Callable[[str], None]) -> Callable[[Extension], Sequence[Sink]]:
    """What shows an extension, one that was asked for while the sweep ran among them."""

    def sinks(extension: Extension) -> Sequence[Sink]:
        from sweeps.views.progress import Progress

        if not quiet:
            _tell(extension, told)
        return [Progress(extension.config, quiet=quiet)]

    return sinks


def _tell(extension: Extension, told: Callable[[str], None]) -> None:
    from sweeps.views.extension_lines import extension_lines

    for line in extension_lines(
        extension.before,
        extension.config,
        used=extension.used,
        outside=extension.outside,
        unfinished=extension.unfinished,
        reopened=extension.reopened,
        new=extension.new,
    ):
        told(line)
