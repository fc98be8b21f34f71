"""Hyperband without waiting: several ASHAs side by side, which begin to compare at different times."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from sweeps.config.early_stopping import Mode
from sweeps.schedule.asha import AshaScheduler
from sweeps.schedule.base import Backed, Copy, Decision, Opinion, Scheduler
from sweeps.schedule.rungs import geometric_rungs


class HyperbandScheduler(Scheduler):
    """Brackets of ASHA, whose first rungs are ``grace * reduction_factor ** s`` for ``s = 0, 1, ...``.

    Li et al. 2018, "Hyperband: A Novel Bandit-Based Approach to Hyperparameter Optimization" (section 3),
    with ASHA in place of successive halving as in Li et al. 2020 (section 3.3) and in Optuna's
    ``HyperbandPruner``. It hedges against early reports that mislead: trials of later brackets train longer
    before they are first compared, and those of the last one nearly or wholly to the end.

    Of ``N`` brackets, bracket ``s`` gets ``ceil(N / (N - s) * reduction_factor ** (N - 1 - s))`` shares of the
    trials (Hyperband's ``n``, with which each bracket costs about as much as any other). Each new trial, in order of
    start, joins the bracket that is furthest behind its shares: the one with the smallest
    ``(trials + 1) / shares``, of equal ones the first. Trials are compared within their bracket alone.

    Args:
        reports: of a full training; rungs up to it begin a bracket each.
        grace: the first rung of the first bracket, in reports.
        reduction_factor: eta, of the brackets as of the rungs.
        mode: ASHA's, of each bracket.
    """

    name = "hyperband"

    def __init__(self, *, reports: int, grace: int = 1, reduction_factor: float = 3, mode: Mode = "stopping") -> None:
        count = max(1, len(geometric_rungs(grace, reduction_factor, most=reports)))
        self._brackets = tuple(
            AshaScheduler(grace=grace, reduction_factor=reduction_factor, mode=mode, skip=skip) for skip in range(count)
        )
        self.shares = tuple(
            math.ceil(count / (count - skip) * reduction_factor ** (count - 1 - skip) - 1e-9) for skip in range(count)
        )
        self._sizes = [0] * count
        self._bracket_of: dict[str, int] = {}

    @property
    def rungs(self) -> tuple[int, ...]:
        """The rungs of all brackets, which are those of the first."""
        return self._brackets[0].rungs

    @property
    def judged(self) -> tuple[int, ...] | None:
        """Its rungs: reports have no gaps."""
        return self.rungs

    def bracket(self, trial: str) -> int:
        """The number of the bracket of ``trial``, from 0; a new one joins one with this."""
        if trial not in self._bracket_of:
            waits = [(size + 1) / share for size, share in zip(self._sizes, self.shares, strict=True)]
            joined = self._bracket_of[trial] = waits.index(min(waits))
            self._sizes[joined] += 1
        return self._bracket_of[trial]

    def consult(self, opinion: Opinion, backed: Backed = tuple) -> None:
        """For all brackets."""
        for bracket in self._brackets:
            bracket.consult(opinion, backed)

    def made(self, trial: str, params: Mapping[str, Any], copy: Copy | None = None) -> None:
        """A copy joins a bracket at once, which has to know how far it was trained."""
        if copy is not None:
            self._brackets[self.bracket(trial)].made(trial, params, copy)

    def start(self, trial: str) -> None:
        """``trial`` begins, in the bracket whose turn it is, or goes on in its own."""
        self._brackets[self.bracket(trial)].start(trial)

    def report(self, trial: str, report: int, score: float) -> Decision:
        """What its bracket makes of ``trial``."""
        return self._brackets[self.bracket(trial)].report(trial, report, score)

    def end(self, trial: str) -> None:
        """``trial`` is over; one that never began takes no place in a bracket."""
        if trial in self._bracket_of:
            self._brackets[self._bracket_of[trial]].end(trial)

    def overruled(self, trial: str) -> None:
        """For its bracket."""
        self._brackets[self.bracket(trial)].overruled(trial)

    def costs(self, resume: float) -> None:
        """For ``auto``, in all brackets."""
        for bracket in self._brackets:
            bracket.costs(resume)

    def candidate(self, *, last: bool = False) -> str | None:
        """The candidate of the bracket whose candidate waits at the highest rung; of equal ones the first bracket's."""
        found = [at for bracket in self._brackets if (at := bracket.candidate_at(last=last)) is not None]
        return max(found, key=lambda at: at[0])[1] if found else None

    def promotable(self, margin: int | None = None) -> list[str]:
        """As in ASHA, with each trial's rank within its own bracket; whoever is equal in all that, by name."""
        found = (standing for bracket in self._brackets for standing in bracket.standings(margin))
        return [trial for *_, trial in sorted(found)]

    def explain(self, trial: str) -> str:
        """Why ``trial`` was stopped or is paused, and in which bracket."""
        joined = self._bracket_of.get(trial)
        reason = "" if joined is None else self._brackets[joined].explain(trial)
        return f"bracket {joined}, {reason}" if reason else ""
