"""Whether one configuration is better than another, from values of both with the same seeds. Pure functions.

The seeds of two configurations are the same, so their values come in pairs: what a seed does to both cancels out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

LEVEL = 0.05
"""How often two configurations that are equally good may be told apart."""
POWER = 0.8
_MOST_SEEDS = 200
# Values that are sums of the same numbers in another order differ by rounding, which is no spread.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Paired:
    """A paired t test.

    Attributes:
        pairs: how many.
        difference: the mean of ours less theirs; ``None`` without pairs.
        error: its standard error; ``None`` with fewer than two pairs.
        p: two-sided; ``None`` where there is no test: fewer than two pairs, or a difference without any spread.
    """

    pairs: int
    difference: float | None = None
    error: float | None = None
    p: float | None = None

    def interval(self, confidence: float) -> tuple[float, float] | None:
        """Where the true difference lies, ``None`` where there is no test."""
        from scipy.stats import t

        if self.p is None or self.difference is None or self.error is None:
            return None
        half = float(t.ppf((1 + confidence) / 2, self.pairs - 1)) * self.error
        return self.difference - half, self.difference + half


def mean_and_error(values: Sequence[float]) -> tuple[float | None, float | None]:
    """The mean, and its standard error from the sample's deviation; ``None`` where there are too few values."""
    mean = fmean(values) if values else None
    return mean, stdev(values) / math.sqrt(len(values)) if len(values) > 1 else None


def paired(ours: Sequence[float], theirs: Sequence[float]) -> Paired:
    """Student's t test of paired values, as ``scipy.stats.ttest_rel`` has it.

    Where all differences are the same but for rounding, their spread is not known and there is no test: a metric that
    counts rows easily gives two equal differences by chance. Equal values are equal: p is 1 then.
    """
    from scipy.stats import t

    differences = [a - b for a, b in zip(ours, theirs, strict=True)]
    mean, error = mean_and_error(differences)
    if mean is None or error is None:
        return Paired(len(differences), mean)
    rounding = _ROUNDING * max(map(abs, (*ours, *theirs)))
    if max(differences) - min(differences) <= rounding:
        return Paired(len(differences), mean, 0.0, 1.0 if abs(mean) <= rounding else None)
    return Paired(len(differences), mean, error, 2 * float(t.sf(abs(mean / error), len(differences) - 1)))


def holm(p_values: Sequence[float], level: float = LEVEL) -> list[tuple[float, float]]:
    """Each p corrected for there being several, and the level that its own p was held to.

    Holm 1979, "A simple sequentially rejective multiple test procedure": the least p is held to ``level / m``, the next
    to ``level / (m - 1)`` and so on, and after the first that fails to its level all others fail: they are held to that
    same one here. So a corrected p is at most ``level`` exactly where its own p is at most its level.
    """
    found: list[tuple[float, float]] = [(1.0, level)] * len(p_values)
    corrected, held, failed = 0.0, level, False
    for rank, place in enumerate(sorted(range(len(p_values)), key=lambda at: p_values[at])):
        steps = len(p_values) - rank
        corrected = min(1.0, max(corrected, steps * p_values[place]))
        held = held if failed else level / steps
        failed = failed or p_values[place] > held
        found[place] = (corrected, held)
    return found


def seeds_needed(test: Paired, level: float = LEVEL, power: float = POWER) -> int | None:
    """How many pairs would tell such a difference with such a spread apart in 4 of 5 cases; ``None``: above 200, or it
    cannot be said. By the noncentral t distribution."""
    from scipy.stats import nct, t

    if not test.error or not test.difference:
        return None
    effect = abs(test.difference) / (test.error * math.sqrt(test.pairs))
    for pairs in range(test.pairs + 1, _MOST_SEEDS + 1):
        bound = t.ppf(1 - level / 2, pairs - 1)
        if nct.sf(bound, pairs - 1, effect * math.sqrt(pairs)) >= power:
            return pairs
    return None
