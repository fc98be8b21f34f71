"""Scores of trials that were trained for different times, on one scale."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.special import ndtri

from sweeps.search.base import Outcome

_LEAST_SPREAD = 0.3  # of the trials at a rung, in standard deviations of all


@dataclass
class Progress:
    """What a trial has come to: its value at each rung, best score so far; and whether it is over."""

    values: dict[int, float] = field(default_factory=dict)
    latest: int = 0
    best: float = -math.inf
    over: bool = False
    failed: bool = False

    @property
    def rung(self) -> int:
        """The highest rung with a value; 0 before the first."""
        return max(self.values, default=0)


class RungScores:
    """Each trial's best score up to each rung that it has reached.

    It counts at a trial's first report at or past a rung; one that passes several rungs with one report counts at the
    highest of them only. A trial that trained to its end counts at its last report, as at a rung of its own.

    Args:
        rungs: report numbers, ascending; none: trials count when they have trained to their ends.
    """

    def __init__(self, rungs: Sequence[int]) -> None:
        self._rungs = tuple(rungs)
        self.trials: dict[int, Progress] = {}
        self.order: list[tuple[int, int]] = []  # (trial, rung) in the order in which values came
        self.changes = 0  # of the values, so far

    def begin(self, number: int) -> None:
        """Trial ``number`` begins, or goes on, perhaps elsewhere."""
        if number not in self.trials or self.trials[number].over:
            if number in self.trials:
                self._forget(number)
            self.trials[number] = Progress()

    def report(self, number: int, report: int, score: float) -> None:
        """Take in a score; repeated, late and infinite ones are ignored."""
        trial = self.trials[number]
        if trial.over or report <= trial.latest or not math.isfinite(score):
            return
        trial.latest, trial.best = report, max(trial.best, score)
        passed = bisect_right(self._rungs, report)
        if passed and (rung := self._rungs[passed - 1]) > trial.rung:
            self._value(number, rung)

    def end(self, number: int, outcome: Outcome) -> None:
        """Trial ``number`` is over; a failed one leaves no values."""
        trial = self.trials[number]
        if trial.over:
            return
        trial.over = True
        if outcome is Outcome.FINISHED and trial.latest > trial.rung:
            self._value(number, trial.latest)
        if outcome is Outcome.FAILED:
            trial.failed = True
            trial.values.clear()
            self._forget(number)

    def _forget(self, number: int) -> None:
        self.order = [entry for entry in self.order if entry[0] != number]
        self.changes += 1

    def _value(self, number: int, rung: int) -> None:
        self.trials[number].values[rung] = self.trials[number].best
        self.order.append((number, rung))
        self.changes += 1


def one_scale(scores: Mapping[int, Mapping[int, float]], ranked: int | None = None) -> dict[int, tuple[float, int]]:
    """For each trial a standardised value, larger is better, and the highest rung that it rests on.

    Who comes to a higher rung was chosen, so there the trials' standardised scores are moved and stretched to the mean
    and the spread that the same trials had one rung below: being in the middle of the chosen is better than being in
    the middle of all. Each trial's value is the one of its highest rung.

    Args:
        scores: by rung, then by trial.
        ranked: a rung at which ranks count instead of scores.
    """
    scale: dict[int, tuple[float, int]] = {}
    for rung in sorted(scores):
        numbers = list(scores[rung])
        given = [scores[rung][number] for number in numbers]
        normal = _normal_scores(given) if rung == ranked else _standard_scores(given)
        known = [scale[number][0] for number in numbers if number in scale]
        middle, spread = 0.0, 1.0
        if scale:
            middle = float(np.mean(known)) if known else 0.0
            spread = max(float(np.std(known)), _LEAST_SPREAD) if len(known) > 1 else _LEAST_SPREAD
        for number, value in zip(numbers, normal, strict=True):
            scale[number] = (middle + spread * float(value), rung)
    return scale


def _standard_scores(values: Sequence[float]) -> np.ndarray:
    """Values about 0 with a spread of 1, in which the good ones keep their distances and bad ones are drawn in.

    The unit is how far the best tenth lies above the median. Whatever lies more than that below the median, up to a run
    that diverged, comes closer, as a logarithm does it.
    """
    given = np.asarray(values, dtype=float)
    middle = float(np.median(given))
    unit = float(np.quantile(given, 0.9)) - middle
    if unit <= 0:
        unit = float(np.std(given)) or 1.0
    above = (given - middle) / unit
    drawn = np.where(above < -1, -1 - np.log(np.maximum(-above, 1.0)), above)
    spread = float(np.std(drawn)) or 1.0
    scores: np.ndarray = (drawn - drawn.mean()) / spread
    return scores


def _normal_scores(values: Sequence[float]) -> np.ndarray:
    """Standard normal quantiles of the ranks, as even as there are values; equals share their mean rank."""
    # Not SciPy's rankdata: its module takes a second to import.
    _, which, counts = np.unique(np.asarray(values, dtype=float), return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[which]
    scores: np.ndarray = ndtri((ranks - 0.5) / len(ranks))
    return scores
