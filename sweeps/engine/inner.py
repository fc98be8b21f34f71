"""Sweeps inside another sweep's folder, which share its prepared data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sweeps.config import SweepConfig
from sweeps.engine.driver import resume_sweep, run_sweep
from sweeps.errors import Exit
from sweeps.records.sweep_file import read_config
from sweeps.views.sink import Sink


@dataclass(frozen=True)
class InnerSweeps:
    """Runs them.

    Attributes:
        address: of a Ray cluster; by default ``RAY_ADDRESS``, else a local Ray.
        watch: gives the sinks of each.
        say: takes a line for whoever waits.
    """

    address: str | None = None
    watch: Callable[[SweepConfig], Sequence[Sink]] = lambda _: ()
    say: Callable[[str], None] = lambda _: None

    def run(self, config: SweepConfig, storage: Path, cache: Path) -> Exit:
        """A new one, in ``storage``, with the prepared data in ``cache``; see `run_sweep`."""
        sinks = self.watch(config)
        return run_sweep(config, storage, cache=cache, address=self.address, sinks=sinks, say=self.say).code

    def resume(self, folder: Path, cache: Path) -> Exit:
        """Go on with the one in ``folder``; see `resume_sweep`."""
        sinks = self.watch(read_config(folder))
        return resume_sweep(folder, cache=cache, address=self.address, sinks=sinks, say=self.say).code
