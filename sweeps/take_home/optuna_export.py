"""A sweep's folder into a storage of Optuna's, once or as the sweep goes on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from filelock import FileLock, Timeout

from sweeps.errors import InputError
from sweeps.records.builder import RecordBuilder, at_rest
from sweeps.records.following import follow
from sweeps.records.ledger import read_events
from sweeps.records.lock import holder
from sweeps.records.record import SweepRecord
from sweeps.records.sweep_file import read_config
from sweeps.views.optuna_storage import OptunaStudy, Written, open_storage

DATABASE, JOURNAL = "optuna.db", "optuna.journal"
_LOCK = "optuna.lock"


def optuna_url(folder: Path, storage: str | None, *, journal: bool) -> str:
    """Where the study goes: what was asked for, or a file in the sweep's folder."""
    if storage is not None:
        return storage
    here = folder.expanduser().resolve()
    return str(here / JOURNAL) if journal else f"sqlite:///{here / DATABASE}"


def export_to_optuna(
    folder: Path,
    storage: str | None = None,
    *,
    journal: bool = False,
    study: str | None = None,
    keep_up: bool = False,
    say: Callable[[SweepRecord, Written], None] = lambda *_: None,
) -> SweepRecord:
    """Write the sweep in ``folder`` as a study, or bring that up to date.

    Args:
        folder: the sweep's.
        storage: a URL as SQLAlchemy has them, or with ``journal`` a file; by default one in the folder.
        journal: write a journal file.
        study: its name; by default the sweep's.
        keep_up: go on until the sweep ends or its driver is gone.
        say: is told of the sweep and of what was written, each time that anything was.

    Raises:
        InputError: no sweep, a storage that cannot be used, a study that is not this sweep's, or somebody else is
            writing it just now.
    """
    events, _ = read_events(folder)
    if not events:
        raise InputError("the sweep never began", where=str(folder), mend="run it again")
    url = optuna_url(folder, storage, journal=journal)
    lock = FileLock(folder / _LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        message = "another process is writing this sweep for Optuna"
        raise InputError(message, where=str(folder), mend="end that one first, or wait for it") from None
    except OSError as error:
        raise InputError(f"cannot be written: {error.strerror}", where=str(folder)) from None
    with lock:
        record = RecordBuilder(events).record()
        written = OptunaStudy(open_storage(url, journal=journal), study or record.name, url)
        builder, config = RecordBuilder(), read_config(folder, events)
        for batch in follow(folder) if keep_up else [events]:
            for event in batch:
                builder.apply(event)
                if event.get("extension"):
                    config = read_config(folder)
            alive = holder(folder) is not None
            record = builder.record() if alive else at_rest(builder.record())
            say(record, written.write(record, config.space))
        return record
