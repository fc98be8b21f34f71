"""No early stopping."""

from __future__ import annotations

from sweeps.schedule.base import Decision, Scheduler


class NoScheduler(Scheduler):
    """Every trial trains to its end."""

    name = "none"

    def report(self, trial: str, report: int, score: float) -> Decision:  # noqa: ARG002
        """Always to go on."""
        return Decision.CONTINUE

    @property
    def judged(self) -> tuple[int, ...] | None:
        """Nowhere."""
        return ()
