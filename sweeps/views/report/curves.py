"""Learning curves, thin enough to draw, and values at report numbers that many trials reached."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sweeps.records.record import ReportRecord, SweepRecord, TrialRecord

_POINTS = 24_000  # of all curves together
_FEWEST, _MOST = 8, 200  # of a curve
_LEVELS = 6


@dataclass(frozen=True)
class Level:
    """A report number, and the best value of each trial up to it; ``None`` for those that did not come so far."""

    report: int
    values: tuple[float | None, ...]

    @property
    def count(self) -> int:
        """How many trials have one."""
        return sum(value is not None for value in self.values)


def curves_of(record: SweepRecord) -> list[list[tuple[int, float]]]:
    """The metric by report number of each trial. A copy's begins with its parent's report.

    Of long curves some points, evenly spread, always with the first, the best and the last.
    """
    most = min(_MOST, max(_FEWEST, _POINTS // max(1, len(record.trials))))
    of_parents = {trial.id: trial for trial in record.trials}
    return [_thin(_points(trial, record, of_parents.get(trial.parent.trial) if trial.parent else None), record, most)
            for trial in record.trials]  # fmt: skip


def levels_of(record: SweepRecord) -> tuple[Level, ...]:
    """A few report numbers at which trials ended, from the first to the last: values there compare like with like."""
    counted = [trial for trial in record.trials if any(record.metric in one.metrics for one in trial.reports)]
    ends = sorted({trial.reached for trial in counted})
    if len(ends) > _LEVELS:
        ends = [ends[round(place * (len(ends) - 1) / (_LEVELS - 1))] for place in range(_LEVELS)]
    return tuple(Level(end, tuple(_best_until(trial, record, end) for trial in record.trials)) for end in ends)


def usual_level(levels: Sequence[Level]) -> int:
    """The place of the last one that at least half of the trials came to, of those that came to the first."""
    half = levels[0].count / 2 if levels else 0
    return max((place for place, level in enumerate(levels) if level.count >= half), default=0)


def _best_until(trial: TrialRecord, record: SweepRecord, report: int) -> float | None:
    if trial.reached < report:
        return None
    found = [one.metrics[record.metric] for one in trial.reports if _counts(one, record) and one.number <= report]
    return (min if record.goal == "minimize" else max)(found, default=None)


def _counts(report: ReportRecord, record: SweepRecord) -> bool:
    return report.fits and record.metric in report.metrics


def _points(trial: TrialRecord, record: SweepRecord, parent: TrialRecord | None) -> list[tuple[int, float]]:
    own = [(one.number, one.metrics[record.metric]) for one in trial.reports if record.metric in one.metrics]
    if parent is None or trial.parent is None:
        return own
    first = [one for one in parent.reports if one.number == trial.parent.report and record.metric in one.metrics]
    return [*((one.number, one.metrics[record.metric]) for one in first), *own]


def _thin(points: list[tuple[int, float]], record: SweepRecord, most: int) -> list[tuple[int, float]]:
    if len(points) <= most:
        return points
    pick = min if record.goal == "minimize" else max
    best = pick(range(len(points)), key=lambda place: points[place][1])
    spread = {round(place * (len(points) - 1) / (most - 2)) for place in range(most - 1)}
    return [points[place] for place in sorted({*spread, best})]
