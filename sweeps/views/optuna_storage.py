"""A sweep as a study in a storage of Optuna's, kept as the sweep is: what its dashboard and its plots read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from search_spaces.space import SearchSpace
from sweeps.errors import InputError
from sweeps.records.record import SweepRecord
from sweeps.views.optuna_trials import frozen_trials

if TYPE_CHECKING:
    from optuna.storages import BaseStorage
    from optuna.trial import FrozenTrial

OWNER = "sweepwright:sweep"
"""The user attribute of a study that says which sweep it is."""
_METRIC_NAMES = "study:metric_names"  # what Optuna's own `Study.set_metric_names` writes
# Optuna takes the moment at which it is told of an end for the time of that end.
_LATE = timedelta(seconds=60)


@dataclass(frozen=True)
class Written:
    """What a call has done: trials that are new, trials that changed, and whether the study was written anew."""

    added: int = 0
    updated: int = 0
    anew: bool = False


def open_storage(url: str, *, journal: bool = False) -> BaseStorage:
    """The storage at a URL as SQLAlchemy has them, or in a journal file.

    Raises:
        InputError: there can be none.
    """
    import optuna
    from optuna.storages import JournalStorage, RDBStorage, get_storage
    from optuna.storages.journal import JournalFileBackend

    optuna.logging.set_verbosity(optuna.logging.WARNING)

    try:
        return JournalStorage(JournalFileBackend(url)) if journal else get_storage(RDBStorage(url))
    except ImportError as error:
        message = f"needs a package that is not there: {error.__cause__ or error}"
        raise InputError(message, where=url, mend="install it, or leave out --storage") from None
    except Exception as error:  # noqa: BLE001 - of the database's own kinds, which differ
        message = f"cannot be opened: {str(error).splitlines()[0]}"
        raise InputError(message, where=url, mend="as in sqlite:////folder/optuna.db") from None


class OptunaStudy:
    """The study of one sweep.

    Args:
        storage: where it is kept.
        name: of the study.
        where: what to call the storage in errors.
    """

    def __init__(self, storage: BaseStorage, name: str, where: str) -> None:
        self._storage, self._name, self._where = storage, name, where
        self._id: int | None = None

    def write(self, record: SweepRecord, space: SearchSpace) -> Written:
        """Make the study what the sweep is.

        Trials that went on are updated. Optuna never changes a finished trial nor takes a report back: where the
        sweep's past is not what the study has (an extension, reports of a later attempt), it is written anew.

        Raises:
            InputError: there is a study of that name that is no or another sweep's.
        """
        wanted = frozen_trials(record, space)
        if self._id is None:
            self._id = self._find(record)
        present = sorted(self._storage.get_all_trials(self._id, deepcopy=False), key=lambda trial: trial.number)
        if not _continues(present, wanted, datetime.now()):
            self._storage.delete_study(self._id)
            self._id = self._create(record)
            return Written(self._add(self._id, wanted), anew=True)
        updated = sum(self._update(before, now) for before, now in zip(present, wanted, strict=False))
        return Written(self._add(self._id, wanted[len(present) :]), updated)

    def _find(self, record: SweepRecord) -> int:
        known = {study.study_name: study for study in self._storage.get_all_studies()}
        if self._name not in known:
            return self._create(record)
        owner = known[self._name].user_attrs.get(OWNER)
        if owner != record.id:
            whose = "another sweep's" if owner else "not of a sweep"
            mend = "give another --study name, or another --storage"
            raise InputError(f"has a study {self._name} that is {whose}", where=self._where, mend=mend)
        return int(known[self._name]._study_id)

    def _create(self, record: SweepRecord) -> int:
        from optuna.study import StudyDirection

        direction = StudyDirection.MAXIMIZE if record.goal == "maximize" else StudyDirection.MINIMIZE
        study: int = self._storage.create_new_study([direction], self._name)
        self._storage.set_study_user_attr(study, OWNER, record.id)
        self._storage.set_study_user_attr(study, "sweep", record.name)
        self._storage.set_study_system_attr(study, _METRIC_NAMES, [record.metric])
        return study

    def _add(self, study: int, trials: Sequence[FrozenTrial]) -> int:
        for trial in trials:
            self._storage.create_new_trial(study, template_trial=trial)
        return len(trials)

    def _update(self, before: FrozenTrial, now: FrozenTrial) -> bool:
        """What came since; ``before`` is not at its end."""
        if _same(before, now):
            return False
        from optuna.trial import TrialState

        id = before._trial_id
        for step, value in now.intermediate_values.items():
            if before.intermediate_values.get(step) != value:
                self._storage.set_trial_intermediate_value(id, step, value)
        for key in before.user_attrs.keys() | now.user_attrs.keys():
            if before.user_attrs.get(key) != (value := now.user_attrs.get(key)):
                self._storage.set_trial_user_attr(id, key, value)  # none can be deleted
        if before.state is not now.state:
            if before.state is TrialState.WAITING:  # only what runs can end
                self._storage.set_trial_state_values(id, TrialState.RUNNING)
            if now.state is not TrialState.RUNNING or before.state is not TrialState.WAITING:
                self._storage.set_trial_state_values(id, now.state, None if now.value is None else [now.value])
        return True


def _continues(present: Sequence[FrozenTrial], wanted: Sequence[FrozenTrial], now: datetime) -> bool:
    """Whether what a study has can become what the sweep is."""
    return len(present) <= len(wanted) and all(
        _same(before, after) if before.state.is_finished() else _can_become(before, after, now)
        for before, after in zip(present, wanted, strict=False)
    )


def _can_become(before: FrozenTrial, after: FrozenTrial, now: datetime) -> bool:
    late = after.datetime_complete is not None and after.datetime_complete < now - _LATE
    kept = before.intermediate_values.keys() <= after.intermediate_values.keys()
    return not late and kept and _settings(before) == _settings(after)


def _same(one: FrozenTrial, other: FrozenTrial) -> bool:
    """All but the times and the numbers that the storage gives."""
    first, second = (
        (trial.state, trial.value, trial.intermediate_values, _settings(trial), _said(trial)) for trial in (one, other)
    )
    return first == second


def _said(trial: FrozenTrial) -> dict[str, object]:
    return {key: value for key, value in trial.user_attrs.items() if value is not None}


def _settings(trial: FrozenTrial) -> tuple[object, object]:
    return trial.params, trial.distributions
