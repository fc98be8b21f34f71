"""The course of a whole sweep: a scheduler within a budget, which sees to it that somebody finishes."""

from __future__ import annotations

import heapq
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sweeps.schedule.base import Backed, Copy, Decision, Opinion, Scheduler
from sweeps.schedule.budget import Budget, Spent

# Sums of fractions: a budget that is met exactly must not be missed by a rounding.
_SLACK = 1e-9


@dataclass
class _Trial:
    number: int  # in the order of their beginnings
    best: float = -math.inf
    progress: float = 0.0  # the most of its full training that any attempt came to
    running: bool = True
    over: bool = False
    finished: bool = False
    extra: bool = False  # a copy of another, or asked for by somebody: not one of those that a budget counts

    @property
    def left(self) -> float:
        """What of its training is still to come."""
        return 0.0 if self.finished else 1.0 - self.progress


class Course(Scheduler):
    """A scheduler, until the budget is spent; then the best are trained to their ends.

    - **New trials** are begun while `more`: until the budget is gone, but for what the ``finish`` best trials
      still need, which is held back from the start.
    - **Then** everything pauses at its next report, the best ``finish`` trials are trained to their ends, and
      nobody else goes on and nobody is replaced. When instead all trials were begun, the scheduler first promotes
      whom it will. Should one of the best fail, the next takes its place.
    - **A target that was reached** ends the sweep: everything that runs stops at its next report.

    The best are those with the best score of any report, among trials that can go on or have finished: what a
    scheduler stopped has no checkpoint to go on from. A trial spends until its next report, so a budget is overrun
    by up to one report interval for each worker; and when one of these last reports changes who is best, by what
    the new best needs more than the old one did.

    Args:
        scheduler: decides while there is budget.
        budget: the limits.
    """

    def __init__(self, scheduler: Scheduler, budget: Budget) -> None:
        self._scheduler = scheduler
        self.budget, self.spent = budget, Spent()
        self.name = scheduler.name
        self.closed = ""  # why no new trial is begun any more
        self._last_lap = False  # only the best go on
        self._reached = False  # and not even they
        self._trials: dict[str, _Trial] = {}
        self._finishers: set[str] = set()
        self._best = -math.inf
        self._since: set[str] = set()  # trials that were heard of since the best score was

    @property
    def more(self) -> bool:
        """Whether a new trial may be begun."""
        return not self.closed

    def close(self, why: str) -> None:
        """No new trial is begun from here on; ``why`` in words. The first reason stands."""
        self.closed = self.closed or why

    def wind_up(self, why: str) -> None:
        """From here on as if the budget were spent: only the best are trained to their ends; ``why`` in words."""
        self.close(why)
        self._last_lap = True

    @property
    def winding_up(self) -> bool:
        """Whether nobody goes on any more but the best."""
        return self._last_lap

    def made(self, trial: str, params: Mapping[str, Any], copy: Copy | None = None) -> None:
        """``trial`` exists; `advance` says how far one that is a copy of another had come when it was made."""
        self._scheduler.made(trial, params, copy)
        if copy is not None:
            self.extra(trial)

    def extra(self, trial: str) -> None:
        """``trial`` is none of those that a budget counts; told before it begins."""
        self._trials[trial] = _Trial(len(self._trials) + 1, running=False, extra=True)

    def pay(self, spent: Spent) -> None:
        """What has been spent by now; told before the report that it belongs to."""
        self.spent = spent

    def consult(self, opinion: Opinion, backed: Backed = tuple) -> None:
        """See `Scheduler.consult`. Who is trained to the end is not asked of it: the best scores are."""
        self._scheduler.consult(opinion, backed)

    def start(self, trial: str) -> None:
        """``trial`` begins, or goes on."""
        known = self._trials.setdefault(trial, _Trial(len(self._trials) + 1))
        known.running, known.over = True, False
        if self._chooses and trial in self._to_finish() and self._others_rest(trial):
            self._finishers.add(trial)
        self._scheduler.start(trial)
        begun = sum(not known.extra for known in self._trials.values())
        if self.budget.trials is not None and begun >= self.budget.trials:
            self.close(f"all {self.budget.trials} trials were begun")

    def advance(self, trial: str, progress: float) -> None:
        """``trial`` has come so far (0 to 1) through its training; told before the report that says so."""
        known = self._trials[trial]
        known.progress = max(known.progress, progress)

    def recall(self, copies: Mapping[tuple[str, int], Copy]) -> None:
        """The replacements of the ledger that is told next."""
        self._scheduler.recall(copies)

    def saved(self, trial: str, report: int) -> None:
        """The report that comes next has a checkpoint."""
        self._scheduler.saved(trial, report)

    def report(self, trial: str, report: int, score: float) -> Decision:
        """What becomes of ``trial`` after its report ``report`` (from 1) scored ``score``."""
        decision = self._scheduler.report(trial, report, score)
        if math.isfinite(score):
            self._keep_score(trial, score)
            self._look()
            decision = self._within_budget(trial, self._worth_it(trial, decision))
        if decision is not Decision.REPLACE:
            self._scheduler.spare(trial)
        self._trials[trial].running = decision is Decision.CONTINUE
        return decision

    def end(self, trial: str, *, finished: bool = False) -> None:
        """``trial`` is over, for whatever cause; ``finished`` if it was trained to its end."""
        if (known := self._trials.get(trial)) is None:
            return  # it was taken back before it began
        known.over, known.running, known.finished = True, False, finished
        self._scheduler.end(trial)

    def heir(self, trial: str) -> Copy | None:
        """The scheduler's."""
        return self._scheduler.heir(trial)

    def overruled(self, trial: str) -> None:
        """``trial`` trains on although it was paused or stopped here."""
        self._trials[trial].running = True
        self._scheduler.overruled(trial)

    def costs(self, resume: float) -> None:
        """What resuming costs, in report intervals."""
        self._scheduler.costs(resume)

    def candidate(self, *, last: bool = False) -> str | None:  # noqa: ARG002
        """The paused trial that goes on before a new one is begun: the scheduler's, and at last one of the best.

        Who finishes is decided here, so the scheduler need not be told that no more trials come.
        """
        if self._reached:
            return None
        if not self._last_lap:
            # A scheduler that sees to the ends of all trials is told that no more come; of others it is seen to here.
            none_to_come = self._scheduler.finishes and bool(self.closed)
            if (found := self._scheduler.candidate(last=none_to_come)) is not None:
                return found
        if not self.closed:
            return None
        waiting = (trial for trial in self._to_finish() if not self._trials[trial].running)
        return next((trial for trial in waiting if self._others_rest(trial)), None)

    def promotable(self, margin: int | None = None) -> list[str]:
        """The paused trials, the likeliest to go on first: the best so far, then as the scheduler says."""
        best = [trial for trial in self._to_finish() if not self._trials[trial].running]
        return [*best, *(trial for trial in self._scheduler.promotable(margin) if trial not in best)]

    def explain(self, trial: str) -> str:
        """Why ``trial`` was stopped or is paused: the scheduler's words, or why the sweep was closed."""
        return self._scheduler.explain(trial) or self.closed

    def reason(self, trial: str) -> tuple[str, str]:
        """The same with whose decision it was: the scheduler's name, or ``budget``."""
        said = self._scheduler.explain(trial)
        return (self._scheduler.name, said) if said else ("budget", self.closed)

    @property
    def sources(self) -> frozenset[tuple[str, int]]:
        """The scheduler's; none when nobody is copied any more."""
        return frozenset() if self._last_lap else self._scheduler.sources

    @property
    def rungs(self) -> tuple[int, ...]:
        """The scheduler's."""
        return self._scheduler.rungs

    @property
    def judged(self) -> tuple[int, ...] | None:
        """The scheduler's: that the budget is spent may be noticed a few quick reports later."""
        return self._scheduler.judged

    @property
    def _chooses(self) -> bool:
        """Whether it is decided here who is trained to the end."""
        return self._last_lap or not self._scheduler.finishes

    def _worth_it(self, trial: str, decision: Decision) -> Decision:
        """Nobody is replaced at the end of a training, whether it is his own or that of whom he would copy."""
        if decision is not Decision.REPLACE or (copy := self._scheduler.heir(trial)) is None:
            return decision
        over = max(self._trials[one].progress for one in (trial, copy.parent)) >= 1 - _SLACK
        return Decision.CONTINUE if over else decision

    def _within_budget(self, trial: str, decision: Decision) -> Decision:
        if self._reached or decision is Decision.STOP:
            return Decision.STOP
        if trial in self._finishers:
            return Decision.CONTINUE
        if not self._last_lap:
            return decision
        if trial in self._to_finish() and self._others_rest(trial):
            self._finishers.add(trial)  # straight on, where a pause would only cost
            return Decision.CONTINUE
        return Decision.PAUSE

    def _keep_score(self, trial: str, score: float) -> None:
        known = self._trials[trial]
        known.best = max(known.best, score)
        self._since.add(trial)
        if score > self._best:
            self._best = score
            self._since.clear()
        patience, target = self.budget.no_better_for, self.budget.target
        if target is not None and self._best >= target:
            self.close(f"the target was reached by {trial}")
            self._last_lap = self._reached = True
        if patience is not None and len(self._since) >= patience:
            self.close(f"{patience} trials came to nothing better")
            self._last_lap = True

    def _look(self) -> None:
        """Whether all that is left of the budget is what the best still need."""
        need = [self._trials[trial].left for trial in self._leaders()]
        need += [1.0] * (self.budget.finish - len(need))
        share, name = self.spent.share(self.budget, held=sum(need), longest=max(need, default=0.0))
        if share >= 1 - _SLACK:
            self.close(f"the budget of {name} is spent")
            self._last_lap = True

    def _leaders(self) -> list[str]:
        """The best ``finish`` trials that have finished or can go on, best first."""
        able = (
            (-known.best, known.number, trial)
            for trial, known in self._trials.items()
            if known.best > -math.inf and (known.finished or not known.over)
        )
        return [trial for *_, trial in heapq.nsmallest(self.budget.finish, able)]

    def _to_finish(self) -> list[str]:
        """Those of the best that are not at their ends."""
        return [trial for trial in self._leaders() if not self._trials[trial].finished]

    def _others_rest(self, trial: str) -> bool:
        """Whether nobody else, but those who finish already, is about to report: who is best is known only then."""
        if not self.closed:
            return False
        running = (other for other, known in self._trials.items() if known.running and other != trial)
        return all(other in self._finishers for other in running)
