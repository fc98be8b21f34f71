"""Which trainings a sweep has begun: configurations with everything that they settle, and what copies began from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from search_spaces.space import SearchSpace
from sweeps.config import SweepConfig
from sweeps.schedule.base import Copy
from sweeps.search.counting import every_value
from sweeps.search.identity import identity
from trainer.errors import ConfigError

Params = Mapping[str, Any]


class Trainings:
    """An index of trials by what they train, so that none is trained twice.

    Args:
        config: the sweep: what parameters settle besides themselves.
    """

    def __init__(self, config: SweepConfig) -> None:
        self._config = config
        self._trials: dict[str, str] = {}  # by configuration; copies are none of these
        self._copies: dict[tuple[str, int, str], str] = {}  # by what they began from, and configuration
        self._params: set[str] = set()
        self._extra: set[str] = set()  # of them, those that somebody asked for besides
        self._last = 0  # the highest number that a trial's name has

    def __len__(self) -> int:
        """How many were begun of those that are planned: without copies, and without what somebody asked for."""
        return len(self._trials) - len(self._extra)

    @property
    def tried(self) -> int:
        """How many configurations of the space there are among them."""
        return len(self._params)

    def add(self, trial: str, params: Params, parent: Params | None = None, *, extra: bool = False) -> None:
        """``trial`` was written down with ``params``.

        One that begins from a checkpoint of its ``parent`` is another training than one with the same ``params`` from
        the beginning, and not one of those that are planned; nor is one that somebody asked for (``extra``).
        """
        self._last = max(self._last, int(trial[1:]))
        if parent is not None:
            self._copies[parent["trial"], parent["report"], self._key(params)] = trial
        else:
            if self._trials.setdefault(self._key(params), trial) == trial and extra:
                self._extra.add(trial)
            self._params.add(identity(params))

    def skip(self, trial: str) -> None:
        """``trial`` was written down, and is none of these: it trained what the space does not have."""
        self._last = max(self._last, int(trial[1:]))

    def twin(self, params: Params) -> str | None:
        """The trial that trains what ``params`` would."""
        return self._trials.get(self._key(params))

    def copied(self, copy: Copy) -> str | None:
        """The trial that began from the same checkpoint with the same parameters."""
        return self._copies.get((copy.parent, copy.report, self._key(copy.params)))

    def untried(self, space: SearchSpace) -> Params | None:
        """A configuration of a countable ``space`` that is not among them."""
        return next((params for params in every_value(space).grid() if identity(params) not in self._params), None)

    def name(self, number: int = 0) -> str:
        """The next trial's name, after ``number`` where none has it yet."""
        return f"t{max(number, self._last + 1):04d}"

    def _key(self, params: Params) -> str:
        try:
            return identity(self._config.trial_settings(params))
        except ConfigError:  # it will fail as a trial, and say why
            return identity(params)
