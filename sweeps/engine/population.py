"""Tune's own PBT and PB2 as a scheduler of ours: they decide, on stand-ins, and what they do is told in our words.

For Tune a loser of the population takes over a winner's checkpoint and changes its own configuration. Our trials keep
theirs: the loser stops, and a new trial begins from the winner's checkpoint with the changed values (`Copy`).
"""

from __future__ import annotations

import logging
import random
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
from ray.tune.experiment import Trial
from ray.tune.schedulers import PopulationBasedTraining

from search_spaces.space import SearchSpace
from sweeps.engine.mutations import Mutations
from sweeps.engine.pb2 import TunePB2
from sweeps.engine.stand_ins import Controller, Member, Saved
from sweeps.schedule.base import Copy, Decision
from sweeps.schedule.judging import GO_ON, JudgingScheduler, Verdict
from sweeps.schedule.rungs import geometric_rungs
from sweeps.search.identity import identity
from sweeps.search.seeding import generator, stable_seed

logger = logging.getLogger(__name__)

# It tells of each exploit in several lines, in the middle of whatever is shown; ours say it once.
logging.getLogger("ray.tune.schedulers.pbt").setLevel(logging.WARNING)

_TRIES = 50  # draws for a copy that is no other's twin
TIME, SCORE = "training_iteration", "score"


