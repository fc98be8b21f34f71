"""Everything that follows from the ledger: the record, the searcher and the scheduler.

One method, ``tell``, is used for each new event and for each event of a ledger that is read again. So a
resumed sweep knows exactly what the interrupted one knew.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sweeps.config import SweepConfig
from sweeps.records.builder import RecordBuilder
from sweeps.records.record import State
from sweeps.schedule import make_scheduler
from sweeps.schedule.base import Decision
from sweeps.search import make_searcher
from sweeps.search.base import Outcome, Params

Event = Mapping[str, Any]

_OUTCOMES = {
    State.FINISHED: Outcome.FINISHED,
    State.STOPPED: Outcome.STOPPED,
    State.FAILED: Outcome.FAILED,
    State.DIVERGED: Outcome.FAILED,
}


class Told:
    """The state of a sweep as a function of its events, in order."""

    def __init__(self, config: SweepConfig) -> None:
        stopping = config.early_stopping
        self.records = RecordBuilder()
        self.scheduler = make_scheduler(
            stopping.scheduler,
            grace=stopping.grace,
            reduction_factor=stopping.reduction_factor,
            min_trials=stopping.min_trials if stopping.scheduler == "median" else None,
        )
        self.searcher = make_searcher(
            config.method,
            config.space,
            seed=config.seed,
            trials=config.planned,
            rungs=self.scheduler.rungs,
            points=config.points,
        )
        self.asked = 0
        self._metric = config.metric.name
        # Searchers and schedulers see scores that are better when larger: the sign is flipped here and nowhere else.
        self._sign = 1.0 if config.metric.goal == "maximize" else -1.0
        self._numbers: dict[str, int] = {}
        self._fresh: int | None = None

    def ask(self) -> tuple[int, Params] | None:
        """The next trial's number and parameters, or ``None`` when the searcher has no more."""
        number = self.asked + 1
        params = self.searcher.ask(number)
        if params is None:
            return None
        self._fresh = number
        return number, params

    def tell(self, event: Event) -> Decision:
        """Take in one event; for a report, what the scheduler makes of it."""
        kind = event["event"]
        accepted = self.records.apply(event)
        if kind == "trial":
            self._tell_trial(str(event["trial"]), int(event["number"]), event["params"])
        elif kind == "report" and accepted:
            score = self._sign * float(event["metrics"][self._metric])
            trial, report = str(event["trial"]), int(event["report"])
            self.searcher.report(self._numbers[trial], report, score)
            return self.scheduler.report(trial, report, score)
        elif kind == "state" and accepted and (state := State(event["state"])).final:
            self.searcher.end(self._numbers[event["trial"]], _OUTCOMES[state])
            self.scheduler.end(str(event["trial"]))
        return Decision.CONTINUE

    def _tell_trial(self, trial: str, number: int, params: Params) -> None:
        self._numbers[trial] = number
        self.asked = max(self.asked, number)
        if number != self._fresh:  # read from a ledger rather than asked for just now
            self.searcher.replay(number, params)
