"""Of a sweep that was extended: which of the trials that are not at their ends go on, and which cannot."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from sweeps.records.record import Reason, State, TrialRecord
from sweeps.schedule.base import Decision
from sweeps.study.disk import has_newest
from sweeps.study.told import Told


def sort_out(trials: Iterable[TrialRecord], told: Told, folder: Path) -> tuple[list[TrialRecord], dict[str, Reason]]:
    """The paused trials that go on, since the scheduler of now would not have paused them; and those that end here.

    These are the ones that do not fit the configuration, those that this scheduler would have stopped, and those that
    would go on and have no checkpoint to go on from: nothing is trained twice.

    Args:
        trials: any; those at their ends are passed over.
        told: the whole ledger.
        folder: the sweep's.
    """
    going_on: list[TrialRecord] = []
    unfit: dict[str, Reason] = {}
    for trial in trials:
        if trial.state.final:
            continue
        decision = told.decision(trial.id)
        if outside := told.earlier.outside.get(trial.id):
            unfit[trial.id] = Reason("outside", f"it does not fit the extended sweep: {outside}")
        elif trial.state is not State.PAUSED or decision is Decision.PAUSE:
            continue
        elif decision is not Decision.CONTINUE:
            unfit[trial.id] = Reason(*told.scheduler.reason(trial.id))
        elif has_newest(folder, trial):
            going_on.append(trial)
        else:
            unfit[trial.id] = Reason("checkpoint", "it was paused, and its checkpoint is gone: it would begin again")
    return going_on, unfit
