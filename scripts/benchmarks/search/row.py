"""What is compared: a searcher with a scheduler."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from search_spaces import SearchSpace
from sweeps.config.past import PastSweep
from sweeps.schedule import Scheduler
from sweeps.search import Searcher

ROOT = Path(__file__).parents[3]
HERE = "scripts/benchmarks/search"
OURS = ("sweeps/search", "sweeps/schedule")
# Raised when the simulator or the problems change what comes out: earlier results are then measured again.
SIMULATION = 3


@dataclass(frozen=True)
class Setting:
    """What a row may know before a sweep begins."""

    space: SearchSpace
    reports: int  # of a full training
    workers: int
    seed: int
    trials: int | None = None  # where their number is planned
    past: tuple[PastSweep, ...] = ()  # earlier sweeps


@dataclass(frozen=True)
class Pair:
    """A searcher with its scheduler, for one sweep; ``close`` ends what they have started."""

    searcher: Searcher
    scheduler: Scheduler
    close: Callable[[], None] = lambda: None


@dataclass(frozen=True)
class Row:
    """One line of the tables.

    Attributes:
        name: what ``--rows`` takes.
        label: what tables say.
        make: a fresh pair.
        sources: files and folders (of Python files) that decide what comes out: when they change, so does ``version``.
        missing: why the row cannot run here; empty where it can.
    """

    name: str
    label: str
    make: Callable[[Setting], Pair]
    sources: tuple[str, ...] = OURS
    missing: Callable[[], str] = lambda: ""

    @cached_property
    def version(self) -> str:
        """A hash of the sources."""
        digest = hashlib.blake2b(f"{SIMULATION}".encode(), digest_size=6)
        for file in _files(self.sources):
            digest.update(file.read_bytes())
        return digest.hexdigest()


def _files(sources: Iterable[str]) -> list[Path]:
    paths = [ROOT / source for source in sources]
    return [file for path in paths for file in (sorted(path.glob("**/*.py")) if path.is_dir() else [path])]
