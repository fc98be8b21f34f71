"""ASHA that trains no longer than it takes to tell trials apart."""

from __future__ import annotations

from itertools import combinations

from sweeps.schedule.asha import AshaScheduler
from sweeps.schedule.judging import Verdict
from sweeps.schedule.ranking import crossing_distance, noise, same_ranking
from sweeps.schedule.rung import Rung


class PashaScheduler(AshaScheduler):
    """ASHA with promotion up to a top rung, which moves up only while more training changes the ranking.

    Bohdal et al. 2023, "PASHA: Efficient HPO and NAS with Progressive Resource Allocation"; the rules as in
    Syne Tune's ``PASHARungSystem``. The second rung is the top at first. Whenever a trial is recorded at the
    top rung, the trials there are ranked by their scores at it and by those at the rung below. If the two
    rankings differ by more than noise, the next rung becomes the top. Nobody goes on from the top rung
    before that, unless no more trials are to come: then the best one does, to the end of its training.

    Noise is the 90th percentile of the distances between trials whose learning curves crossed and crossed back;
    before any did, what it was last, and 0 at first. Here the trials at the top rung are looked at; Syne Tune
    also takes those on their way to it.

    Args:
        grace: the first rung, in reports.
        reduction_factor: eta; each rung is so many times later than the one before.
    """

    name = "pasha"

    def __init__(self, *, grace: int = 1, reduction_factor: float = 3) -> None:
        super().__init__(grace=grace, reduction_factor=reduction_factor, mode="promotion")
        self._top = min(1, len(self._rungs) - 1)
        self._curves: dict[str, dict[int, float]] = {}
        self._distances: list[float] = []  # between trials at the top rung that only noise sets apart
        self._epsilon = 0.0

    @property
    def top(self) -> int:
        """The top rung now, in reports."""
        return self._rungs[self._top].at

    def _judge(self, trial: str, report: int, score: float) -> Verdict:
        self._curves.setdefault(trial, {})[report] = score
        return super()._judge(trial, report, score)

    def _allowed(self, rung: Rung) -> int:
        return super()._allowed(rung) if rung.at < self.top else 0

    def _record(self, rung: Rung, trial: str, score: float) -> None:
        super()._record(rung, trial, score)
        if rung.at != self.top or self._top == 0:
            return
        self._measure([(trial, other) for other in rung.scores if other != trial])
        below = self._rungs[self._top - 1]
        if self._top + 1 < len(self._rungs) and not same_ranking(rung.scores, below.scores, self._epsilon):
            self._top += 1
            self._distances = []
            self._measure(list(combinations(self._rungs[self._top].scores, 2)))

    def _measure(self, pairs: list[tuple[str, str]]) -> None:
        """Look for noise in pairs of trials at the top rung, so that each pair is looked at once."""
        found = (crossing_distance(self._curves[one], self._curves[other], self.top) for one, other in pairs)
        self._distances += [distance for distance in found if distance is not None]
        if self._distances:
            self._epsilon = noise(self._distances)
