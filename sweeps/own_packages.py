"""``trainer`` and ``sweeps`` are also names of other people's packages: make sure that ours are the ones imported."""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import packages_distributions
from pathlib import Path

from sweeps.errors import SweepError


def check() -> None:
    """Compare where our three packages come from.

    Raises:
        SweepError: one of them is somebody else's, or a local file of that name stands before it.
    """
    home = Path(__file__).resolve().parents[1]
    for name in ("trainer", "search_spaces"):
        file = import_module(name).__file__
        if file is None or Path(file).resolve().parents[1] != home:
            owners = ", ".join(packages_distributions().get(name, ["a local file"]))
            raise SweepError(
                f"import {name} gives {file or 'a namespace'} (from {owners}), not Sweepwright's; "
                f"rename that, or install Sweepwright into an environment of its own"
            )
