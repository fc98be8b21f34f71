"""The command that goes on with a sweep in another way than it was begun."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from sweeps.cli.parts import Address, Folder, Quiet, close, say

if TYPE_CHECKING:
    from sweeps.study.extension import Extension

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
) -> None:
    """Go on with a sweep: more trials, a larger budget, another space or method.

    Earlier trials that fit are used, the others stay in the sweep and are listed. `+5` adds to a number.
    """
    from sweeps.engine.driver import extend_sweep
    from sweeps.records.finding import refuse_repeats
    from sweeps.records.ledger import read_events
    from sweeps.study.extension import plan_extension
    from sweeps.views.progress import Progress

    def sinks(extension: Extension) -> list[Progress]:
        if not quiet:
            _tell(extension)
        return [Progress(extension.config, quiet=quiet)]

    if dry_run:
        events, _ = read_events(folder)
        refuse_repeats(folder.expanduser().resolve())
        _tell(plan_extension(folder, events, changes or []))
        return
    told = (lambda _: None) if quiet else say
    close(extend_sweep(folder, changes or [], address=address, sinks=sinks, say=told))


def _tell(extension: Extension) -> None:
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
        say(line)
