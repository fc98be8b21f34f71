"""The training loop: updates, report points, and a run that goes on after it was cut off."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from trainer import checkpoint
from trainer.errors import ResumeError
from trainer.manifest import latest_valid, numbered
from trainer.precision import Compute
from trainer.progress import history
from trainer.ranks import Ranks
from trainer.run import Run

if TYPE_CHECKING:
    import torch

    from trainer.config import TrainConfig
    from trainer.report import Report
    from trainer.tasks.base import Prepared, Task

__all__ = ["history", "train"]

log = logging.getLogger(__name__)


def train(
    config: TrainConfig,
    *,
    prepared: Prepared,
    task: Task,
    folder: Path | None,
    resume: bool | Path = False,
    should_stop: Callable[[], bool] | None = None,
    device: torch.device | str | None = None,
    ranks: Ranks | None = None,
) -> Iterator[Report]:
    """Train, and report every ``report_every``: validation metrics and a checkpoint that is already written.

    A run that was cut off anywhere and resumed gives, bit for bit on a CPU, the reports that it would have given
    uninterrupted. ``folder/checkpoints`` keeps the best checkpoint, the last and the one before it.

    Args:
        config: the settings. ``batch_size`` rows make one update, in as many micro-batches as memory asks for.
        prepared: the data, with splits ``train`` and ``validation``.
        task: what rows, loss and metrics mean.
        folder: the run's own folder; ``None`` writes no checkpoints.
        resume: ``True`` goes on from the newest valid checkpoint in ``folder``, or starts where there is none yet; a
            path goes on from that checkpoint, which may be another run's. Settings may differ from the checkpoint's
            except for task, optimizer, batch size and seed.
        should_stop: asked before each update; once true the run ends there, without a report or a checkpoint.
        device: for example ``cuda:0`` or ``cpu``; the GPU where there is one if left out.
        ranks: which of several processes this one is, all of which call this and are given the same reports. Then
            ``should_stop`` must say the same in each. :mod:`trainer.together` starts them.

    Yields:
        A report per report point, numbered on from the checkpoint's. The last one has ``done`` and its reason. A run
        that was finished already yields nothing: :func:`trainer.progress.history` has its reports.

    Raises:
        ConfigError: the metric, or the precision on this device, cannot be had.
        ResumeError: no whole checkpoint to go on from, or one of another run.
        Diverged: a loss, a gradient or a metric is not finite.
        torch.OutOfMemoryError: a single row does not fit.
    """
    ranks = ranks or Ranks()
    # Found by one: the first may remove checkpoints while the others still look.
    start = ranks.told(_starting_point(folder, resume) if ranks.first else None)
    compute = Compute.choose(config.precision, device)
    run = Run(config, prepared=prepared, task=task, folder=folder, compute=compute, ranks=ranks)
    try:
        if start is not None:
            run.go_on_from(checkpoint.load(start))
        if run.done:
            return
        for rows in run.remaining_batches():
            if should_stop is not None and should_stop():
                return
            run.update(rows)
            if run.at_report_point:
                # The checkpoint is written by now: the scheduler may end us inside the yield.
                yield run.report()
                run.after_report()
                if run.done:
                    return
    finally:
        run.release()


def _starting_point(folder: Path | None, resume: bool | Path) -> Path | None:
    """The checkpoint to go on from; ``None`` to start at the beginning.

    Raises:
        ResumeError: there are checkpoints, and none is whole.
    """
    if isinstance(resume, Path):
        return resume
    if not resume:
        return None
    if folder is None:
        raise ResumeError("a run without a folder has no checkpoint to resume from")
    newest, skipped = latest_valid(folder / "checkpoints")
    for error in skipped:
        log.warning("checkpoint passed over: %s", error)
    # With only the first one lost, the beginning is one interval back, as any other checkpoint would be.
    if newest is None and skipped and list(numbered(folder / "checkpoints")) != [1]:
        raise ResumeError(f"{folder}: no checkpoint is whole; delete checkpoints/ to start again") from skipped[0]
    return newest
