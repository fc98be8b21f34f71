"""Scores of trials that were trained for different times, on one scale."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.special import ndtri

from sweeps.search.base import Outcome

# How well a rung is taken to foretell the next before anything is known of it, and of how many trials that is worth.
_PRIOR_CORRELATION, _PRIOR_WEIGHT = 0.9, 6.0


@dataclass
class Progress:
    """What a trial has come to: its value at each rung, its best score so far; and whether it is over."""

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
    """Each trial's score at each rung that it has reached.

    That is the score of its first report at or past the rung, and not its best so far: a training that has collapsed
    since will not come back. One that passes several rungs with one report counts at the highest of them only. A trial
    that trained to its end counts with its best score, as at a rung of its own: that is what it came to.

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
            self._value(number, rung, score)

    def end(self, number: int, outcome: Outcome) -> None:
        """Trial ``number`` is over; a failed one leaves no values."""
        trial = self.trials[number]
        if trial.over:
            return
        trial.over = True
        if outcome is Outcome.FINISHED and trial.latest > trial.rung:
            self._value(number, trial.latest, trial.best)
        if outcome is Outcome.FAILED:
            trial.failed = True
            trial.values.clear()
            self._forget(number)

    def _forget(self, number: int) -> None:
        self.order = [entry for entry in self.order if entry[0] != number]
        self.changes += 1

    def _value(self, number: int, rung: int, score: float) -> None:
        self.trials[number].values[rung] = score
        self.order.append((number, rung))
        self.changes += 1


def one_scale(scores: Mapping[int, Mapping[int, float]], ranked: int | None = None) -> dict[int, tuple[float, int]]:
    """For each trial a standardised value, larger is better, and the highest rung that it rests on.

    A value is what is expected of a trial with more training, in standard deviations of all trials. How well a rung
    foretells the next is the correlation, ``r``, between the values of those who came that far and their scores
    there; few of them count little against what is usual. A trial that stayed behind keeps ``r`` times its value:
    little, where early scores mislead. Those at the next rung were chosen: a mean of ``m`` and a variance of ``v``
    below become a mean of ``r m`` and a variance of ``1 - r^2 + r^2 v``. So being in the middle of the chosen is better
    than being in the middle of all, as far as the choice was good.

    Args:
        scores: by rung, then by trial.
        ranked: a rung at which ranks count instead of scores.
    """
    scale: dict[int, tuple[float, int]] = {}
    for rung in sorted(scores):
        numbers = list(scores[rung])
        given = [scores[rung][number] for number in numbers]
        normal = _normal_scores(given) if rung == ranked else _standard_scores(given)
        middle, spread = 0.0, 1.0
        if scale:
            below = np.array([scale[number][0] if number in scale else math.nan for number in numbers])
            middle, spread, scale = _carried(below, normal, scale)
        for number, value in zip(numbers, normal, strict=True):
            scale[number] = (middle + spread * float(value), rung)
    return scale


def coarseness(rungs: Sequence[int]) -> np.ndarray:
    """How coarse values at these rungs are, (n,): 0 at the highest, by logarithms; 1 at the first report."""
    at = np.asarray(rungs, dtype=float)
    coarse: np.ndarray = 1.0 - np.log(at) / np.log(max(float(at.max()), 2.0))
    return coarse


def _carried(
    below: np.ndarray, above: np.ndarray, scale: dict[int, tuple[float, int]]
) -> tuple[float, float, dict[int, tuple[float, int]]]:
    """Mean and spread of the trials of a rung, and the values of all as they are known from the rungs below.

    Args:
        below: (n,) values from below of the trials at the rung; NaN where there is none.
        above: (n,) their standardised scores at the rung.
        scale: the values from below of all trials.
    """
    chosen = ~np.isnan(below)
    everyone = np.array([value for value, _ in scale.values()])
    middle, within = (float(below[chosen].mean()), float(below[chosen].var())) if chosen.any() else (0.0, 0.0)
    foretold = _foretold(below[chosen], above[chosen], float(everyone.var()))
    spread = math.sqrt(1 - foretold**2 + foretold**2 * within)
    return foretold * middle, spread, {number: (foretold * value, rung) for number, (value, rung) in scale.items()}


def _foretold(below: np.ndarray, above: np.ndarray, variance: float) -> float:
    """The correlation among all trials, from 0 to 1, by that of a choice of them, arrays (n,), and what is usual.

    Among chosen ones values differ less, which makes a correlation look weaker than it is: Thorndike 1949's second
    case undoes that, with the ``variance`` among all. That of n trials counts as n - 3, as in Fisher's transformation.
    """
    known, measured = max(len(below) - 3, 0), 0.0
    if known and (within := float(below.var())) > 0 and float(np.ptp(above)) > 0:
        seen = float(np.corrcoef(below, above)[0, 1])
        wider = max(variance / within, 1.0)
        measured = seen * math.sqrt(wider) / math.sqrt(1 + seen**2 * (wider - 1))
    else:
        known = 0
    foretold = (known * measured + _PRIOR_WEIGHT * _PRIOR_CORRELATION) / (known + _PRIOR_WEIGHT)
    return min(max(foretold, 0.0), 1.0)


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
