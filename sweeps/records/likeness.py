"""Which remembered sweeps are of a kind with a new one, the likest first."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from search_spaces.space import SearchSpace
from sweeps.config.past import PastTrial, usable
from sweeps.records.archive import Fingerprint, Remembered

SHARED = 0.5  # of the searched parameters, at least, a sweep must have varied too
FEWEST = 5  # trials with a value: fewer say too little


def alike(
    entries: Sequence[Remembered], fingerprint: Fingerprint, space: SearchSpace, metric: str, most: int
) -> list[Remembered]:
    """At most ``most`` of ``entries``, the likest first.

    Of the same task are all of them, and at least half of what ``space`` searches varied in them. Then count, in this
    order of weight: the same data, the same model, the same metric, more parameters in common, about as many rows.
    Of equals the latest.
    """
    likely = [
        (likeness(entry, fingerprint, space, metric), entry)
        for entry in entries
        if entry.fingerprint.task == fingerprint.task
        and len(usable(entry.sweep.trials, space)) >= FEWEST
        and shared(entry.sweep.trials, space) >= SHARED
    ]
    ranked = sorted(likely, key=lambda pair: (-pair[0], -pair[1].finished))
    return [entry for _, entry in ranked[:most]]


def likeness(entry: Remembered, fingerprint: Fingerprint, space: SearchSpace, metric: str) -> float:
    """How much alike; only comparisons mean something."""
    theirs, ours = entry.fingerprint, fingerprint
    same_data = bool(ours.data) and theirs.data.get("digest") == ours.data.get("digest")
    score = 8.0 * same_data + 4.0 * _agreement(theirs.model, ours.model) + 2.0 * (entry.sweep.metric == metric)
    score += shared(entry.sweep.trials, space)
    rows, others = ours.data.get("rows"), theirs.data.get("rows")
    if rows and others:
        score += 1.0 / (1.0 + abs(math.log10(rows / others)))
    return score


def shared(trials: Sequence[PastTrial], space: SearchSpace) -> float:
    """The share of the searched parameters that ``trials`` varied too."""
    searched = space.searched
    varied = sum(len({str(trial.params.get(one.name)) for trial in trials} - {"None"}) > 1 for one in searched)
    return varied / len(searched) if searched else 0.0


def _agreement(one: Mapping[str, Any], other: Mapping[str, Any]) -> float:
    """The share of facts that agree, of all that either has."""
    names = set(one) | set(other)
    return sum(one.get(name) == other.get(name) for name in names) / len(names) if names else 0.0
