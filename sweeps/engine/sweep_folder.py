"""A sweep's folder, made once, and what the ledger says of a driver's start in it."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any

from sweeps.config import SweepConfig
from sweeps.engine.data_report import DATA
from sweeps.errors import InputError
from sweeps.records.ledger import RECORDS
from sweeps.records.lock import LOCK
from sweeps.records.provenance import git_state, versions
from sweeps.records.sweep_file import SWEEP_FILE, digest

_BEFORE_THE_FIRST_LINE = {"cache", DATA, f".{DATA}.new", LOCK, SWEEP_FILE, f".{SWEEP_FILE}.new", RECORDS}


def new_folder(storage: Path, name: str) -> Path:
    """Make the folder for a new sweep.

    Raises:
        InputError: the name is in use, or the storage cannot be written.
    """
    folder = storage.expanduser().resolve() / name
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            folder.mkdir()
            return folder
    except OSError as error:
        raise InputError(f"cannot be written: {error.strerror}", where=str(storage), mend="choose --storage") from None
    if not never_began(folder):
        raise InputError(
            "a sweep of this name is there already",
            where=str(folder),
            mend=f"go on with it by `sweeps resume {folder}`, or choose another --name",
        )
    return folder


def never_began(folder: Path) -> bool:
    """Whether all that is there is what a driver makes before the first line of its ledger: it was ended then."""
    if not folder.is_dir() or not {path.name for path in folder.iterdir()} <= _BEFORE_THE_FIRST_LINE:
        return False
    ledger = folder / RECORDS
    return not ledger.exists() or b"\n" not in ledger.read_bytes()


def start_facts(
    config: SweepConfig, attempt: int, devices: float = 1.0, planned: int | None = None, slots: int | None = None
) -> dict[str, Any]:
    """What the ledger's ``sweep`` line says of this driver's start.

    Args:
        config: the sweep.
        attempt: the driver's number.
        devices: those of a trial.
        planned: how many trials there will be, where it is not for ``config`` to say: of a sweep that was extended.
        slots: how many trials run at once.
    """
    limits = config.limits
    return {
        "name": config.name,
        "metric": config.metric.name,
        "goal": config.metric.goal,
        "require": {name: bounds.model_dump(exclude_none=True) for name, bounds in config.metric.require.items()},
        "planned": config.planned if planned is None else planned,
        "limits": {**limits.counts, "devices": devices},
        "slots": slots,
        "schedule": {
            "scheduler": config.early_stopping.scheduler,
            **config.scheduling,
            "finish": limits.finish,
            "may_end_early": limits.target is not None or limits.no_better_for is not None,
        },
        "attempt": attempt,
        "digest": digest(config),
        "host": os.uname().nodename,
        "pid": os.getpid(),
        "versions": versions(),
        **({"git": state} if (state := git_state(config.base)) else {}),
    }
