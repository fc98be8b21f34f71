"""Commands that begin something: a sweep, a training, a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sweeps.cli.extending import following
from sweeps.cli.parts import Address, AsJson, Folder, InitFrom, Quiet, Settings, Storage, close, say, show
from sweeps.errors import InputError


def run(
    source: Annotated[str | None, typer.Argument(metavar="FILE", help="A sweep file, or the name of a recipe.")] = None,
    settings: Settings = None,
    storage: Storage = Path("runs"),
    name: Annotated[str | None, typer.Option(help="The sweep's name, instead of the file's.")] = None,
    address: Address = None,
    seed: Annotated[int | None, typer.Option(help="The sweep's seed, instead of the file's.")] = None,
    init_from: InitFrom = None,
    quiet: Quiet = False,
    list_recipes: Annotated[bool, typer.Option("--list", help="List the recipes and stop.")] = False,
) -> None:
    """Run a sweep: its trials in parallel, those without a chance stopped early.

    All of it goes into one folder, by default runs/NAME. Ctrl-C ends it in good order, and `sweeps resume` goes on.
    With --init-from its trials begin from an exported model, whose configuration is tried first.
    """
    from sweeps.config import load_sweep, recipes

    if list_recipes:
        for recipe in recipes():
            say(f"{recipe.name:20} {recipe.description}")
        return
    if source is None:
        raise InputError("no sweep file given", where="command line", mend="name a file, or a recipe of --list")
    from sweeps.engine.driver import run_sweep
    from sweeps.views.progress import Progress
    from sweeps.views.text import counted

    config = load_sweep(source, settings or [], name=name, seed=seed, init_from=init_from)
    if config.method == "grid" and not quiet:
        say(f"a grid of {counted(config.space.grid_size(), 'configuration')}")
    told = (lambda _: None) if quiet else say
    progress = Progress(config, quiet=quiet)
    again = following(quiet, told)
    close(run_sweep(config, storage, address=address, sinks=[progress], say=told, again=again))


def resume(
    folder: Folder,
    settings: Annotated[
        list[str] | None, typer.Argument(metavar="trackers=[...]", help="Other trackers from now on: trackers=[mlflow]")
    ] = None,
    address: Address = None,
    quiet: Quiet = False,
) -> None:
    """Go on with a sweep that was interrupted.

    Finished trials stay as they are, the others go on from their last checkpoints.
    """
    from sweeps.engine.driver import resume_sweep
    from sweeps.records.sweep_file import read_config
    from sweeps.views.progress import Progress

    told = (lambda _: None) if quiet else say
    progress = Progress(read_config(folder), quiet=quiet)
    again = following(quiet, told)
    close(resume_sweep(folder, address=address, sinks=[progress], say=told, again=again, settings=settings or []))


def confirm(
    folder: Folder,
    top: Annotated[int, typer.Option(min=1, help="How many of the best trials are trained again.")] = 3,
    seeds: Annotated[int, typer.Option(min=1, help="With how many fresh seeds, each of them.")] = 5,
    no_test: Annotated[bool, typer.Option("--no-test", help="Do not look at the test split.")] = False,
    look_again: Annotated[
        bool, typer.Option("--look-again", help="Look at the test split though somebody did before; it is counted.")
    ] = False,
    address: Address = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Train the best trials again with fresh seeds, and test the winner.

    Says whether the winner is told apart from the runner-up, and evaluates it on the test split, once. Where it was
    interrupted, the same command goes on.
    """
    from sweeps.engine.inner import InnerSweeps
    from sweeps.records.builder import read_sweep
    from sweeps.take_home.confirm import confirm as confirm_sweep
    from sweeps.views import confirmation
    from sweeps.views.progress import Progress

    silent = quiet or as_json
    driver = InnerSweeps(address, lambda config: [Progress(config, quiet=silent)], (lambda _: None) if silent else say)
    found = confirm_sweep(folder, driver, top=top, seeds=seeds, test=not no_test, look_again=look_again)
    record = read_sweep(folder)
    parts = (record, found.confirmation, found.look, found.unseen)
    show(confirmation.confirmed_json(*parts), confirmation.confirmed_view(*parts, again=found.again), as_json)


def train(
    source: Annotated[str, typer.Argument(metavar="FILE", help="A sweep file, or the name of a recipe.")],
    settings: Annotated[
        list[str] | None,
        typer.Argument(metavar="KEY=VALUE", help="Parameters and settings: learning_rate=1e-3 trainer.epochs=1"),
    ] = None,
    export: Annotated[Path | None, typer.Option(help="Write the trained model into this folder.")] = None,
    init_from: InitFrom = None,
) -> None:
    """Train one configuration here, without Ray.

    Each searched parameter has the value that is given, as in learning_rate=1e-3, else that of the model that training
    begins from (--init-from), else the middle of its range.
    """
    from sweeps.take_home.single import train_single

    train_single(source, settings or [], export, init_from=init_from, echo=say)


def validate(
    source: Annotated[str, typer.Argument(metavar="FILE", help="A sweep file, or the name of a recipe.")],
    settings: Settings = None,
    init_from: InitFrom = None,
) -> None:
    """Check a sweep file and its data, say what it would do, start nothing."""
    from sweeps.config import load_sweep
    from sweeps.engine.outlook import check
    from sweeps.views.plan import plan_view

    config = load_sweep(source, settings or [], init_from=init_from)
    show(None, plan_view(config, check(config)), as_json=False)


def init(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write it.")] = Path("sweep.yaml"),
) -> None:
    """Write a commented sweep file to start from."""
    from sweeps.config import starter

    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(starter())
    except FileExistsError:
        raise InputError("is there already", where=str(path), mend="name another file") from None
    except OSError as error:
        raise InputError(f"cannot be written: {error.strerror}", where=str(path)) from None
    say(f"wrote {path}; try: sweeps validate {path}")
