"""What somebody asks of a sweep, checked against what the sweep is: the same before it is asked and when it is done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from search_spaces.values import same
from sweeps.config import FunctionTrainer, SweepConfig
from sweeps.config.familiar import renamed_values
from sweeps.config.mutable import why_fixed
from sweeps.config.places import COMMAND_LINE
from sweeps.config.points import read_point
from sweeps.errors import InputError
from sweeps.records.commands import Command, Kind
from sweeps.records.naming import trial_named
from sweeps.records.record import ReportRecord, SweepRecord, TrialRecord
from sweeps.schedule.base import Copy
from trainer.errors import ConfigError, ResumeError
from trainer.manifest import verify


@dataclass(frozen=True)
class Wanted:
    """A trial that somebody asks for: ``params`` are all of its parameters, ``copy`` says from which checkpoint."""

    params: dict[str, Any]
    copy: Copy | None = None


def check(command: Command, config: SweepConfig, record: SweepRecord, folder: Path) -> Wanted | None:
    """What ``command`` comes to, where it is about a new trial.

    Args:
        command: of a kind that is about trials.
        config: the sweep's latest configuration.
        record: the sweep as it is.
        folder: the sweep's.

    Raises:
        InputError: it cannot be done; says why, and what can.
    """
    trial = trial_named(record, command.trial, folder) if command.trial else None
    if command.kind is Kind.STOP and trial is not None and trial.state.final:
        raise _error("TRIAL", f"{trial.id} is at its end already: it is {trial.state}", "see `sweeps list`")
    if command.kind not in (Kind.ADD, Kind.CLONE):
        return None
    if config.early_stopping.population:
        message = f"{config.early_stopping.scheduler} trains a population, which nobody joins"
        raise _error("", message, "begin another sweep with `points`")
    if trial is None:
        return Wanted(_point(command, config))
    if trial.outside:
        message = f"{trial.id} does not fit the extended sweep: {trial.outside}"
        raise _error("TRIAL", message, "give its values to `add`")
    params = _point(command, config, trial)
    return Wanted(params, _warm(config, trial, params, folder) if command.warm else None)


def _point(command: Command, config: SweepConfig, trial: TrialRecord | None = None) -> dict[str, Any]:
    if not command.values and command.kind is Kind.ADD:
        names = ", ".join(parameter.name for parameter in config.space.searched)
        raise _error("", "no value is given", f"as in {names.partition(',')[0]}=...; it searches {names}")
    try:
        return read_point(_ours(command.values, config), config.space, trial.params if trial else None)
    except ConfigError as error:
        raise _error(error.key, error.message, error.mend) from None


def _ours(values: Mapping[str, Any], config: SweepConfig) -> dict[str, Any]:
    """Names of `TrainingArguments` are ours' second names, unless the sweep searches something of that name."""
    foreign = {name: value for name, value in values.items() if name not in config.space.names}
    known = {name: value for name, value in values.items() if name not in foreign}
    return known | (foreign if isinstance(config.trainer, FunctionTrainer) else renamed_values(foreign))


def _warm(config: SweepConfig, trial: TrialRecord, params: dict[str, Any], folder: Path) -> Copy:
    for name in params.keys() | trial.params.keys():
        if name in params and name in trial.params and same(params[name], trial.params[name]):
            continue
        if name in config.space.names and (why := why_fixed(config, config.space[name])):
            raise _error(name, f"cannot be changed while a trial trains: {why}", "leave out --warm")
    report = _newest(trial, folder)
    if report is None:
        raise _error("TRIAL", f"{trial.id} has no checkpoint that is still there", "leave out --warm")
    if report.progress is not None and report.progress >= 1.0:
        message = f"the checkpoint of {trial.id} is at the end of its training"
        raise _error("TRIAL", message, "leave out --warm, or begin a sweep from its export (--init-from)")
    return Copy(trial.id, report.number, params)


def _newest(trial: TrialRecord, folder: Path) -> ReportRecord | None:
    for report in reversed(trial.reports):
        if report.checkpoint is None or report.checkpoint in trial.dropped:
            continue
        try:
            verify(folder / report.checkpoint)
        except ResumeError:
            continue
        return report
    return None


def _error(key: str, message: str, mend: str) -> InputError:
    return InputError(message, where=COMMAND_LINE, key=key, mend=mend)
