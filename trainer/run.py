"""One run's model, optimizer and progress, and what a report point does with them."""

from __future__ import annotations

import gc
import logging
import math
import shutil
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from trainer import checkpoint, common_ground, compiled, continuing, memory, recompute, rng
from trainer.adapt.adapted import adapt
from trainer.averaging import Average
from trainer.batches import batches_from
from trainer.errors import ConfigError, Diverged, ResumeError
from trainer.evaluation import evaluate_all
from trainer.manifest import folder_name, numbered
from trainer.optim.build import build_optimizer
from trainer.plan import Plan
from trainer.precision import Compute
from trainer.progress import Progress, as_json
from trainer.ranks import Ranks
from trainer.report import Report
from trainer.requirement import fulfilled
from trainer.update import Updater
from trainer.window import Window

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy as np

    from trainer.config import Goal, TrainConfig
    from trainer.tasks.base import Prepared, Task

log = logging.getLogger(__name__)

_WORTH_A_SYNC = 5.0
"""Seconds of training from which on a checkpoint is worth waiting for the disk; less is sooner trained again."""

_FIXED = ("task", "optimizer", "batch_size", "sampling", "seed")
"""Settings that a resumed run shares with its checkpoint: its place in the data and its moments depend on them."""


class Run:
    """A run from its first update or from a checkpoint on. :mod:`trainer.loop` says what happens when.

    Seeds the global generators before the model is built, so nothing that ran earlier in this process matters.
    Of several processes each has one, and all do the same; where one of them must decide or write, it is the first.

    Raises:
        ConfigError: no goal is known for the metric, or the precision does not suit the device.
    """

    def __init__(
        self,
        config: TrainConfig,
        *,
        prepared: Prepared,
        task: Task,
        folder: Path | None,
        compute: Compute,
        ranks: Ranks | None = None,
    ) -> None:
        self.ranks = ranks or Ranks()
        self.config, self.prepared, self.task, self.compute = config, prepared, task, compute
        self.checkpoints = folder / "checkpoints" if folder is not None else None
        self.goal = _goal(config, task)
        self.split = prepared.splits["train"]
        self.plan = Plan.of(config, self.split.rows)
        size = min(config.micro_batch_size or config.batch_size, config.batch_size)
        self.progress = Progress(
            micro_batch_size=size,
            eval_batch_size=config.eval_batch_size,
            train_rows=self.split.rows,
            config=config.model_dump(mode="json"),
        )
        memory.reset(compute.device)
        rng.seed_everything(config.seed)
        model = task.build_model(config, prepared)
        continuing.begin(model, config, task, prepared)
        adapted = adapt(model, config, compute)
        self.frozen, self.unfreezing = adapted.frozen, adapted.unfreezing(config, self.plan)
        self.trainable = adapted.trainable
        self.model = common_ground.placed(adapted.model, config, compute, self.ranks, frozen=self.frozen is not None)
        if config.gradient_checkpointing:
            recompute.enable(self.model)
        if config.compile:
            compiled.enable(self.model)
        self.optimizer = build_optimizer(self.model, config)
        self.average = Average(self.model, self.optimizer, config.ema) if config.ema is not None else None
        self.updater = Updater(
            self.model,
            self.optimizer,
            task=task,
            config=config,
            prepared=prepared,
            compute=compute,
            micro_batch_size=size,
            ranks=self.ranks,
        )
        rng.seed_rank(config.seed, self.ranks.rank)
        self.random_state = rng.capture(compute.device)
        self._open_window()

    def go_on_from(self, saved: checkpoint.Checkpoint) -> None:
        """Continue where a checkpoint was written; newer checkpoints of this run are superseded and removed.

        Raises:
            ResumeError: it belongs to a run that cannot be continued with these settings.
        """
        progress = saved.progress
        for name in _FIXED:
            now = getattr(self.config, name)
            if (then := progress.config.get(name, now)) != now:
                raise ResumeError(f"{saved.folder}: {name} was {then!r} and is now {now!r}")
        if progress.train_rows != self.split.rows:
            raise ResumeError(f"{saved.folder}: had {progress.train_rows} training rows, now {self.split.rows}")
        if saved.copied:
            # Its own best is what this run keeps and stops by; the other's stays with the other.
            progress = replace(progress, best=None, best_number=0, since_best=0)
        checkpoint.restore(
            saved,
            model=self.model,
            optimizer=self.optimizer,
            scaler=self.updater.scaler,
            frozen=self.frozen,
            average=self.average,
        )
        self.progress = replace(progress, config=self.progress.config)
        self.updater.micro_batch_size = progress.micro_batch_size
        self._remove(lambda number: number > progress.number)
        self.random_state = common_ground.random_state(saved, self.config, self.ranks, self.compute.device)
        self._open_window()

    @property
    def done(self) -> str | None:
        """Why there is nothing left to do: ``completed`` or ``patience``; ``None`` while there is."""
        if self.progress.step >= self.plan.total:
            return "completed"
        patience = self.config.patience
        return "patience" if patience is not None and self.progress.since_best >= patience else None

    @property
    def at_report_point(self) -> bool:
        """Whether the update just done is one after which the run reports."""
        return self.step == self._next_report

    def remaining_batches(self) -> Iterator[np.ndarray]:
        """Row numbers of each update still to do."""
        return batches_from(
            self.step,
            self.plan.total,
            rows=self.split.rows,
            batch_size=self.config.batch_size,
            seed=self.config.seed,
            lengths=self.split.lengths,
            classes=self.task.strata(self.split) if self.config.sampling == "balanced" else None,
        )

    def update(self, rows: np.ndarray) -> None:
        """One optimizer update.

        Raises:
            Diverged: the loss or the gradients are not finite.
        """
        self.learning_rate = self.plan.learning_rate(self.step)
        if self.unfreezing is not None:
            self.unfreezing.at(self.step)
        loss, norm = self.updater.update(rows, self.learning_rate, step=self.step)
        self.step += 1
        if self.average is not None:
            self.average.update(self.step)
        self._window.add(loss, norm, len(rows), self.updater.tokens)

    def report(self) -> Report:
        """Evaluate, keep score, write the checkpoint.

        Raises:
            Diverged: a metric or anything since the last report is not finite.
            ConfigError: evaluation did not give the chosen metric.
        """
        (training, seconds), taken = self.ranks.told((self._window.close(), memory.used(self.compute.device)))
        # Taken before evaluation and put back after the report: neither may change the course of training.
        self.random_state = rng.capture(self.compute.device)
        common_ground.share_statistics(self.model, self.ranks)
        with self.average.in_place() if self.average is not None else nullcontext():
            common_ground.share_statistics(self.model, self.ranks)
            metrics, eval_batch_size = evaluate_all(
                self.model,
                task=self.task,
                config=self.config,
                prepared=self.prepared,
                compute=self.compute,
                batch_size=self.progress.eval_batch_size,
                ranks=self.ranks,
            )
        for name, value in metrics.items():
            if not math.isfinite(value):
                raise Diverged(name, value, self.step)
        self._keep_score(metrics, seconds, eval_batch_size)
        progress = self.progress
        number = progress.number
        best = {} if progress.best is None else {f"best_{self.config.metric}": progress.best}
        report = Report(
            number=number,
            step=self.step,
            epoch=self.plan.epoch(self.step),
            progress=self.step / self.plan.total,
            metrics={
                **metrics,
                **best,
                **training,
                **taken,
                "learning_rate": self.learning_rate,
            },
            train_seconds=progress.train_seconds,
            checkpoint=self.checkpoints / folder_name(number) if self.checkpoints is not None else None,
            is_best=progress.best_number == number,
            done=self.done is not None,
            reason=self.done,
            trainable=self.trainable,
        )
        self.progress = replace(progress, history=(*progress.history, as_json(report)))
        if report.checkpoint is not None:
            self._save(report.checkpoint, durable=seconds >= _WORTH_A_SYNC)
        return report

    def after_report(self) -> None:
        """Drop checkpoints no longer needed, and train on as if nobody had touched the random generators."""
        number, best = self.progress.number, self.progress.best_number
        self._remove(lambda other: other not in {number, number - 1, best}, ignore_errors=True)
        self._open_window()

    def release(self) -> None:
        """Let go of model and optimizer, and of the GPU memory they had."""
        on_gpu = self.compute.device.type == "cuda"
        self.__dict__.clear()
        if on_gpu:
            # Models hold cycles; what they keep on a shared GPU is missing to its neighbours until collected.
            gc.collect()
            torch.cuda.empty_cache()

    def _remove(self, unwanted: Callable[[int], bool], *, ignore_errors: bool = False) -> None:
        """Checkpoints by their numbers; of several processes one does it."""
        if self.checkpoints is None or not self.ranks.first:
            return
        for number, path in numbered(self.checkpoints).items():
            if unwanted(number):
                shutil.rmtree(path, ignore_errors=ignore_errors)

    def _open_window(self) -> None:
        self.model.train()
        self.step = self.progress.step
        self._next_report = self.plan.next_report(self.step)
        rng.restore(self.random_state, self.compute.device)
        fp16 = self.updater.scaler is not None
        self._window = Window(self.step, self.compute.device, overflow_is_normal=fp16)

    def _keep_score(self, metrics: dict[str, float], seconds: float, eval_batch_size: int) -> None:
        name, require = self.config.metric, self.config.require
        for key, asked in (("metric", [name]), ("require", require)):
            if lacking := [one for one in asked if one not in metrics]:
                raise ConfigError(key, f"{lacking[0]} is not among what evaluation gave: {', '.join(metrics)}")
        self.progress = replace(
            self.progress.scored(metrics[name], self.goal, fits=fulfilled(require, metrics)),
            step=self.step,
            train_seconds=self.progress.train_seconds + seconds,
            micro_batch_size=self.updater.micro_batch_size,
            eval_batch_size=eval_batch_size,
        )

    def _save(self, folder: Path, *, durable: bool) -> None:
        states = self.ranks.brought(self.random_state)
        checkpoint.save(
            folder,
            model=self.model,
            optimizer=self.optimizer,
            progress=self.progress,
            random_state=self.random_state,
            random_of_others=states[1:],
            scaler=self.updater.scaler,
            frozen=self.frozen,
            average=self.average,
            durable=durable,
            writes=self.ranks.first,
        )


def _goal(config: TrainConfig, task: Task) -> Goal:
    if config.goal is not None:
        return config.goal
    if config.metric not in task.goals:
        known = ", ".join(task.goals)
        raise ConfigError("metric", f"{task.name} does not give {config.metric!r}", f"known are {known}")
    return task.goals[config.metric]
