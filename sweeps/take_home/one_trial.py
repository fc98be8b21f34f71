"""One trial of a sweep with all that belongs to it: its place among the others, checkpoint, log, and how to go on."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

from sweeps.config import FunctionTrainer
from sweeps.errors import InputError, NoUsableTrial
from sweeps.records.ledger import read_events
from sweeps.records.naming import BEST, trial_named
from sweeps.records.opened import Opened, flat, open_sweep, open_sweeps
from sweeps.records.record import ReportRecord, TrialRecord
from sweeps.records.sweep_file import sweep_file
from sweeps.take_home.best import find_best
from sweeps.views.one_trial import OneTrial, last_rank, rank, ranked
from sweeps.yaml_file import parse_value

_TAIL = 16_384  # bytes of a log that are looked at


def one_trial(folder: Path, name: str, *, lines: int = 10) -> OneTrial:
    """The trial ``name`` of the sweep in ``folder``; ``best`` is the best one. Of its log the last ``lines``.

    Raises:
        InputError: no sweep, or no such trial.
        NoUsableTrial: ``best`` of a sweep that has none.
    """
    sweep = open_sweep(folder)
    trial = trial_of(sweep, name)
    best_first = ranked(sweep)
    kept = _kept(sweep, trial)
    return OneTrial(
        sweep=sweep,
        trial=trial,
        best=trial.best(sweep.record.metric, sweep.record.goal),
        rank=rank(best_first, trial),
        last_rank=last_rank(sweep, trial),
        leader=best_first[0] if best_first and best_first[0].id != trial.id else None,
        fixed=_chosen(sweep, trial),
        checkpoint=kept,
        log=_tail(sweep.folder / "trials" / trial.id / "log.txt", lines),
        train=_train_command(sweep, trial),
        export=_export_command(sweep, trial, kept),
    )


def two_trials(folder: Path, first: str, second: str, other: Path | None) -> tuple[tuple[Opened, TrialRecord], ...]:
    """Two trials with their sweeps. ``DIR:t0003`` is one of the sweep in ``DIR``; ``other`` has the second one.

    Raises:
        InputError: no sweep, or no such trial.
        NoUsableTrial: ``best`` of a sweep that has none.
    """
    places = [_place(first, folder), _place(second, other or folder)]
    sweeps = {one.folder.expanduser().resolve(): one for one in open_sweeps([place for place, _ in places])}
    return tuple((sweep := sweeps[place.expanduser().resolve()], trial_of(sweep, name)) for place, name in places)


def trial_of(sweep: Opened, name: str) -> TrialRecord:
    """The trial of that name.

    Raises:
        InputError: there is none.
        NoUsableTrial: ``best`` where no trial has a result.
    """
    if name != BEST:
        return trial_named(sweep.record, name, sweep.folder)
    best = find_best(sweep.record, sweep.folder)
    if best is None:
        raise NoUsableTrial(f"{sweep.folder}: no trial has a result that could be the best")
    return trial_named(sweep.record, best.trial, sweep.folder)


def _place(name: str, folder: Path) -> tuple[Path, str]:
    head, colon, trial = name.rpartition(":")
    return (Path(head), trial) if colon and head else (folder, name)


def _kept(sweep: Opened, trial: TrialRecord) -> ReportRecord | None:
    """The best of its reports whose checkpoint is there; nothing is verified."""
    metric, sign = sweep.record.metric, 1.0 if sweep.record.goal == "minimize" else -1.0
    there = [one for one in trial.reports if one.checkpoint and one.checkpoint not in trial.dropped
             and metric in one.metrics and (sweep.folder / one.checkpoint).is_dir()]  # fmt: skip
    return min(there, key=lambda one: (not one.fits, sign * one.metrics[metric], one.number), default=None)


def _chosen(sweep: Opened, trial: TrialRecord) -> dict[str, Any]:
    """What somebody has chosen of a trial's training: all that is not as by default."""
    config = sweep.configs.get(trial.generation)
    if config is None:
        return {}
    fixed = sweep.fixed(trial)
    if isinstance(config.trainer, FunctionTrainer):
        return dict(fixed)
    said = flat(config.trainer.model_dump(mode="json", exclude_defaults=True, exclude={"metric", "goal", "require"}))
    return {name: value for name, value in fixed.items() if name in said or name in ("task", "model")}


def _tail(file: Path, lines: int) -> tuple[str, ...] | None:
    try:
        with file.open("rb") as log:
            size = log.seek(0, 2)
            log.seek(max(0, size - _TAIL))
            text = log.read().decode("utf-8", "replace")
    except OSError:
        return None
    # A progress bar writes over itself: what stood there last counts.
    said = [line.rstrip().rpartition("\r")[2] for line in text.split("\n")]
    return tuple([line for line in said if line.strip()][-lines:])


def _train_command(sweep: Opened, trial: TrialRecord) -> str:
    if trial.parent is not None:
        return f"none: it began from {trial.parent.text}, trained with other values"
    try:
        file = sweep_file(sweep.folder, read_events(sweep.folder)[0], trial.generation)
    except InputError as error:
        return f"none: {error.message}"
    settings = [f"{name}={yaml_text(value)}" for name, value in trial.params.items()]
    return shlex.join(["sweeps", "train", str(file), *settings])


def _export_command(sweep: Opened, trial: TrialRecord, kept: ReportRecord | None) -> str:
    if kept is not None:
        return shlex.join(["sweeps", "export", str(sweep.folder), "OUT", "--trial", trial.id])
    if not any(report.checkpoint for report in trial.reports):
        return "none: it saved no checkpoint"
    return "none: its checkpoints were deleted, since the sweep keeps those of its best trials (keep_checkpoints)"


def yaml_text(value: Any) -> str:
    """A value as a command line takes it: plain where that reads back as the same, else quoted."""
    if isinstance(value, str):
        try:
            return value if parse_value(value, "") == value else json.dumps(value, ensure_ascii=False)
        except InputError:
            return json.dumps(value, ensure_ascii=False)
    return json.dumps(value, ensure_ascii=False)
