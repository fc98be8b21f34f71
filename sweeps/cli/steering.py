"""Commands to a sweep that runs, from any machine that sees its folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sweeps.cli.parts import Folder, say
from sweeps.errors import InputError

if TYPE_CHECKING:
    from sweeps.records.commands import Command

Trial = Annotated[str, typer.Argument(metavar="TRIAL", help="A trial: t0007, 7, or `best`.")]
Values = Annotated[
    list[str] | None,
    typer.Argument(metavar="KEY=VALUE", help="Parameters: learning_rate=3e-4 batch_size=32"),
]


def stop(
    folder: Folder,
    trials: Annotated[
        list[str] | None, typer.Argument(metavar="TRIAL", help="Trials to stop; without any, the sweep.")
    ] = None,
    finish: Annotated[
        bool, typer.Option("--finish", help="Begin no new trials, and train the best to their ends.")
    ] = False,
) -> None:
    """Stop a sweep that runs, or some of its trials.

    The sweep ends as by Ctrl-C, and `sweeps resume` goes on with it. With --finish it ends as if its budget were spent.
    """
    from sweeps.records.commands import Command, Kind

    if finish and trials:
        raise InputError("--finish is about the sweep", where="command line", mend="leave out the trials, or --finish")
    if not trials:
        _ask(folder, Command(Kind.FINISH if finish else Kind.STOP))
    for trial in trials or []:
        _ask(folder, Command(Kind.STOP, trial=trial))


def add(folder: Folder, values: Values = None) -> None:
    """Add a configuration of your own to a sweep, running or not.

    It joins the queue as one more trial. What is not given is at its default or its middle.
    """
    from sweeps.records.commands import Command, Kind

    _ask(folder, Command(Kind.ADD, values=_read(values)))


def clone(
    folder: Folder,
    trial: Trial,
    values: Values = None,
    warm: Annotated[
        bool, typer.Option("--warm", help="Begin from the trial's newest checkpoint, not from scratch.")
    ] = False,
) -> None:
    """Train a copy of a trial with changed values, as one more trial.

    With --warm only what may change while a trial trains can change: rates, decay, dropout.
    """
    from sweeps.records.commands import Command, Kind

    _ask(folder, Command(Kind.CLONE, trial=trial, values=_read(values), warm=warm))


def _read(values: list[str] | None) -> dict[str, object]:
    from sweeps.config.overrides import parse_override

    return dict(parse_override(one) for one in values or [])


def _ask(folder: Path, command: Command) -> None:
    from sweeps.study.asking import ask

    say(ask(folder, command).text)
