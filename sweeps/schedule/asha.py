"""Asynchronous successive halving that stops trials."""

from __future__ import annotations

from bisect import bisect_right, insort

from sweeps.schedule.rungs import geometric_rungs
from sweeps.schedule.stopping import StoppingScheduler


class AshaScheduler(StoppingScheduler):
    """ASHA, stopping variant: at each rung a trial goes on if it is among the best ``1 / reduction_factor``.

    Successive halving without waiting is from Li et al. 2020, "A System for Massively Parallel
    Hyperparameter Tuning" (section 3). The paper promotes from rungs, pausing trials; the variant that
    stops instead is Ray Tune's ``AsyncHyperBandScheduler`` and Optuna's ``SuccessiveHalvingPruner``.

    Of ``n`` scores recorded at a rung so far, its own among them, the best ``max(1, n // reduction_factor)``
    go on, and whoever ties with the last of these. So the first trial at a rung goes on, and while there are
    fewer than ``reduction_factor`` scores only the best so far does (Optuna's rule; Ray Tune's interpolated
    percentile agrees for the first two and is a little more lenient after them).

    A trial is judged at its first report at or past a rung, by the raw score of that report. One that passes
    several rungs with one report is judged at the highest of them, and not recorded at the others: a score
    after more training says nothing about those who were compared earlier.

    Args:
        grace: the first rung, in reports.
        reduction_factor: eta; each rung is so many times later than the one before. May be fractional.
        min_trials: with fewer scores at a rung, its own among them, a trial goes on.
    """

    name = "asha"

    def __init__(self, *, grace: int = 1, reduction_factor: float = 3, min_trials: int = 1) -> None:
        super().__init__()
        self._rungs = geometric_rungs(grace, reduction_factor)
        self._eta = reduction_factor
        self._min_trials = min_trials
        self._scores: dict[int, list[float]] = {}  # by rung, ascending
        self._judged: dict[str, int] = {}  # the highest rung at which a trial was judged

    @property
    def rungs(self) -> tuple[int, ...]:
        """All rungs that a trial could ever reach; far more than most trials do."""
        return self._rungs

    def _judge(self, trial: str, report: int, score: float) -> str | None:
        passed = bisect_right(self._rungs, report)
        if passed == 0 or (rung := self._rungs[passed - 1]) <= self._judged.get(trial, 0):
            return None
        self._judged[trial] = rung
        scores = self._scores.setdefault(rung, [])
        insort(scores, score)
        kept = max(1, int(len(scores) / self._eta))
        cut = scores[-kept]
        if score >= cut or len(scores) < self._min_trials:
            return None
        share = f"1/{self._eta:g}"
        return f"rung {rung}: {score:.4g} is not in the top {share} of {len(scores)} (cut {cut:.4g})"
