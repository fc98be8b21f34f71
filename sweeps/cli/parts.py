"""What the commands share: arguments, and how they print and end."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from sweeps.views.output import Output

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="The folder of a sweep.")]
Settings = Annotated[
    list[str] | None,
    typer.Argument(metavar="KEY=VALUE", help="Settings instead of the file's: trials=10 trainer.epochs=1"),
]
Storage = Annotated[Path, typer.Option(help="Where sweep folders are made.")]
Address = Annotated[str | None, typer.Option(help="A Ray cluster; by default RAY_ADDRESS, else a local Ray.")]
InitFrom = Annotated[
    Path | None, typer.Option("--init-from", metavar="EXPORT", help="An exported model that training begins from.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print only the result.")]


def show(data: Any, view: Any, as_json: bool) -> None:
    """Print one of the two."""
    from sweeps.views.show import show as show_view

    if as_json:
        say(json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False))
    else:
        show_view(view, Output(sys.stdout))


def say(line: str) -> None:
    """Print a line. Its reader may have gone (a pipe into ``head``): that changes neither what we do nor the exit."""
    output = Output(sys.stdout)
    output.write(f"{line}\n")
    output.flush()


def close(outcome: Any) -> None:
    """Say how a sweep ended, and exit accordingly."""
    from sweeps.take_home.summary import summary

    text, code = summary(outcome.folder, outcome.record, outcome.code)
    say(text)
    raise SystemExit(int(code))
