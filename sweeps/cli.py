"""The command line: thin. Each command reads its arguments, calls one function and prints what comes back."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from sweeps.errors import InputError, SweepError
from sweeps.views.output import Output

app = typer.Typer(
    name="sweeps",
    help="Hyperparameter sweeps for fine-tuning: run one, compare its trials, take home the best model.\n\n"
    "To try it: sweeps run digits",
    epilog="Exit codes: 0 done, 1 failed, 2 bad input (nothing was started), 3 no usable trial, 130 interrupted, "
    "143 terminated.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="The folder of a sweep.")]
Settings = Annotated[
    list[str] | None,
    typer.Argument(metavar="KEY=VALUE", help="Settings instead of the file's: trials=10 trainer.epochs=1"),
]
Storage = Annotated[Path, typer.Option(help="Where sweep folders are made.")]
Address = Annotated[str | None, typer.Option(help="A Ray cluster; by default RAY_ADDRESS, else a local Ray.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print only the result.")]


def _version(asked: bool) -> None:
    if asked:
        from sweeps import __version__

        typer.echo(f"sweepwright {__version__}")
        raise typer.Exit


@app.callback()
def top(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Hyperparameter sweeps for fine-tuning: run one, compare its trials, take home the best model."""


@app.command()
def run(
    source: Annotated[str | None, typer.Argument(metavar="FILE", help="A sweep file, or the name of a recipe.")] = None,
    settings: Settings = None,
    storage: Storage = Path("runs"),
    name: Annotated[str | None, typer.Option(help="The sweep's name, instead of the file's.")] = None,
    address: Address = None,
    seed: Annotated[int | None, typer.Option(help="The sweep's seed, instead of the file's.")] = None,
    quiet: Quiet = False,
    list_recipes: Annotated[bool, typer.Option("--list", help="List the recipes and stop.")] = False,
) -> None:
    """Run a sweep: its trials in parallel, those without a chance stopped early.

    All of it goes into one folder, by default runs/NAME. Ctrl-C ends it in good order, and `sweeps resume` goes on.
    """
    from sweeps.config import load_sweep, recipes

    if list_recipes:
        for recipe in recipes():
            _say(f"{recipe.name:20} {recipe.description}")
        return
    if source is None:
        raise InputError("no sweep file given", where="command line", mend="name a file, or a recipe of --list")
    from sweeps.engine.driver import run_sweep
    from sweeps.views.progress import Progress

    config = load_sweep(source, settings or [], name=name, seed=seed)
    if config.method == "grid" and not quiet:
        _say(f"a grid of {config.space.grid_size()} configurations")
    say = (lambda _: None) if quiet else _say
    progress = Progress(config, quiet=quiet)
    _close(run_sweep(config, storage, address=address, sinks=[progress], say=say))


@app.command()
def resume(folder: Folder, address: Address = None, quiet: Quiet = False) -> None:
    """Go on with a sweep that was interrupted.

    Finished trials stay as they are, the others go on from their last checkpoints.
    """
    from sweeps.engine.driver import resume_sweep
    from sweeps.records.sweep_file import read_config
    from sweeps.views.progress import Progress

    _close(resume_sweep(folder, address=address, sinks=[Progress(read_config(folder), quiet=quiet)]))


@app.command()
def train(
    source: Annotated[str, typer.Argument(metavar="FILE", help="A sweep file, or the name of a recipe.")],
    settings: Annotated[
        list[str] | None,
        typer.Argument(metavar="KEY=VALUE", help="Parameters and settings: learning_rate=1e-3 trainer.epochs=1"),
    ] = None,
    export: Annotated[Path | None, typer.Option(help="Write the trained model into this folder.")] = None,
) -> None:
    """Train one configuration here, without Ray.

    Each searched parameter has the value that is given, as in learning_rate=1e-3, else the middle of its range.
    """
    from sweeps.take_home.single import train_single

    train_single(source, settings or [], export, echo=_say)


@app.command()
def status(folder: Folder, as_json: AsJson = False) -> None:
    """Show how a sweep stands."""
    from sweeps.records.builder import read_sweep
    from sweeps.views import tables

    record = read_sweep(folder)
    _show(tables.status_json(record), tables.status_view(record), as_json)


@app.command(name="list")
def list_trials(folder: Folder, as_json: AsJson = False) -> None:
    """List the trials of a sweep."""
    from sweeps.records.builder import read_sweep
    from sweeps.views import tables

    record = read_sweep(folder)
    _show([tables.trial_json(record, trial) for trial in record.trials], tables.trials_table(record), as_json)


@app.command()
def best(folder: Folder, as_json: AsJson = False) -> None:
    """Show the best trial of a sweep."""
    from sweeps.take_home.best import best_of
    from sweeps.views import tables

    record, found = best_of(folder)
    _show(tables.best_json(record, found), tables.best_panel(record, found), as_json)


@app.command()
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
    _say(f"{exported.trial} ({exported.metric}={exported.value:.6g}) is in {out}")


@app.command()
def evaluate(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="An exported model.")],
    data: Annotated[Path, typer.Argument(metavar="FILE", help="Labelled rows: JSONL, CSV or Parquet.")],
    text: Annotated[str | None, typer.Option(help="The text column, if it differs from training's.")] = None,
    label: Annotated[str | None, typer.Option(help="The label column, if it differs from training's.")] = None,
    as_json: AsJson = False,
) -> None:
    """Evaluate an exported model on labelled rows."""
    from sweeps.take_home.evaluate import evaluate_export
    from sweeps.views import tables

    metrics = evaluate_export(model, data, text=text, label=label)
    _show(metrics, tables.metrics_table(metrics), as_json)


@app.command()
def validate(
    source: Annotated[str, typer.Argument(metavar="FILE", help="A sweep file, or the name of a recipe.")],
    settings: Settings = None,
) -> None:
    """Check a sweep file, its data and its space, and start nothing."""
    from sweeps.config import load_sweep
    from sweeps.engine.preparation import check
    from sweeps.views import tables

    config = load_sweep(source, settings or [])
    check(config)
    _show(None, tables.plan_view(config), as_json=False)


@app.command()
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
    _say(f"wrote {path}; try: sweeps validate {path}")


@app.command()
def tensorboard(
    folder: Folder,
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port on this machine; 0 takes a free one.")] = 6006,
) -> None:
    """Start TensorBoard on a sweep, on this machine only."""
    from sweeps.take_home.board import serve_tensorboard

    serve_tensorboard(folder, port)


def _show(data: Any, view: Any, as_json: bool) -> None:
    from sweeps.views.show import show

    if as_json:
        _say(json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False))
    else:
        show(view, Output(sys.stdout))


def _say(line: str) -> None:
    """To a reader that may have gone (a pipe into ``head``), which changes neither what we do nor the exit code."""
    output = Output(sys.stdout)
    output.write(f"{line}\n")
    output.flush()


def _close(outcome: Any) -> None:
    from sweeps.take_home.summary import summary

    text, code = summary(outcome.folder, outcome.record, outcome.code)
    _say(text)
    raise SystemExit(int(code))


def main() -> None:
    """The console script: one clear line and the right exit code for every error that we foresee."""
    from sweeps import own_packages

    try:
        own_packages.check()
        app(prog_name="sweeps")
    except SweepError as error:
        print(f"sweeps: {error}", file=sys.stderr)
        sys.exit(int(error.exit_code))


if __name__ == "__main__":
    main()
