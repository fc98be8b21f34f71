"""Whether two rungs rank trials alike, but for noise: the arithmetic of PASHA."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from statistics import quantiles

Curve = Mapping[int, float]  # scores by report


def crossing_distance(one: Curve, other: Curve, last: int) -> float | None:
    """How far two learning curves are apart in the end, if they crossed and crossed back; else ``None``.

    The end is the last report, up to ``last``, that both have. Trials that changed places twice are of one rank,
    and what sets them apart is noise: so Bohdal et al. 2023, and Syne Tune's ``PASHARungSystem``.
    """
    shared = sorted(report for report in one.keys() & other.keys() if report <= last)
    ahead = [one[report] > other[report] for report in shared]
    if sum(before != after for before, after in pairwise(ahead)) < 2:
        return None
    return abs(one[shared[-1]] - other[shared[-1]])


def noise(distances: list[float]) -> float:
    """The 90th percentile of what noise set apart, interpolated linearly; 0 where nothing crossed."""
    return quantiles(distances, n=10, method="inclusive")[-1] if len(distances) > 1 else sum(distances)


def same_ranking(upper: Mapping[str, float], lower: Mapping[str, float], epsilon: float) -> bool:
    """Whether the trials that have both scores rank alike in both, where ``epsilon`` in ``lower`` is no difference.

    Soft ranking: at each rank, the trial there by ``upper`` is one whose ``lower`` score is within
    ``epsilon`` of that of the trial which has this rank by ``lower`` (Bohdal et al. 2023). Equal scores keep
    the order of ``upper``.
    """
    both = [trial for trial in upper if trial in lower]
    by_upper = sorted(both, key=lambda trial: -upper[trial])
    by_lower = sorted(both, key=lambda trial: -lower[trial])
    return all(abs(lower[a] - lower[b]) <= epsilon for a, b in zip(by_upper, by_lower, strict=True))
