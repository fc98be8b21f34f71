"""Trials by the names that people give them."""

from __future__ import annotations

from pathlib import Path

from search_spaces.errors import suggest
from sweeps.errors import InputError
from sweeps.records.best import settled_best
from sweeps.records.record import SweepRecord, TrialRecord

BEST = "best"
_FEW = 8  # trials that are named where none is near


def trial_named(record: SweepRecord, name: str, folder: Path) -> TrialRecord:
    """The trial called ``name``: ``t0007``, ``7`` for it, or ``best``.

    Args:
        record: the sweep.
        name: as somebody wrote it.
        folder: the sweep's; it is named in complaints.

    Raises:
        InputError: there is none; names one that is near.
    """
    wanted = name
    if name == BEST:
        found = settled_best(record, folder, usable_only=False)
        if found is None:
            raise InputError("no trial has a result that could be the best", where=str(folder))
        wanted = found.trial
    ids = [trial.id for trial in record.trials]
    if wanted.isdecimal():
        wanted = f"t{int(wanted):04d}"
    if wanted not in ids:
        near = suggest(name, ids) if ids else "it has no trials yet"
        mend = near if len(ids) <= _FEW or near.startswith("did") else f"see `sweeps list {folder}`"
        raise InputError(f"there is no trial {name}", where=str(folder), mend=mend)
    return record.trials[ids.index(wanted)]
