"""What an earlier driver left: found while its ledger is told, before anything is started."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from sweeps.records.record import Reason, State, TrialRecord
from sweeps.schedule.base import Decision
from sweeps.study.sort_out import sort_out
from sweeps.study.told import Event, Told

BY_HAND = "by-hand"
"""The reason of a trial that a person stopped."""


@dataclass(frozen=True)
class Rest:
    """What becomes of the trials that are not at their ends.

    Attributes:
        queue: they go on, in order.
        paused: they wait for the scheduler's word.
        unfit: they end, since the sweep was extended; why.
        expected: those in the queue that are paused, and keep what they go on from.
    """

    queue: list[str]
    paused: set[str]
    unfit: dict[str, Reason]
    expected: list[TrialRecord]


@dataclass
class LeftOver:
    """Hears the events in order.

    Attributes:
        unsaid: trials whose last report was written, but not what became of them: the decision, and how it was done.
        leaving: trials that somebody stopped and that are not at their ends.
    """

    unsaid: dict[str, tuple[Decision, str | None]] = field(default_factory=dict)
    leaving: dict[str, Reason] = field(default_factory=dict)

    def hear(self, event: Event, decision: Decision) -> None:
        """One event, and what was decided about it."""
        match event["event"]:
            case "report":
                self.unsaid.pop(event["trial"], None)
                if decision is not Decision.CONTINUE or event.get("done"):
                    self.unsaid[event["trial"]] = (decision, event.get("done"))
            case "state":
                self.unsaid.pop(event["trial"], None)
                if State(event["state"]).final:
                    self.leaving.pop(event["trial"], None)
            case "command" if event["command"] == "stop" and "trial" in event:
                self.leaving[event["trial"]] = stopped_by(event["by"])

    def rest(self, told: Told, folder: Path) -> Rest:
        """Where each trial stands when all was told.

        Args:
            told: everything.
            folder: the sweep's.
        """
        trials = told.records.record().trials
        waiting = set(told.scheduler.promotable())
        paused = {one.id for one in trials if one.state is State.PAUSED or (one.attempt == 0 and one.id in waiting)}
        expected: list[TrialRecord] = []
        unfit: dict[str, Reason] = {}
        if told.earlier.extended:
            said = {trial for trial, (_, done) in self.unsaid.items() if done}
            expected, unfit = sort_out((one for one in trials if one.id not in said), told, folder)
            paused -= {trial.id for trial in expected} | unfit.keys()
        queue = [one.id for one in trials if not one.state.final and one.id not in paused | unfit.keys()]
        return Rest(queue, paused, unfit, expected)


def stopped_by(whom: str) -> Reason:
    """The reason of a trial that a person stopped."""
    return Reason(BY_HAND, f"stopped by {whom}")
