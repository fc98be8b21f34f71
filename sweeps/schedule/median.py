"""The median stopping rule."""

from __future__ import annotations

from bisect import bisect_right, insort
from dataclasses import dataclass, field

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
        # Kept sorted, since thousands of trials are compared at every report.
        self._averages: dict[int, list[float]] = {}
        self._asked: list[int] = []  # its keys, ascending

    @property
    def rungs(self) -> tuple[int, ...]:
        """Report numbers that double from ``grace``.

        Trials are compared at every report from there on; these are the ones worth a model of their own.
        """
        return geometric_rungs(self._grace, 2)

    def _judge(self, trial: str, report: int, score: float) -> Verdict:
        best = self._best[trial] = max(score, self._best.get(trial, score))
        verdict = self._compare(report, best)  # before its own average is among the others
        self._record(trial, report, score)
        return verdict

    def _compare(self, report: int, best: float) -> Verdict:
        if report < self._grace:
            return GO_ON
        averages = self._averages_at(report)
        if len(averages) < self._min_trials:
            return GO_ON
        cut = _middle(averages)
        if best >= cut:
            return GO_ON
        others_are = f"the median of {len(averages)} running averages ({cut:.4g})"
        return Verdict(Decision.STOP, f"report {report}: best {best:.4g} is below {others_are}")

    def _averages_at(self, report: int) -> list[float]:
        """The running averages of all that have come as far as ``report``, ascending."""
        if report not in self._averages:
            found = (curve.average_to(report) for curve in self._curves.values())
            self._averages[report] = sorted(average for average in found if average is not None)
            insort(self._asked, report)
        return self._averages[report]

    def _record(self, trial: str, report: int, score: float) -> None:
        """Add a score to its trial's curve; an average to a report that was passed does not change any more."""
        curve = self._curves.setdefault(trial, _Curve())
        before = curve.reports[-1] if curve.reports else 0
        curve.add(report, score)
        for asked in self._asked[bisect_right(self._asked, before) : bisect_right(self._asked, report)]:
            if (average := curve.average_to(asked)) is not None:
                insort(self._averages[asked], average)


def _middle(ascending: list[float]) -> float:
    half = len(ascending) // 2
    return ascending[half] if len(ascending) % 2 else (ascending[half - 1] + ascending[half]) / 2
