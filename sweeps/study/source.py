"""Where new trials come from: the searcher, and never the same training twice."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sweeps.config import SweepConfig
from sweeps.schedule.base import Copy
from sweeps.search.counting import countable_size, every_value
from sweeps.search.identity import identity
from sweeps.study.told import Told
from trainer.errors import ConfigError

MANY = 1_000_000  # trials, where their number is not planned
MOST_TWINS = 50  # suggestions in a row that were there before, until whatever is left is looked up


class Source:
    """Draws new trials and writes them down.

    A suggestion whose whole configuration, seed and all, was trained before or is being trained is not trained again:
    its searcher is told the result that is there (event ``twin``), and asked for another one. A space of which every
    configuration was tried ends the search.

    Args:
        config: the sweep.
        told: with the searcher.
        write: writes an event.
    """

    def __init__(self, config: SweepConfig, told: Told, write: Callable[..., Any]) -> None:
        self._config, self._told, self._write = config, told, write
        self._size = countable_size(config.space)
        self._trials: dict[str, str] = {}  # by configuration; copies are none of these
        self._copies: dict[tuple[str, int, str], str] = {}  # by what they began from, and configuration
        self._params: set[str] = set()
        self._last = 0  # the highest number that a trial's name has

    @property
    def fresh(self) -> int:
        """How many new trials could be begun now."""
        if not self._told.scheduler.more:
            return 0
        planned = self._config.planned
        return MANY if planned is None else max(0, planned - len(self._trials))

    def add(self, trial: str, params: Mapping[str, Any], parent: Mapping[str, Any] | None = None) -> None:
        """``trial`` has been written down with ``params``, now or in a ledger that is read again.

        One that begins from a checkpoint of its ``parent`` is another training than one with the same ``params`` from
        the beginning, and not one of those that are planned.
        """
        self._last = max(self._last, int(trial[1:]))
        if parent is not None:
            self._copies[parent["trial"], parent["report"], self._key(params)] = trial
        else:
            self._trials.setdefault(self._key(params), trial)
            self._params.add(identity(params))

    def draw(self) -> str | None:
        """A new trial, written down; ``None`` when there is none any more."""
        for _ in range(MOST_TWINS):
            if self.fresh == 0:
                return None
            if self._size is not None and len(self._params) >= self._size:
                self._told.scheduler.close(f"all {self._size} configurations of the space were tried")
                return None
            if (asked := self._told.ask()) is None:
                self._told.scheduler.close("the search has no other configuration")
                return None
            number, params = asked
            if (twin := self._trials.get(self._key(params))) is None:
                return self._begin(number, params)
            self._write("twin", number=number, params=dict(params), same_as=twin)
        untried = self._untried()
        if untried is None:
            self._told.scheduler.close(f"{MOST_TWINS} suggestions in a row were tried before")
            return None
        return self._begin(self._told.asked + 1, untried)

    def copy(self, copy: Copy, progress: float | None) -> str:
        """A trial that begins from another one's checkpoint, written down; ``progress`` is how far that one was.

        Raises:
            ValueError: there is one with the same parameters from the same checkpoint.
        """
        if (twin := self._copies.get((copy.parent, copy.report, self._key(copy.params)))) is not None:
            raise ValueError(f"{twin} began from report {copy.report} of {copy.parent} with the same parameters")
        trial = self._name(0)
        parent = {"trial": copy.parent, "report": copy.report, "progress": progress, "replaces": copy.replaces}
        self._write("trial", trial=trial, params=dict(copy.params), parent=parent)
        return trial

    def _name(self, number: int) -> str:
        return f"t{max(number, self._last + 1):04d}"

    def _begin(self, number: int, params: Mapping[str, Any]) -> str:
        trial = self._name(number)
        self._write("trial", trial=trial, number=number, params=dict(params))
        return trial

    def _untried(self) -> Mapping[str, Any] | None:
        if self._size is None:
            return None
        return next(
            (params for params in every_value(self._config.space).grid() if identity(params) not in self._params), None
        )

    def _key(self, params: Mapping[str, Any]) -> str:
        try:
            return identity(self._config.trial_settings(params))
        except ConfigError:  # it will fail as a trial, and say why
            return identity(params)
