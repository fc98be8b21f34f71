"""A finished sweep of the digits recipe, and the command line inside this process."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from sweeps import session
from sweeps.config import load_sweep
from tests.sweeps_tests.function_kit import task
from tests.sweeps_tests.local_sweep import DIGITS, run_here
from tests.sweeps_tests.session_kit import start, told

if TYPE_CHECKING:
    from tests.sweeps_tests.tiny_trainer import Sweep

__all__ = ["start", "task", "told"]  # fixtures


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """To be looked at only."""
    return run_here(load_sweep("digits", DIGITS), tmp_path_factory.mktemp("finished"))


@pytest.fixture
def own_copy(finished: Path, tmp_path: Path) -> Path:
    """The same sweep, moved to where a test may damage it."""
    return Path(shutil.copytree(finished, tmp_path / "moved"))


class Said(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Callable[..., Said]:
    """``sweeps ...`` in an empty folder: exit code, output and errors."""
    from sweeps.cli import main

    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)

    def call(*arguments: object) -> Said:
        monkeypatch.setattr(sys, "argv", ["sweeps", *map(str, arguments)])
        code = 0
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
        return Said(code, *capsys.readouterr())

    return call


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Torch on one thread: quicker for tiny models, and the same sums whatever the machine."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def sweep(tmp_path: Path) -> Iterator[Sweep]:
    """A sweep that only takes the reports of a Trainer's script; the trial has begun."""
    from tests.sweeps_tests.tiny_trainer import Sweep

    made = Sweep(tmp_path / "trial")
    made.start()
    yield made
    session.enter(None)
