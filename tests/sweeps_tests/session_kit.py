"""A training function's view of a sweep that only listens: what it is told, and which checkpoints are left."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sweeps import session
from sweeps.session import Session
from trainer.manifest import numbered


@pytest.fixture
def told() -> list[dict[str, Any]]:
    """The reports that the sweep was given."""
    return []


@pytest.fixture
def start(tmp_path: Path, told: list[dict[str, Any]]) -> Iterator[Callable[..., Session]]:
    """Begins the trial, or goes on with it, in this thread."""

    def begin(**settings: Any) -> Session:
        here = Session(tmp_path / "trial", told.append, **{"metric": "score", "goal": "maximize", **settings})
        session.enter(here)
        return here

    yield begin
    session.enter(None)


def saved(tmp_path: Path, text: str = "1") -> Path:
    """A folder of the function's own, with something in it."""
    folder = tmp_path / "mine"
    folder.mkdir(exist_ok=True)
    (folder / "step.txt").write_text(text)
    return folder


def kept(tmp_path: Path) -> list[int]:
    """The reports whose checkpoints are left."""
    return list(numbered(tmp_path / "trial" / "checkpoints"))
