"""How long a sweep goes on, as a sweep file says it: a budget, what to stop for, and how many must finish."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sweeps.config.places import Places
from sweeps.config.section import Section

_COUNTS = ("trainings", "device_hours", "hours")
KEYS = ("budget", "stop_when", "finish", "reports", "keep_paused")


@dataclass(frozen=True)
class Limits:
    """What ends a sweep besides its number of trials; whatever comes first.

    Attributes:
        trainings: so many full trainings' worth of training.
        device_hours: hours of all GPUs that trials hold together; of their workers where there are no GPUs.
        hours: hours by the clock, over all drivers of the sweep.
        target: a value of the metric that is good enough.
        no_better_for: so many trials in a row came to nothing better.
        finish: the best so many are trained to their ends before the sweep is over.
        reports: how many reports a full training has, for a function of one's own; the shared trainer knows.
        keep_paused: so many paused trials keep their checkpoints; others that go on begin again.
    """

    trainings: float | None = None
    device_hours: float | None = None
    hours: float | None = None
    target: float | None = None
    no_better_for: int | None = None
    finish: int = 1
    reports: int | None = None
    keep_paused: int = 20

    @property
    def budgeted(self) -> bool:
        """Whether any of these ends every sweep."""
        return any(getattr(self, name) is not None for name in (*_COUNTS, "no_better_for"))

    @property
    def counts(self) -> dict[str, float]:
        """The budget: what is counted, and how much there is."""
        return {name: getattr(self, name) for name in _COUNTS if getattr(self, name) is not None}

    def to_mapping(self) -> dict[str, Any]:
        """The keys of a sweep file; complete, without what is not there."""
        stop_when = {"target": self.target, "no_better_for": self.no_better_for}
        stop_when = {name: value for name, value in stop_when.items() if value is not None}
        mapping = {"budget": self.counts or None, "stop_when": stop_when or None, "reports": self.reports}
        return {**mapping, "finish": self.finish, "keep_paused": self.keep_paused}


def read_limits(top: Section, places: Places, *, own_function: bool) -> Limits:
    """The keys `KEYS` at the top of a sweep file.

    Raises:
        InputError: numbers that cannot be meant; a count that nobody could keep.
    """
    budget = Section(top.data.get("budget"), "budget", places, _COUNTS, {"trials": "write trials at the top level"})
    if isinstance(top.data.get("budget"), Mapping) and not any(budget.has(name) for name in _COUNTS):
        raise places.error("budget", "is empty", f"give one of {', '.join(_COUNTS)}, or remove it")
    stop_when = Section(top.data.get("stop_when"), "stop_when", places, ("target", "no_better_for"))
    reports = top.whole("reports", None, least=1)
    if reports is not None and not own_function:
        raise top.error("reports", "is known of the shared trainer", "remove it; trainer.report_every sets it")
    if budget.has("trainings") and own_function and reports is None:
        mend = "add reports: 10, the number of reports that your function makes when it is not stopped"
        raise budget.error("trainings", "cannot be counted: nothing says how long a training is", mend)
    counts = {name: budget.number(name, 0, above=0) for name in _COUNTS if budget.has(name)}
    target = stop_when.number("target", 0, least=float("-inf")) if stop_when.has("target") else None
    finish, paused = top.whole("finish", 1, least=0), top.whole("keep_paused", 20, least=0)
    assert finish is not None
    assert paused is not None
    return Limits(
        **counts,
        target=target,
        no_better_for=stop_when.whole("no_better_for", None, least=1),
        finish=finish,
        reports=reports,
        keep_paused=paused,
    )
