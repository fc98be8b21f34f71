"""Earlier sweeps that a new one learns from, as its resolved file keeps them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from search_spaces.space import SearchSpace
from sweeps.config.places import Places, show
from sweeps.config.section import Section
from trainer.config import Goal

_KEYS = ("id", "name", "metric", "goal", "trials")


@dataclass(frozen=True)
class PastTrial:
    """A configuration and its values of the metric, by the report number at which it was compared."""

    params: Mapping[str, Any]
    scores: Mapping[int, float] = field(default_factory=dict)


@dataclass(frozen=True)
class PastSweep:
    """What a new sweep is told of an earlier one: no data, no weights.

    Attributes:
        id: as its ledger has it.
        name: for people.
        metric: what its trials were compared by.
        goal: which way that is better.
        trials: those that came to a value, in the order in which they began.
    """

    id: str
    name: str
    metric: str
    goal: Goal
    trials: tuple[PastTrial, ...]

    def to_mapping(self) -> dict[str, Any]:
        """Plain data; `read_past` reads back an equal one."""
        trials = [{"params": dict(trial.params), "scores": dict(trial.scores)} for trial in self.trials]
        return {"id": self.id, "name": self.name, "metric": self.metric, "goal": self.goal, "trials": trials}


def usable(trials: Sequence[PastTrial], space: SearchSpace) -> list[PastTrial]:
    """Those whose values ``space`` has too, for every searched parameter that they have."""
    return [
        trial
        for trial in trials
        if trial.scores
        and all(one.contains(trial.params[one.name]) for one in space.searched if one.name in trial.params)
    ]


def read_past(data: object, places: Places) -> tuple[PastSweep, ...] | None:
    """``past``: what a resolved file has of earlier sweeps; ``None`` where nobody has looked for any yet.

    Raises:
        InputError: not of this shape.
    """
    if data is None:
        return None
    return tuple(_sweep(one, f"past.{place}", places) for place, one in enumerate(_list(data, "past", places)))


def past_sweep(data: object) -> PastSweep:
    """The one that plain data describe.

    Raises:
        InputError: not of this shape.
    """
    return _sweep(data, "sweep", Places())


def _sweep(data: object, key: str, places: Places) -> PastSweep:
    section = Section(data, key, places, _KEYS)
    goal = cast("Goal", section.choice("goal", ("minimize", "maximize")))
    trials = _list(section.required("trials", "list them"), f"{key}.trials", places)
    return PastSweep(
        section.text("id", "give the sweep's id"),
        section.text("name", "give the sweep's name"),
        section.text("metric", "name the metric"),
        goal,
        tuple(_trial(one, f"{key}.trials.{place}", places) for place, one in enumerate(trials)),
    )


def _trial(data: object, key: str, places: Places) -> PastTrial:
    section = Section(data, key, places, ("params", "scores"))
    params, scores = section.data.get("params"), section.data.get("scores")
    if not isinstance(params, Mapping) or not isinstance(scores, Mapping):
        message = f"expected params and scores, got {show(data)}"
        raise places.error(key, message, "write {params: {learning_rate: 1e-3}, scores: {1: 0.9}}")
    try:
        read = {int(report): float(value) for report, value in scores.items()}
    except (TypeError, ValueError):
        read = {0: math.nan}
    if not all(report >= 1 and math.isfinite(value) for report, value in read.items()):
        message = f"expected numbers by report number, got {show(scores)}"
        raise places.error(f"{key}.scores", message, "write {1: 0.85, 3: 0.9}")
    return PastTrial(dict(params), read)


def _list(data: object, key: str, places: Places) -> Sequence[object]:
    if not isinstance(data, list | tuple):
        raise places.error(key, f"expected a list, got {show(data)}", "it is written by sweeps run; leave it out")
    return data
