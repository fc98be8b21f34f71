"""Which checkpoints a sweep keeps, so that its disk stays bounded, and how the others are deleted."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Collection, Iterable
from pathlib import Path

from sweeps.errors import InputError
from sweeps.records.record import Goal, State, SweepRecord, TrialRecord
from trainer.manifest import MANIFEST

logger = logging.getLogger(__name__)

Drop = tuple[str, str]  # trial, checkpoint


class Retention:
    """Decides whenever a trial leaves its worker, looking at the few that are kept and never at all of them.

    Kept are the best checkpoint of each of the best ``keep`` trials that finished, were stopped or are paused, the
    newest of each paused trial that `hold` names, and everything of trials that run: those prune for themselves.
    Equals: the earlier trial.

    Args:
        keep: number of trials, 1 or more.
        metric: name of the metric that ranks them.
        goal: which way it is better.
    """

    def __init__(self, *, keep: int, metric: str, goal: Goal) -> None:
        if keep < 1:
            raise ValueError(f"keep must be 1 or more, got {keep}")
        self._keep, self._metric, self._goal = keep, metric, goal
        self._best: dict[str, tuple[float, str, str]] = {}  # by trial: rank (small is good), id, checkpoint
        self._newest: dict[str, str] = {}  # of paused trials, to go on from

    @property
    def kept(self) -> frozenset[str]:
        """The checkpoints that are kept now of trials that do not run."""
        return frozenset({*(checkpoint for _, _, checkpoint in self._best.values()), *self._newest.values()})

    def ended(self, trial: TrialRecord) -> list[Drop]:
        """What can go now that ``trial`` is at its end: of this trial, and of one that it displaced.

        Checkpoints that the record knows to be dropped are not named again; some of those named may have been
        removed by the training loop already.
        """
        self.goes_on(trial.id)  # it was extended or paused, and is over now
        worst = self._rank(trial) if trial.state in {State.FINISHED, State.STOPPED} else []
        return self._dropped([*_drops(trial), *worst])

    def paused(self, trial: TrialRecord) -> list[Drop]:
        """What can go now that ``trial`` is paused: all but its best, if it is one of the best, and its newest."""
        there = _drops(trial)
        if there:
            self._newest[trial.id] = there[-1][1]
        return self._dropped([*there, *self._rank(trial)])

    def hold(self, trials: Collection[str]) -> list[Drop]:
        """Of paused trials only these keep their newest checkpoints; what goes with that."""
        let_go = [(trial, newest) for trial, newest in self._newest.items() if trial not in trials]
        for trial, _ in let_go:
            del self._newest[trial]
        return self._dropped(let_go)

    def goes_on(self, trial: str) -> None:
        """A trial that was paused or had ended trains again: its checkpoints are its own."""
        self._best.pop(trial, None)
        self._newest.pop(trial, None)

    def gone(self, trial: str, checkpoint: str) -> None:
        """``checkpoint`` of ``trial`` was deleted: a sweep that was extended to keep more cannot keep this one."""
        if trial in self._best and self._best[trial][2] == checkpoint:
            del self._best[trial]

    def _rank(self, trial: TrialRecord) -> list[Drop]:
        """Keep the best checkpoint of ``trial`` if it is one of the best; what is let go for it."""
        there = {checkpoint for _, checkpoint in _drops(trial)}
        sign = 1.0 if self._goal == "minimize" else -1.0
        ranked = [r for r in trial.reports if r.fits and r.checkpoint in there and self._metric in r.metrics]
        best = min(ranked, key=lambda report: (sign * report.metrics[self._metric], report.number), default=None)
        if best is None:
            return []
        self._best[trial.id] = (sign * best.metrics[self._metric], trial.id, str(best.checkpoint))
        if len(self._best) <= self._keep:
            return []
        worst = max(self._best.values(), key=lambda kept: (kept[0], len(kept[1]), kept[1]))
        del self._best[worst[1]]
        return [(worst[1], worst[2])]

    def _dropped(self, drops: Iterable[Drop]) -> list[Drop]:
        """Each of these that nothing keeps, once."""
        kept = self.kept
        return [drop for drop in dict.fromkeys(drops) if drop[1] not in kept]


def _drops(trial: TrialRecord) -> list[Drop]:
    """All its checkpoints that the record has, in the order of reports."""
    named = (str(report.checkpoint) for report in trial.reports if report.checkpoint)
    return [(trial.id, checkpoint) for checkpoint in named if checkpoint not in trial.dropped]


def to_drop(record: SweepRecord, *, keep: int, pinned: Collection[str] = ()) -> list[Drop]:
    """All that a sweep can let go of now, as pairs of trial and checkpoint, each named once.

    Args:
        record: the sweep.
        keep: how many trials keep their best checkpoint.
        pinned: checkpoints that something is about to read.
    """
    retention = Retention(keep=keep, metric=record.metric, goal=record.goal)
    drops = [drop for trial in record.trials if trial.state.final for drop in retention.ended(trial)]
    return [drop for drop in dict.fromkeys(drops) if drop[1] not in pinned]


def strays(folder: Path | str, trial: TrialRecord) -> list[Drop]:
    """Checkpoints of an ended trial that lie in its folder though no report names them: of a superseded attempt."""
    named = {report.checkpoint for report in trial.reports}
    found = [f"trials/{trial.id}/checkpoints/{name}" for name in _names(Path(folder) / "trials" / trial.id)]
    return [(trial.id, checkpoint) for checkpoint in found if checkpoint not in named]


def _names(trial_folder: Path) -> list[str]:
    checkpoints = trial_folder / "checkpoints"
    return sorted(path.name for path in checkpoints.iterdir()) if checkpoints.is_dir() else []


def delete(folder: Path | str, checkpoint: str) -> bool:
    """Deletes one checkpoint, manifest first, so that at no moment a part of it looks like a whole one.

    Args:
        folder: the sweep's.
        checkpoint: relative to it, as the ledger has it.

    Returns:
        Whether it is gone; ``False``, logged, where the disk did not let it. One that was missing is gone.

    Raises:
        InputError: it does not lie among the trials of this sweep.
    """
    trials = (Path(folder) / "trials").resolve()
    target = (Path(folder) / checkpoint).resolve()  # follows links: a link to elsewhere leads out
    if trials not in target.parents:
        raise InputError(f"checkpoint {checkpoint!r} lies outside of {trials}; not deleted", where=str(folder))
    try:
        (target / MANIFEST).unlink(missing_ok=True)
        shutil.rmtree(target)
    except (FileNotFoundError, NotADirectoryError):
        return not target.exists()
    except OSError as error:
        logger.warning("%s: cannot be deleted: %s", target, error.strerror)
        return False
    return True
