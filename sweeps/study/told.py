"""Everything that follows from the ledger: the record, the searcher and the scheduler.

One method, ``tell``, is used for each new event and for each event of a ledger that is read again. So a
resumed sweep knows exactly what the interrupted one knew.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import astuple
from typing import Any

from sweeps.config import SweepConfig
from sweeps.records.builder import RecordBuilder
from sweeps.records.record import State
from sweeps.schedule import Scheduler, make_scheduler
from sweeps.schedule.base import Copy, Decision
from sweeps.schedule.budget import Budget, Spent
from sweeps.schedule.course import Course
from sweeps.search import make_searcher
from sweeps.search.base import Outcome, Params
from sweeps.study.earlier import Earlier
from sweeps.study.trainings import Trainings
from trainer.requirement import fulfilled

Event = Mapping[str, Any]

# Of so many first trials without a single report there is one cause, and the next ones would meet it too.
HOPELESS = 10

_OUTCOMES = {
    State.FINISHED: Outcome.FINISHED,
    State.STOPPED: Outcome.STOPPED,
    State.FAILED: Outcome.FAILED,
    State.DIVERGED: Outcome.FAILED,
}


class Told:
    """The state of a sweep as a function of its events, in order.

    Args:
        config: the sweep.
        devices: how many a trial holds.
        scheduler: decides; by default the one of `sweeps.schedule` that ``config`` names.
        earlier: what extensions made of the trials before them.
    """

    def __init__(
        self,
        config: SweepConfig,
        devices: float = 1.0,
        scheduler: Scheduler | None = None,
        earlier: Earlier | None = None,
    ) -> None:
        self.records = RecordBuilder()
        self.earlier = earlier or Earlier()
        self._planned = self.earlier.planned if self.earlier.extended else config.planned
        self._extra: set[str] = set()  # trials that somebody asked for besides
        # Searchers and schedulers see scores that are better when larger: the sign is flipped here and nowhere else.
        self._sign = 1.0 if config.metric.goal == "maximize" else -1.0
        if scheduler is None:
            scheduler = make_scheduler(config.early_stopping.scheduler, **config.scheduling)
        self.scheduler = Course(scheduler, self._budget(config, devices))
        self.searcher = make_searcher(
            config.method,
            config.space,
            seed=config.seed,
            trials=self.room,
            rungs=self.scheduler.rungs,
            points=config.points,
            after=self.earlier.after,
            tried=self.earlier.tried,
            prior_from=self.earlier.prior_from,
            past=config.carrying.past or (),
        )
        self.trainings = Trainings(config)
        self.asked = 0
        self._space = config.space
        self._metric, self._require = config.metric.name, config.metric.require
        self._worst = float("inf")
        self._numbers: dict[str, int] = {}  # of trials that the searcher knows: copies are none of its own
        self.scheduler.consult(self._expected, self._backed)
        self._fresh: int | None = None
        self._paused: set[str] = set()
        self._failed, self._reported = 0, False
        self._decided: dict[str, Decision] = {}  # at the last report of each trial that was not to go on

    @property
    def room(self) -> int | None:
        """How many trials there will be that fit the configuration, without those that somebody asked for."""
        if self._planned is None:
            return None
        return self._planned - len(self.earlier.outside.keys() - self.earlier.extra)

    @property
    def planned(self) -> int | None:
        """How many trials there will be at most, with those that somebody asked for, where that is known."""
        return None if self._planned is None else self._planned + len(self._extra)

    def decision(self, trial: str) -> Decision:
        """What was decided about ``trial`` at its last report."""
        return self._decided.get(trial, Decision.CONTINUE)

    @property
    def hopeless(self) -> str:
        """Why no further trial is begun, where the first ones all failed before they reported; else empty."""
        if self._reported or self._failed < HOPELESS:
            return ""
        return f"each of the first {self._failed} trials failed before its first report: no more are begun"

    def ask(self) -> tuple[int, Params] | None:
        """The next trial's number and parameters, or ``None`` when the searcher has no more."""
        number = self.asked + 1
        params = self.searcher.ask(number)
        if params is None:
            return None
        self._fresh = number
        return number, params

    def recall(self, events: Iterable[Event]) -> None:
        """The scheduler learns which replacements are among ``events``, which are told next: they are not its to make
        again."""
        latest: dict[str, int] = {}
        copies: dict[tuple[str, int], Copy] = {}
        for event in events:
            if event["event"] == "report":
                latest[event["trial"]] = event["report"]
            elif event["event"] == "trial" and (parent := event.get("parent")) and parent.get("replaces") in latest:
                replaced = parent["replaces"]
                copies[replaced, latest[replaced]] = _copy_of(event)
        self.scheduler.recall(copies)

    def tell(self, event: Event) -> Decision:
        """Take in one event; for a report, what the scheduler makes of it."""
        accepted = self.records.apply(event)
        self.scheduler.pay(Spent(*astuple(self.records.meter.cost)))
        if event.get("trial") in self.earlier.outside:
            self._tell_outside(event)
            return Decision.CONTINUE
        match event["event"]:
            case "trial":
                self._tell_trial(event)
            case "state" | "command" if event.get("n") in self.earlier.undone:
                pass  # it was opened again, or is not wound up any more
            case "command" if event["command"] == "finish" and not event["refused"]:
                self.scheduler.wind_up(event["text"])
            case "twin":
                self._tell_twin(int(event["number"]), event["params"], str(event["same_as"]))
            case "report" if accepted:
                return self._tell_report(str(event["trial"]), int(event["report"]), event)
            case "state" if accepted:
                self._tell_state(str(event["trial"]), State(event["state"]))
        return Decision.CONTINUE

    def _tell_report(self, trial: str, report: int, event: Event) -> Decision:
        score = self._score(event["metrics"])
        self._reported = True
        if trial in self._numbers:
            self.searcher.report(self._numbers[trial], report, score)
        if event.get("progress") is not None:
            self.scheduler.advance(trial, float(event["progress"]))
        if event.get("checkpoint") is not None:
            self.scheduler.saved(trial, report)
        if self.earlier.extended and trial in self._decided:
            self.scheduler.overruled(trial)
        decision = self.scheduler.report(trial, report, score)
        self._decided.pop(trial, None)
        if decision is not Decision.CONTINUE:
            self._decided[trial] = decision
        return decision

    def _score(self, metrics: Mapping[str, float]) -> float:
        """What searcher and scheduler see of a report: of one that the sweep's bounds refuse, the worst value so far.

        Any report within them is so preferred to it, whatever its own value, and no scale has to be made up.
        """
        score = self._sign * float(metrics[self._metric])
        self._worst = min(self._worst, score)
        return score if fulfilled(self._require, metrics) else self._worst

    def _expected(self) -> Mapping[str, float] | None:
        """What the searcher expects of trials, by their names."""
        expected = self.searcher.expected()
        if expected is None:
            return None
        return {trial: expected[number] for trial, number in self._numbers.items() if number in expected}

    def _backed(self) -> frozenset[str]:
        """The trials that earlier sweeps speak for, by their names."""
        backed = self.searcher.backed()
        return (
            frozenset(trial for trial, number in self._numbers.items() if number in backed) if backed else frozenset()
        )

    def _tell_state(self, trial: str, state: State) -> None:
        if trial in self._numbers:
            self._tell_searcher(trial, self._numbers[trial], state)
        if state is State.RUNNING:
            if self._decided.pop(trial, Decision.PAUSE) is Decision.STOP and self.earlier.extended:
                self.scheduler.overruled(trial)
            self.scheduler.start(trial)
        elif state.final:
            self.scheduler.end(trial, finished=state is State.FINISHED)
        self._failed += state is State.FAILED
        if self.hopeless:
            self.scheduler.close(self.hopeless)
        if (cost := self.records.meter.resume_cost) is not None:
            self.scheduler.costs(cost)

    def _tell_searcher(self, trial: str, number: int, state: State) -> None:
        if state is State.RUNNING and trial in self._paused:
            self._paused.discard(trial)
            self.searcher.resume(number)
        elif state is State.PAUSED:
            self._paused.add(trial)
            self.searcher.pause(number)
        elif state.final:
            self.searcher.end(number, _OUTCOMES[state])

    def _budget(self, config: SweepConfig, devices: float) -> Budget:
        limits = config.limits
        return Budget(
            trials=self.room,
            trainings=limits.trainings,
            worker_hours=None if limits.device_hours is None else limits.device_hours / devices,
            hours=limits.hours,
            target=None if limits.target is None else self._sign * limits.target,
            no_better_for=limits.no_better_for,
            finish=limits.finish,
        )

    def _tell_trial(self, event: Event) -> None:
        trial, parent = str(event["trial"]), event.get("parent")
        params = self.earlier.params.get(trial, event["params"])
        extra = "command" in event
        self.trainings.add(trial, params, parent, extra=extra)
        if extra:
            self._extra.add(trial)
            self.scheduler.extra(trial)
        if parent is None:
            self._numbers[trial] = int(event["number"])
            self.scheduler.made(trial, params)
            self._tell_asked(self._numbers[trial], params)
            return
        # What a copy comes to is owed to its parent too: a searcher that took it for its parameters' would be misled.
        self.scheduler.made(trial, params, _copy_of(event))
        if parent.get("progress") is not None:
            self.scheduler.advance(trial, float(parent["progress"]))

    def _tell_outside(self, event: Event) -> None:
        """An earlier trial that does not fit: its name and its suggestion's number are used up."""
        if event["event"] == "trial":
            self.trainings.skip(str(event["trial"]))
            self.asked = max(self.asked, int(event.get("number", 0)))
            self._extra |= {str(event["trial"])} if "command" in event else set()

    def _tell_twin(self, number: int, params: Params, same_as: str) -> None:
        """A suggestion that had been tried: its result is what that trial has come to by now."""
        fits = self._space.contains(params) and self.trainings.twin(params) == same_as
        if number <= self.earlier.after and not fits:  # of before an extension, and a point of another space
            if same_as in self.earlier.outside:
                self.asked = max(self.asked, number)
                return
            params = self.earlier.params.get(same_as, self.records.trial(same_as).params)
        self._tell_asked(number, params)
        trial = self.records.trial(same_as)
        for report in trial.reports:
            self.searcher.report(number, report.number, self._score(report.metrics))
        self.searcher.end(number, _OUTCOMES.get(trial.state, Outcome.STOPPED if trial.reports else Outcome.FAILED))

    def _tell_asked(self, number: int, params: Params) -> None:
        self.asked = max(self.asked, number)
        if number != self._fresh:  # read from a ledger, or not of the searcher's choosing
            self.searcher.replay(number, params)


def _copy_of(event: Event) -> Copy:
    parent = event["parent"]
    return Copy(parent["trial"], parent["report"], event["params"], parent.get("replaces"))
