"""Commands that look at a sweep, or take its model home: they change nothing in its folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sweeps.cli.parts import AsJson, Folder, say, show
from sweeps.errors import InputError

if TYPE_CHECKING:
    from sweeps.records.events import Event


def status(
    folder: Folder,
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Follow it until it ends; Ctrl-C leaves.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show how a sweep stands.

    With --watch as it goes on, from any terminal or machine that sees the folder: a table that changes in place, and a
    line for each event where there is no terminal.
    """
    from sweeps.records.builder import read_sweep
    from sweeps.records.commands import waiting
    from sweeps.views import tables
    from sweeps.views.standing import Standing

    if watch and as_json:
        raise InputError("--watch and --json", where="command line", mend="leave one of them out")
    if watch:
        from sweeps.views.watch import watch_sweep

        raise SystemExit(int(watch_sweep(folder)))
    events: list[Event] = []
    record = read_sweep(folder, lambda _, event, __: events.append(event))
    standing = Standing.read(record, events)
    asked = waiting(folder)
    show(tables.status_json(record, standing, asked), tables.status_view(record, standing, asked), as_json)


def list_trials(folder: Folder, as_json: AsJson = False) -> None:
    """List the trials of a sweep."""
    from sweeps.records.builder import read_sweep
    from sweeps.views import tables

    record = read_sweep(folder)
    show(tables.trials_json(record), tables.trials_table(record), as_json)


def best(folder: Folder, as_json: AsJson = False) -> None:
    """Show the best trial of a sweep."""
    from sweeps.take_home.best import best_of
    from sweeps.views import tables

    record, found = best_of(folder)
    show(tables.best_json(record, found), tables.best_panel(record, found), as_json)


def export(
    folder: Folder,
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The folder to write; must not be there yet.")],
    trial: Annotated[str | None, typer.Option(help="Another trial than the best.")] = None,
) -> None:
    """Write the best model of a sweep as an ordinary model folder.

    For Hugging Face models what save_pretrained writes, with a model card; sweeps.load(OUT) reads either kind.
    """
    from sweeps.take_home.export import export_trial

    exported = export_trial(folder, out, trial)
    say(f"{exported.trial} ({exported.metric}={exported.value:.6g}) is in {out}")


def evaluate(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="An exported model.")],
    data: Annotated[Path, typer.Argument(metavar="FILE", help="Labelled rows: JSONL, CSV or Parquet.")],
    text: Annotated[str | None, typer.Option(help="The text column, if it differs from training's.")] = None,
    label: Annotated[str | None, typer.Option(help="The label column, if it differs from training's.")] = None,
    as_json: AsJson = False,
) -> None:
    """Evaluate an exported model on labelled rows; of a classifier each class too."""
    from sweeps.take_home.evaluate import evaluate_classes
    from sweeps.views import scores

    found = evaluate_classes(model, data, text=text, label=label)
    said = scores.scores_json(found.metrics, found.classes)
    show(said, scores.scores_view(found.metrics, found.classes), as_json)


def tensorboard(
    folders: Annotated[list[Path], typer.Argument(metavar="DIR...", help="The folders of one sweep or several.")],
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port on this machine; 0 takes a free one.")] = 6006,
) -> None:
    """Start TensorBoard on a sweep or several, on this machine only.

    Ctrl-C ends it. Several sweeps stand side by side in one table, and trials that begin later join them.
    """
    from sweeps.take_home.board import serve_tensorboard

    serve_tensorboard(folders, port, say)
