"""Where a driver looks for what people ask of its sweep."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from sweeps.engine.signals import Signals
from sweeps.errors import Exit
from sweeps.records.commands import Broken, Kind, taken_up, waiting
from sweeps.records.record import Reason
from sweeps.study import Study
from sweeps.study.left_over import BY_HAND
from sweeps.study.steering import Steering

LOOK_SECONDS = 0.5


class Desk:
    """Takes up commands. What ends the sweep goes to ``signals``; an extension waits for the end of its trials.

    Args:
        study: replayed.
        signals: asked often whether the sweep is to end.
        clock: seconds.

    Attributes:
        taken: how many commands were taken up.
    """

    def __init__(self, study: Study, signals: Signals, clock: Callable[[], float] = time.monotonic) -> None:
        self._study, self._signals, self._clock = study, signals, clock
        self._steering = Steering(study)
        self._looked = float("-inf")
        self.taken = 0

    def __getstate__(self) -> dict[str, Any]:
        # Tune pickles its Tuner, and with it whoever is asked when to end. Nothing is ever read back from there.
        return {}

    def open(self) -> None:
        """Takes up what was asked before this driver; a stop was meant for another one."""
        for command in waiting(self._study.folder):
            if not isinstance(command, Broken) and command.kind is Kind.STOP and not command.trial:
                self._steering.refuse(command, "nobody ran the sweep any more")
        self.look()

    def look(self) -> None:
        """Takes up what has come."""
        self._looked = self._clock()
        for command in waiting(self._study.folder):
            if self._steering.answered(command.id):
                taken_up(self._study.folder, command.id)
            elif isinstance(command, Broken):
                self._steering.refuse(command, command.text)
            elif command.kind is Kind.EXTEND:
                if command.now and not self._study.settled:
                    self._signals.leave(Exit.DONE, Reason("extended", f"the sweep is extended by {command.by}"))
                continue
            elif command.kind is Kind.STOP and not command.trial:
                text = f"the sweep is ended by {command.by}; `sweeps resume` goes on with it"
                self._steering.note(command, text)
                self._signals.leave(Exit.INTERRUPTED, Reason(BY_HAND, text))
            else:
                self._steering.apply(command)
            self.taken += 1

    def glance(self) -> None:
        """The same, now and then: it is called at every turn of a busy loop."""
        if self._clock() - self._looked >= LOOK_SECONDS:
            self.look()
