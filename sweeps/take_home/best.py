"""The best trial of a sweep folder."""

from __future__ import annotations

from pathlib import Path

from sweeps.errors import InputError, NoUsableTrial
from sweeps.records.best import Best, settled_best
from sweeps.records.builder import read_sweep
from sweeps.records.record import SweepRecord
from trainer.requirement import said


def best_of(folder: Path, trial: str | None = None) -> tuple[SweepRecord, Best]:
    """The whole sweep and its best report, as ``find_best`` chooses it; or that of one ``trial``.

    Raises:
        InputError: no sweep there, or no such trial.
        NoUsableTrial: no trial has a result that can be used; says how many ended how.
    """
    record = asked = read_sweep(folder)
    if trial is not None:
        chosen = tuple(one for one in record.trials if one.id == trial)
        if not chosen:
            raise InputError(f"there is no trial {trial}", where=str(folder), mend=f"see `sweeps list {folder}`")
        asked = record.with_trials(chosen)
    best = find_best(asked, folder)
    if best is None:
        again = f"; `sweeps show {folder} {trial}` says how to train it again" if trial else ""
        raise NoUsableTrial(f"{folder}: {_why_not(asked, trial)}{again}")
    return record, best


def _why_not(record: SweepRecord, trial: str | None) -> str:
    if record.require and not any(report.fits for one in record.trials for report in one.reports):
        return f"no report fulfils what the sweep requires: {said(record.require)}"
    if trial is None:
        return f"no trial has a usable checkpoint; {causes(record)}"
    if record.trials[0].dropped:
        return f"the checkpoint of {trial} was deleted: the sweep keeps those of its best trials (keep_checkpoints)"
    return f"{trial} has no usable checkpoint; it is {causes(record).partition(' ')[2]}"


def find_best(record: SweepRecord, folder: Path) -> Best | None:
    """The confirmed winner's, or else the best report whose checkpoint is whole; of a sweep that never saved one, the
    best report.

    A function of one's own need not save checkpoints: its sweep still has a best trial, though nothing to export.
    """
    return settled_best(record, folder, usable_only=saves(record))


def saves(record: SweepRecord) -> bool:
    """Whether any trial saved a checkpoint."""
    return any(report.checkpoint for trial in record.trials for report in trial.reports)


def causes(record: SweepRecord) -> str:
    """How many trials ended how, most frequent first: ``3 failed (error), 1 diverged``."""
    counts: dict[str, int] = {}
    for trial in record.trials:
        code = f" ({trial.reason.code})" if trial.reason and trial.reason.code != trial.state.value else ""
        counts[f"{trial.state.value}{code}"] = counts.get(f"{trial.state.value}{code}", 0) + 1
    ordered = sorted(counts.items(), key=lambda item: -item[1])
    return ", ".join(f"{count} {what}" for what, count in ordered) or "no trial was started"
