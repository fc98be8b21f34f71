"""Which checkpoints a sweep keeps, so that its disk stays bounded, and how the others are deleted."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Collection
from pathlib import Path

from sweeps.errors import InputError
from sweeps.records.record import Goal, State, SweepRecord, TrialRecord
from trainer.manifest import MANIFEST

logger = logging.getLogger(__name__)

Drop = tuple[str, str]  # trial, checkpoint


class Retention:
    """Decides at the end of each trial, looking at the few that are kept and never at all of them.

    Kept are the best checkpoint of each of the best ``keep`` trials that finished or were stopped, and everything
    of trials that are not at their end: those need it to go on, and prune for themselves. Equals: the earlier trial.

    Args:
        keep: number of trials, 1 or more.
        metric: name of the metric that ranks them.
        goal: which way it is better.
    """

    def __init__(self, *, keep: int, metric: str, goal: Goal) -> None:
        if keep < 1:
            raise ValueError(f"keep must be 1 or more, got {keep}")
        self._keep, self._metric, self._goal = keep, metric, goal
        self._kept: dict[str, tuple[float, str, str]] = {}  # by trial: rank (small is good), id, checkpoint

    @property
    def kept(self) -> frozenset[str]:
        """The checkpoints of ended trials that are kept now."""
        return frozenset(checkpoint for _, _, checkpoint in self._kept.values())

    def ended(self, trial: TrialRecord) -> list[Drop]:
        """What can go now that ``trial`` is at its end: of this trial, and of one that it displaced.

        Checkpoints that the record knows to be dropped are not named again; some of those named may have been
        removed by the training loop already.
        """
        drops: list[Drop] = []
        self._kept.pop(trial.id, None)  # it was extended and has ended again
        there = [report for report in trial.reports if report.checkpoint and report.checkpoint not in trial.dropped]
        best = None
        if trial.state in {State.FINISHED, State.STOPPED}:
            sign = 1.0 if self._goal == "minimize" else -1.0
            ranked = [report for report in there if self._metric in report.metrics]
            best = min(ranked, key=lambda report: (sign * report.metrics[self._metric], report.number), default=None)
            if best is not None:
                self._kept[trial.id] = (sign * best.metrics[self._metric], trial.id, str(best.checkpoint))
        spare = {str(report.checkpoint) for report in there} - {best.checkpoint if best else None}
        drops += [(trial.id, checkpoint) for checkpoint in sorted(spare)]
        if len(self._kept) > self._keep:
            worst = max(self._kept.values(), key=lambda kept: (kept[0], len(kept[1]), kept[1]))
            del self._kept[worst[1]]
            drops.append((worst[1], worst[2]))
        return drops

    def goes_on(self, trial: str) -> None:
        """A trial that had ended is extended: its checkpoints are its own again."""
        self._kept.pop(trial, None)


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
