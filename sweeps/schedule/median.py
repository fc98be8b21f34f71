"""The median stopping rule."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from statistics import median

from sweeps.schedule.base import Decision
from sweeps.schedule.judging import GO_ON, JudgingScheduler, Verdict
from sweeps.schedule.rungs import geometric_rungs


@dataclass
class _Curve:
    """Report numbers of a trial, ascending, and the sum of its scores up to each."""

    reports: list[int] = field(default_factory=list)
    sums: list[float] = field(default_factory=list)

    def add(self, report: int, score: float) -> None:
        self.sums.append(score + (self.sums[-1] if self.sums else 0.0))
        self.reports.append(report)

    def average_to(self, report: int) -> float | None:
        """The mean score up to ``report``; ``None`` where the trial has not come so far."""
        if not self.reports or self.reports[-1] < report:
            return None
        count = bisect_right(self.reports, report)
        return self.sums[count - 1] / count if count else None


class MedianScheduler(JudgingScheduler):
    """Stops a trial whose best score so far is worse than the median of the others' running averages.

    From Golovin et al. 2017, "Google Vizier: A Service for Black-Box Optimization", section 3.2.2. There
    the averages are those of completed trials. Here, where trials run side by side, they are those of all
    others that have come as far, however they ended since, as in Ray Tune's ``MedianStoppingRule``. A tie
    with the median goes on.

    Args:
        grace: nothing is stopped before this report.
        min_trials: so many others must have come as far before anything is stopped.
    """

    name = "median"

    def __init__(self, *, grace: int = 1, min_trials: int = 3) -> None:
        super().__init__()
        self._grace = grace
        self._min_trials = min_trials
        self._curves: dict[str, _Curve] = {}
        self._best: dict[str, float] = {}

    @property
    def rungs(self) -> tuple[int, ...]:
        """Report numbers that double from ``grace``.

        Trials are compared at every report from there on; these are the ones worth a model of their own.
        """
        return geometric_rungs(self._grace, 2)

    def _judge(self, trial: str, report: int, score: float) -> Verdict:
        self._curves.setdefault(trial, _Curve()).add(report, score)
        best = self._best[trial] = max(score, self._best.get(trial, score))
        if report < self._grace:
            return GO_ON
        others = [curve.average_to(report) for other, curve in self._curves.items() if other != trial]
        averages = [average for average in others if average is not None]
        if len(averages) < self._min_trials:
            return GO_ON
        cut = median(averages)
        if best >= cut:
            return GO_ON
        others_are = f"the median of {len(averages)} running averages ({cut:.4g})"
        return Verdict(Decision.STOP, f"report {report}: best {best:.4g} is below {others_are}")
