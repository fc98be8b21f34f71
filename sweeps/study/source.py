"""Where new trials come from: the searcher, and never the same training twice."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sweeps.config import SweepConfig
from sweeps.schedule.base import Copy
from sweeps.search.counting import countable_size
from sweeps.study.told import Told

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

    @property
    def fresh(self) -> int:
        """How many new trials could be begun now."""
        if not self._told.scheduler.more:
            return 0
        planned = self._told.room
        return MANY if planned is None else max(0, planned - len(self._told.trainings))

    def look(self) -> bool:
        """Whether the space is used up, which ends the search."""
        if self._size is None or self._told.trainings.tried < self._size:
            return False
        self._told.scheduler.close(
            "the only configuration of the space was tried"
            if self._size == 1
            else f"all {self._size} configurations of the space were tried"
        )
        return True

    def draw(self) -> str | None:
        """A new trial, written down; ``None`` when there is none any more."""
        for _ in range(MOST_TWINS):
            if self.fresh == 0:
                return None
            if self.look():
                return None
            if (asked := self._told.ask()) is None:
                self._told.scheduler.close("the search has no other configuration")
                return None
            number, params = asked
            if (twin := self._told.trainings.twin(params)) is None:
                return self._begin(number, params)
            self._write("twin", number=number, params=dict(params), same_as=twin)
        untried = None if self._size is None else self._told.trainings.untried(self._config.space)
        if untried is None:
            self._told.scheduler.close(f"{MOST_TWINS} suggestions in a row were tried before")
            return None
        return self._begin(self._told.asked + 1, untried)

    def copy(self, copy: Copy, progress: float | None, **asked: str) -> str:
        """A trial that begins from another one's checkpoint, written down; ``progress`` is how far that one was.
        Where somebody asked for it, ``command`` and ``by`` say so.

        Raises:
            ValueError: there is one with the same parameters from the same checkpoint.
        """
        if (twin := self._told.trainings.copied(copy)) is not None:
            raise ValueError(f"{twin} began from report {copy.report} of {copy.parent} with the same parameters")
        trial = self._told.trainings.name()
        parent = {"trial": copy.parent, "report": copy.report, "progress": progress, "replaces": copy.replaces}
        self._write("trial", trial=trial, params=dict(copy.params), parent=parent, **asked)
        return trial

    def ask_for(self, params: Mapping[str, Any], command: str, by: str) -> str:
        """A trial that somebody asks for, written down. It is no suggestion, and none of those that are planned.

        Args:
            params: all of its parameters; no trial has the same.
            command: the id of the request.
            by: who asks.
        """
        trial = self._told.trainings.name()
        # Searchers know it by a number that no suggestion has: a grid would else pass over one of its own.
        self._write("trial", trial=trial, number=-int(trial[1:]), params=dict(params), command=command, by=by)
        return trial

    def _begin(self, number: int, params: Mapping[str, Any]) -> str:
        trial = self._told.trainings.name(number)
        self._write("trial", trial=trial, number=number, params=dict(params))
        return trial
