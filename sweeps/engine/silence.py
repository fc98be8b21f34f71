"""Ray Tune's own progress report, silenced: in a notebook it would clear the cell's output, and our table with it."""

from __future__ import annotations

from typing import Any

from ray.tune import ProgressReporter

from sweeps.views.notebook import in_notebook


class Silence(ProgressReporter):  # type: ignore[misc]
    """Never has anything to say."""

    def should_report(self, trials: list[Any], done: bool = False) -> bool:  # noqa: ARG002
        """No."""
        return False

    def report(self, trials: list[Any], done: bool, *sys_info: str) -> None:
        """Nothing."""


def silence() -> Silence | None:
    """For a notebook. Elsewhere ``verbose=0`` is enough, and Tune would warn that it takes no reporter."""
    return Silence() if in_notebook() else None
