"""The command line: thin. Each command reads its arguments, calls one function and prints what comes back."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from sweeps.cli import comparing, extending, looking, remembering, reporting, running, sending, steering
from sweeps.errors import Exit, SweepError

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


# In the order of the help.
app.command()(running.run)
app.command()(running.resume)
app.command()(running.confirm)
app.command()(extending.extend)
app.command()(steering.stop)
app.command()(steering.add)
app.command()(steering.clone)
app.command()(running.train)
app.command()(looking.status)
app.command("list")(looking.list_trials)
app.command()(looking.best)
app.command()(comparing.compare)
app.command()(comparing.show)
app.command()(comparing.diff)
app.command()(reporting.report)
app.command()(looking.export)
app.command()(looking.evaluate)
app.command()(running.validate)
app.command()(running.init)
app.command()(looking.tensorboard)
app.command()(sending.optuna)
app.command()(sending.track)
app.command()(remembering.archive)


# The base of all that typer finds wrong with a command line, in whatever library it keeps it.
_CommandLineError: type[Exception] = next(one for one in typer.BadParameter.__mro__ if one.__name__ == "ClickException")


def _complain(error: Any) -> int:
    """One line like any other, and its exit code; a command without what it needs shows its help."""
    if type(error).__name__ == "NoArgsIsHelpError":
        error.show()
        return int(error.exit_code)
    option = getattr(error, "option_name", "").lstrip("-").replace("-", "_")
    context = getattr(error, "ctx", None)
    takes_settings = context is not None and any(one.name in ("settings", "changes") for one in context.command.params)
    mend = f"; a setting is given as {option}=..." if option and takes_settings else ""
    known = f"; see `{context.command_path} --help`" if context is not None and not mend else ""
    text = " ".join(error.format_message().split()).rstrip(".")
    print(f"sweeps: command line: {text}{mend}{known}", file=sys.stderr)
    return int(error.exit_code)


def main() -> None:
    """The console script: one clear line and the right exit code for every error that we foresee."""
    from sweeps import own_packages

    try:
        own_packages.check()
        ended = app(prog_name="sweeps", standalone_mode=False)
        sys.exit(ended if isinstance(ended, int) else 0)
    except _CommandLineError as error:
        sys.exit(_complain(error))
    except typer.Abort:
        sys.exit(Exit.FAILED)
    except SweepError as error:
        print(f"sweeps: {error}", file=sys.stderr)
        sys.exit(int(error.exit_code))
