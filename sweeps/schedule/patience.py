"""Stopping a trial that gets no better."""

from __future__ import annotations

from sweeps.schedule.base import Decision
from sweeps.schedule.judging import GO_ON, JudgingScheduler, Verdict
from sweeps.schedule.rungs import geometric_rungs


class PatienceScheduler(JudgingScheduler):
    """Stops a trial after ``patience`` reports in a row that did not improve on its best score.

    Early stopping as training libraries have it: Keras' ``EarlyStopping`` and transformers'
    ``EarlyStoppingCallback``. Each trial is judged by itself alone, so nothing is gained over others' results.
    As in Keras, the score to improve on moves only with an improvement of more than ``min_delta``: many
    small steps count once they add up to one. Reports that were skipped are not counted.

    Args:
        grace: the first so many reports set the best score, and count nothing against a trial.
        patience: after so many reports without an improvement a trial is stopped.
        min_delta: an improvement is a score that is larger by more than this.
    """

    name = "patience"

    def __init__(self, *, grace: int = 1, patience: int = 3, min_delta: float = 0.0) -> None:
        super().__init__()
        self._grace = grace
        self._patience = patience
        self._min_delta = min_delta
        self._best: dict[str, tuple[float, int]] = {}  # the score to improve on, and the report that set it
        self._waited: dict[str, int] = {}

    @property
    def rungs(self) -> tuple[int, ...]:
        """Report numbers that double from ``grace``; no trial is judged there, but searchers may compare at them."""
        return geometric_rungs(self._grace, 2)

    def _judge(self, trial: str, report: int, score: float) -> Verdict:
        if trial not in self._best or score > self._best[trial][0] + self._min_delta:
            self._best[trial] = score, report
            self._waited[trial] = 0
            return GO_ON
        if report <= self._grace:
            return GO_ON
        self._waited[trial] += 1
        if self._waited[trial] < self._patience:
            return GO_ON
        best, at = self._best[trial]
        least = f" by more than {self._min_delta:g}" if self._min_delta else ""
        reason = f"report {report}: not above {best:.4g} (report {at}){least} for {self._waited[trial]} reports"
        return Verdict(Decision.STOP, reason)