class TunePopulation(JudgingScheduler):
    """PBT or PB2 of Ray Tune over ``population`` trials, asynchronous: each trial is compared at its own reports.

    Their randomness comes from ``seed``, the trial and its report alone, so a ledger that is told again gives the same
    decisions; where it tells of a copy, that copy is what happened, and nothing is decided anew.

    - Values that Tune's factors take out of the space are brought back to its nearest value.
    - Training is exact, so a copy with its parent's own values, or with those of another copy of the same checkpoint,
      would be a training that is there already: its values are drawn anew. Where none are left, nobody is replaced.

    Args:
        tune: makes Tune's scheduler.
        mutations: what a copy may have otherwise, as that scheduler sees it.
        space: the sweep's.
        population: how many trials there will be, without copies.
        seed: the sweep's.
        grace: the first report at which a trial may be replaced.
        interval: so many reports after the last comparison comes the next; as Tune's scheduler has it.
    """

    finishes = True

    def __init__(
        self,
        name: str,
        tune: PopulationBasedTraining,
        mutations: Mutations,
        space: SearchSpace,
        *,
        population: int,
        seed: int,
        grace: int,
        interval: int,
    ) -> None:
        super().__init__()
        self.name = name
        self._tune, self._mutations, self._space = tune, mutations, space
        self._population, self._seed, self._grace, self._interval = population, seed, grace, interval
        self._controller = Controller()
        self._members: dict[str, Member] = {}  # by the trial that each is now
        self._params: dict[str, Mapping[str, Any]] = {}
        self._with_checkpoint: dict[str, int] = {}  # the latest such report of each trial
        self._heirs: dict[str, Copy] = {}  # of trials that are to be replaced
        self._copies: set[tuple[str, int, str]] = set()
        self._recalled: Mapping[tuple[str, int], Copy] = {}

    def recall(self, copies: Mapping[tuple[str, int], Copy]) -> None:
        """The replacements of the ledger that is told next."""
        self._recalled = copies

    def made(self, trial: str, params: Mapping[str, Any], copy: Copy | None = None) -> None:
        """``trial`` joins the population, or takes the place of another one in it."""
        self._params[trial] = params
        config = self._mutations.encode(params)
        if copy is None:
            member = Member(len(self._controller.members) + 1, trial, config)
            self._members[trial] = member
            self._controller.members.append(member)
            self._controller.more = len(self._controller.members) < self._population
            self._tune.on_trial_add(self._controller, member)
            return
        self._copies.add((copy.parent, copy.report, identity(params)))
        self._latest[trial] = copy.report
        if copy.replaces in self._members:
            member = self._members[trial] = self._members.pop(copy.replaces)
            self._heirs.pop(copy.replaces, None)
            member.ours, member.status, member.config = trial, Trial.PAUSED, config

    def start(self, trial: str) -> None:
        """``trial`` begins, or goes on."""
        super().start(trial)
        if trial in self._members:
            self._members[trial].status = Trial.RUNNING

    def saved(self, trial: str, report: int) -> None:
        """The report that comes next has a checkpoint."""
        self._with_checkpoint[trial] = report

    def end(self, trial: str) -> None:
        """``trial`` is over, and its member with it, unless a copy took its place."""
        super().end(trial)
        self._heirs.pop(trial, None)
        if trial in self._members:
            self._members[trial].status = Trial.TERMINATED

    def heir(self, trial: str) -> Copy | None:
        """The copy that is to take its place."""
        return self._heirs.get(trial)

    def spare(self, trial: str) -> None:
        """``trial`` trains on as it is: for Tune, its exploit has not taken place."""
        if self._heirs.pop(trial, None) is not None:
            self._standing.pop(trial, None)
            self._undo(self._members[trial], self._latest[trial])

    def candidate(self, *, last: bool = False) -> str | None:
        """The waiting trial that is the least far, as Tune has it; new ones of the population come first."""
        if self._controller.more and not last:
            return None
        return next(iter(self.promotable()), None)

    def promotable(self, margin: int | None = None) -> list[str]:  # noqa: ARG002 - nobody waits in vain
        """The waiting trials, in the order in which they go on."""
        waiting = [member for member in self._controller.members if member.status == Trial.PAUSED]
        waiting.sort(key=lambda member: self._tune._trial_state[member].last_train_time)
        return [member.ours for member in waiting if member.ours not in self._heirs]

    @property
    def sources(self) -> frozenset[tuple[str, int]]:
        """The checkpoints of the winners, each of the report at which it was last compared."""
        states = ((member, self._tune._trial_state[member]) for member in self._controller.members)
        saved = [state.last_checkpoint for member, state in states if not member.is_finished()]
        return frozenset((one.trial, one.report) for one in saved if one is not None)

    @property
    def rungs(self) -> tuple[int, ...]:
        """Report numbers that double from the first comparison, at which searchers may compare too."""
        return geometric_rungs(max(self._grace, self._interval), 2)

    def _judge(self, trial: str, report: int, score: float) -> Verdict:
        member = self._members.get(trial)
        if member is None or report < self._grace:
            return GO_ON
        member.saved = Saved(trial, report) if self._with_checkpoint.get(trial) == report else None
        recalled = self._recalled.get((trial, report))
        if isinstance(self._tune, TunePB2):
            self._tune.recalled = recalled is not None
        with _draws_from(stable_seed(self._seed, self.name, trial, report)):
            try:
                decision = self._tune.on_trial_result(self._controller, member, {TIME: report, SCORE: score})
            except (np.linalg.LinAlgError, ValueError) as error:
                # PB2's model could not be fitted. A resumed sweep would meet the same again: nobody is replaced.
                logger.warning("%s could not decide about report %d of %s: %s", self.name, report, trial, error)
                self._undo(member, report)
                return GO_ON
        saved = member.exploited()
        if recalled is not None:
            return self._heir(member, report, recalled, suggested=saved is not None)
        if saved is not None:
            return self._replace(member, report, saved)
        if decision == PopulationBasedTraining.PAUSE:
            member.status = Trial.PAUSED
            return Verdict(Decision.PAUSE, f"report {report}: waits until others of the population have come as far")
        return GO_ON

    def _replace(self, member: Member, report: int, saved: Saved) -> Verdict:
        params = self._values(member, report, saved)
        if params is None:
            self._undo(member, report)
            return GO_ON
        return self._heir(member, report, Copy(saved.trial, saved.report, params, replaces=member.ours))

    def _heir(self, member: Member, report: int, copy: Copy, *, suggested: bool = True) -> Verdict:
        self._heirs[member.ours] = copy
        member.config = self._mutations.encode(copy.params)
        if isinstance(self._tune, TunePB2) and suggested:
            self._tune.settle(member.config)
        changes = self._mutations.changes(self._params[copy.parent], copy.params)
        return Verdict(Decision.REPLACE, f"report {report}: replaced by a copy of {copy.parent} with {changes}")

    def _values(self, member: Member, report: int, saved: Saved) -> dict[str, Any] | None:
        """What the copy trains with: as Tune changed it, where that is legal and new."""
        parent = self._params[saved.trial]
        values = self._mutations.decode(member.config)
        rng = generator(self._seed, self.name, "again", member.ours, report)
        for _ in range(_TRIES):
            params = {**parent, **values}
            text = identity(params)
            known = text == identity(parent) or (saved.trial, saved.report, text) in self._copies
            if not known and self._space.broken(params) is None:
                return params
            values = self._mutations.redraw(rng)
        return None

    def _undo(self, member: Member, report: int) -> None:
        member.config, member.status = self._mutations.encode(self._params[member.ours]), Trial.RUNNING
        if isinstance(self._tune, TunePB2):
            self._tune.settle(None)
        # An exploit sets these to the winner's.
        state = self._tune._trial_state[member]
        state.last_perturbation_time = state.last_train_time = report


@contextmanager
def _draws_from(seed: int) -> Iterator[None]:
    """Tune's schedulers draw from the global generators: seeded for them, and put back as they were."""
    before, numbers_before = random.getstate(), np.random.get_state()
    random.seed(seed)
    np.random.seed(seed)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of PB2's model, about the fit of its own kernel
            yield
    finally:
        random.setstate(before)
        np.random.set_state(numbers_before)
