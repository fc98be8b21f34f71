"""A sweep's checkpoints on disk: which of them can go, now that a trial has left its worker."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from sweeps.config import SweepConfig
from sweeps.records.copies import Pins, Source
from sweeps.records.record import Reason, State, TrialRecord
from sweeps.records.retention import Drop, Retention, delete, strays
from trainer.errors import ResumeError
from trainer.manifest import verify


class Disk:
    """Keeps the disk bounded.

    Args:
        folder: the sweep's.
        config: how many trials keep their best checkpoint, and how many paused ones what they go on from.
        promotable: the paused trials, the likeliest to go on first.
    """

    def __init__(self, folder: Path, config: SweepConfig, promotable: Callable[[], list[str]]) -> None:
        self._folder, self._promotable = folder, promotable
        # Whoever waits in a population goes on for certain.
        self._paused = None if config.early_stopping.population else config.limits.keep_paused
        self._pins: Pins | None = None
        self._expected: set[str] = set()
        self._beginners: dict[str, Source] = {}  # copies without a checkpoint of their own, and what they begin from
        self._retention = Retention(keep=config.keep_checkpoints, metric=config.metric.name, goal=config.metric.goal)

    def changed(self, trial: TrialRecord) -> list[Drop]:
        """What can go after a change of the state of ``trial``. Nothing is deleted yet."""
        if trial.state is State.RUNNING:
            self._retention.goes_on(trial.id)
            self._expected.discard(trial.id)
        if trial.state.final:
            return self._retention.ended(trial)
        if trial.state is State.PAUSED:
            return [*self._retention.paused(trial), *self._retention.hold(self._waiting())]
        return []

    def _waiting(self) -> set[str]:
        return {*self._promotable()[: self._paused], *self._expected}

    def heard(self, event: Mapping[str, Any], trial: TrialRecord) -> None:
        """Which copies still need what they begin from, after an event about ``trial``. Nothing is touched yet."""
        if event["event"] == "dropped":
            self._retention.gone(trial.id, event["checkpoint"])
        if trial.parent is None:
            return
        if event["event"] == "trial":
            self._beginners[trial.id] = (trial.parent.trial, trial.parent.report)
        elif trial.state.final or any(report.checkpoint for report in trial.reports):
            self._beginners.pop(trial.id, None)

    def expect(self, trials: Iterable[TrialRecord]) -> None:
        """These go on next, though they are paused and the scheduler does not name them: they keep their newest."""
        for trial in trials:
            self._expected.add(trial.id)
            self._retention.paused(trial)

    def pin(self, sources: Iterable[Source]) -> None:
        """Keep ``sources`` and what copies still begin from, and no others."""
        wanted = {*sources, *self._beginners.values()}
        if self._pins is None:
            self._pins = Pins(self._folder)
        self._pins.hold(wanted)

    def lay(self, trial: TrialRecord) -> Reason | None:
        """Give a copy the checkpoint that it begins from, where it has none; why that cannot be done."""
        if trial.parent is None:
            return None
        pins = self._pins or Pins(self._folder)
        try:
            pins.lay((trial.parent.trial, trial.parent.report), trial.id)
        except (ResumeError, OSError) as error:
            return Reason("parent", f"it cannot begin: {error}")
        return None

    def leftovers(self, trials: Iterable[TrialRecord]) -> list[Drop]:
        """What trials have on disk that nothing keeps: a driver died before it could delete it, or a worker was a few
        reports ahead when its trial was stopped."""
        return [drop for trial in trials if _rests(trial) for drop in self._unkept(trial)]

    def delete(self, drops: Collection[Drop]) -> list[Drop]:
        """Delete these; those that were there and are gone now."""
        # The training loop has removed most of them itself, which is not worth a line in the ledger.
        there = [drop for drop in drops if (self._folder / drop[1]).exists()]
        return [drop for drop in there if delete(self._folder, drop[1])]

    def _unkept(self, trial: TrialRecord) -> list[Drop]:
        named = {str(report.checkpoint) for report in trial.reports if report.checkpoint}
        named |= {checkpoint for _, checkpoint in strays(self._folder, trial)}
        return [(trial.id, checkpoint) for checkpoint in sorted(named - self._retention.kept)]


def _rests(trial: TrialRecord) -> bool:
    return trial.state.final or trial.state is State.PAUSED


def has_newest(folder: Path, trial: TrialRecord) -> bool:
    """Whether ``trial`` of the sweep in ``folder`` can go on from its last report, so that nothing is done again: its
    checkpoint is there and whole, or there was no report yet."""
    if not trial.reports:
        return True
    checkpoint = trial.reports[-1].checkpoint
    if checkpoint is None or checkpoint in trial.dropped:
        return False
    try:
        verify(folder / checkpoint)
    except ResumeError:
        return False
    return True
