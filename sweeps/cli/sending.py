"""Commands that hand a sweep to what people look at it with already."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sweeps.cli.parts import Folder, Quiet, say
from sweeps.errors import Exit

if TYPE_CHECKING:
    from sweeps.records.record import SweepRecord
    from sweeps.views.optuna_storage import Written


def optuna(
    folder: Folder,
    storage: Annotated[
        str | None, typer.Option(metavar="URL", help="A database, as Optuna takes it; by default DIR/optuna.db.")
    ] = None,
    journal: Annotated[
        bool, typer.Option("--journal", help="A journal file: DIR/optuna.journal, or what --storage names.")
    ] = False,
    study: Annotated[str | None, typer.Option(metavar="NAME", help="Of the study; by default the sweep's.")] = None,
    keep_up: Annotated[
        bool, typer.Option("--follow", "-f", help="Keep it up to date until the sweep ends, or Ctrl-C.")
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Write a sweep as an Optuna study, for optuna-dashboard and its plots.

    Running it again brings the study up to date.
    """
    from sweeps.take_home.optuna_export import export_to_optuna, optuna_url

    def tell(record: SweepRecord, written: Written) -> None:
        if keep_up and not quiet:
            anew = ", written anew since the past changed" if written.anew else ""
            say(f"{len(record.trials)} trials, {written.added} new, {written.updated} updated{anew}")

    try:
        record = export_to_optuna(folder, storage, journal=journal, study=study, keep_up=keep_up, say=tell)
    except KeyboardInterrupt:
        raise SystemExit(int(Exit.INTERRUPTED)) from None
    url = optuna_url(Path(folder), storage, journal=journal)
    say(f"{len(record.trials)} trials are study {study or record.name} in {url}")
    if not quiet:
        say(f"look at it: optuna-dashboard {url}")


def track(
    folder: Folder,
    tracker: Annotated[
        str | None, typer.Argument(metavar="TRACKER", help="mlflow, wandb or module:make; by default the sweep file's.")
    ] = None,
    settings: Annotated[
        list[str] | None, typer.Argument(metavar="KEY=VALUE", help="Its settings: mode=offline experiment=mine")
    ] = None,
    keep_up: Annotated[bool, typer.Option("--follow", "-f", help="Go on until the sweep ends, or Ctrl-C.")] = False,
) -> None:
    """Send a sweep to MLflow, Weights & Biases or a tracker of your own.

    What is there already is not sent again. A sweep whose file names trackers sends to them by itself.
    """
    from sweeps.take_home.track import send

    try:
        for line in send(folder, tracker, settings or [], keep_up=keep_up):
            say(line)
    except KeyboardInterrupt:
        raise SystemExit(int(Exit.INTERRUPTED)) from None
