"""Commands that put trials side by side, or show one of them whole: they change nothing in a sweep's folder."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from sweeps.cli.parts import AsJson, Folder
from sweeps.cli.parts import show as show_one_of
from sweeps.errors import InputError
from sweeps.views.output import Output

Folders = Annotated[list[Path], typer.Argument(metavar="DIR...", help="The folders of one or more sweeps.")]


def compare(
    folders: Folders,
    where: Annotated[
        str, typer.Option(metavar="EXPRESSION", help="Only these trials: \"batch_size >= 32 and state == 'finished'\"")
    ] = "",
    sort: Annotated[str, typer.Option(metavar="NAME", help="By a parameter, a metric, seconds, ...")] = "value",
    reverse: Annotated[bool, typer.Option("--reverse", help="The other way round.")] = False,
    metrics: Annotated[str, typer.Option(metavar="NAMES", help="More metrics: f1_macro,loss")] = "",
    top: Annotated[int | None, typer.Option(min=1, help="Only so many.")] = None,
    all_parameters: Annotated[
        bool, typer.Option("--all-parameters", help="Also the parameters that are the same in all trials.")
    ] = False,
    as_json: AsJson = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
) -> None:
    """Compare trials, of one sweep or of several.

    The best first, with the parameters that differ between them.

    Names in --where and --sort: parameters, metrics, state, reason, value (of the sweep's metric), seconds, reports,
    attempts, trial, sweep, and what the sweep fixes. A trial that lacks one of them does not fulfil what is said of it.
    """
    from sweeps.records.opened import open_sweeps
    from sweeps.views import comparison, comparison_table

    if as_json and as_csv:
        raise InputError("--json and --csv exclude each other", where="command line", mend="leave one out")
    asked = comparison.Asked(where, sort, reverse, comparison.split_names(metrics), top, all_parameters)
    found = comparison.compare(open_sweeps(folders), asked)
    if as_csv:
        output = Output(sys.stdout)
        output.write(comparison_table.comparison_csv(found))
        output.flush()
        return
    show_one_of(comparison_table.comparison_json(found), comparison_table.comparison_view(found), as_json)


def show(
    folder: Folder,
    trial: Annotated[str, typer.Argument(metavar="TRIAL", help="Its name, as t0007 or 7, or `best`.")],
    lines: Annotated[int, typer.Option(min=0, help="So many lines of its log.")] = 10,
    as_json: AsJson = False,
) -> None:
    """Show one trial whole: parameters, curves, reports, log.

    With its place among the others, and the commands that train it again and take its model home.
    """
    from sweeps.take_home.one_trial import one_trial
    from sweeps.views import trial_page

    found = one_trial(folder, trial, lines=lines)
    show_one_of(trial_page.one_trial_json(found), trial_page.one_trial_view(found), as_json)


def diff(
    folder: Folder,
    first: Annotated[
        str, typer.Argument(metavar="A", help="A trial: t0007, 7 or `best`; of another sweep DIR2:t0007.")
    ],
    second: Annotated[str, typer.Argument(metavar="B", help="Another one.")],
    other: Annotated[Path | None, typer.Option(metavar="DIR", help="The sweep that B is of.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show what differs between two trials.

    Parameters, metrics at each common report and at their bests, cost. They may be of two sweeps.
    """
    from sweeps.take_home.one_trial import two_trials
    from sweeps.views import trial_diff

    found = trial_diff.difference(*two_trials(folder, first, second, other))
    show_one_of(trial_diff.difference_json(found), trial_diff.difference_view(found), as_json)
