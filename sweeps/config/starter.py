"""The sweep file to start from."""

from __future__ import annotations

from sweeps.recipes import FOLDER


def starter() -> str:
    """A commented sweep file that runs as it is: digits, with what to change for one's own data."""
    return (FOLDER / "_starter.yaml").read_text(encoding="utf-8")
