"""A ``transformers.Trainer`` script as a trial: one callback reports each evaluation and keeps its checkpoint."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments
from transformers.trainer_utils import SaveStrategy

from sweeps import session
from trainer.manifest import MANIFEST


class SweepCallback(TrainerCallback):  # type: ignore[misc]  # transformers is untyped here
    """Reports every evaluation of a Trainer (or of TRL's trainers, which inherit from it) to the sweep.

    Metrics keep the Trainer's names (``eval_loss``, ``eval_accuracy``). Each evaluation is saved, whatever
    ``save_strategy`` says, so that a stopped trial can go on: pass ``resume_from_checkpoint=sweeps.get_checkpoint()``
    to ``trainer.train``. A step is reported once. An evaluation before training is not reported, one after training
    only where none was made at its last step: as in scripts that call ``trainer.train()`` and ``trainer.evaluate()``.
    While a sweep runs, ``output_dir`` is a folder of the trial's own. Outside of a sweep nothing is changed.

    Args:
        save: whether to write a checkpoint with each evaluation. Without one a trial that is interrupted
            starts afresh and the best model cannot be exported.
    """

    def __init__(self, save: bool = True) -> None:
        self.save = save
        self._training = False
        self._reported = 0  # the last step whose evaluation is with the sweep
        self._waiting: dict[str, float] = {}

    def on_init_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        self._own_folder(args)

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        if (here := session.current()) is None:
            return
        self._training, self._reported, self._waiting = True, state.global_step, {}
        self._own_folder(args)
        if args.save_total_limit is None:
            args.save_total_limit = 2  # the sweep has its own copies; a long trial would fill the disk with these
        if self.save and args.save_strategy == SaveStrategy.BEST:
            # It would overrule our wish to save the others too. Best is still tracked under this name.
            args.save_strategy, state.save_steps = SaveStrategy.STEPS, 0
        if args.load_best_model_at_end and state.global_step > 0:
            state.best_model_checkpoint = _bring_best(here.folder / "checkpoints", Path(args.output_dir), state)

    def on_epoch_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        again = control.should_save or control.should_evaluate
        if session.current() is not None and again and state.global_step == self._reported:
            # The epoch's end saves this step once more, in place, and the sweep's checkpoint shares these files.
            shutil.rmtree(_saved(args, state), ignore_errors=True)

    def on_evaluate(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> TrainerControl:
        here = session.current()
        if here is None or state.global_step <= self._reported:
            return control
        metrics = {
            name: value
            for name, value in (kwargs.get("metrics") or {}).items()
            if isinstance(value, int | float) and name != "epoch"
        }
        if self._training:
            # With several evaluation sets there is one call for each. The Trainer saves right after it evaluates: the
            # report waits for that, to carry the checkpoint.
            self._waiting.update(metrics)
            control.should_save |= self.save
        elif here.metric is None or here.metric in metrics:
            self._waiting = metrics
            self._deliver(args, state, self._save_now(args, state, **kwargs) if self.save else None)
        return control

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        self._deliver(args, state, _saved(args, state) if self.save else None)

    def on_step_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        self._deliver(args, state, None)

    def on_train_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        self._deliver(args, state, None)
        self._training = False

    def _deliver(self, args: TrainingArguments, state: TrainerState, checkpoint: Path | None) -> None:
        here = session.current()
        if here is None or not self._waiting:
            return
        metrics, self._waiting = self._waiting, {}
        self._reported = state.global_step
        # Linked: the Trainer writes each of its checkpoints once (see on_epoch_end), and a large one costs nothing.
        here.report(metrics, checkpoint, step=state.global_step, epoch=state.epoch, link=True)

    def _own_folder(self, args: TrainingArguments) -> None:
        # Trials run side by side: one output_dir for all of them would mix their checkpoints. So would two Trainers
        # in one trial, which both count their steps from 0.
        if (here := session.current()) is not None:
            scratch = here.folder / session.SCRATCH
            scratch.mkdir(parents=True, exist_ok=True)
            args.output_dir = tempfile.mkdtemp(prefix="run-", dir=scratch)

    def _save_now(self, args: TrainingArguments, state: TrainerState, **kwargs: Any) -> Path | None:
        """The model after training, as a checkpoint, in case the Trainer has saved none of its last step."""
        folder = _saved(args, state)
        if folder.is_dir():
            return folder
        parts = [kwargs.get("model"), kwargs.get("processing_class")]
        if not hasattr(parts[0], "save_pretrained"):
            return None
        for part in parts:
            if part is not None and hasattr(part, "save_pretrained"):
                part.save_pretrained(folder)
        state.save_to_json(str(folder / "trainer_state.json"))
        return folder


def _saved(args: TrainingArguments, state: TrainerState) -> Path:
    return Path(args.output_dir) / f"checkpoint-{state.global_step}"


def _bring_best(kept: Path, output: Path, state: TrainerState) -> str | None:
    """Put the best checkpoint so far where the Trainer would have it, had it not been interrupted."""
    for found in kept.glob("r*/trainer_state.json"):
        if json.loads(found.read_text(encoding="utf-8"))["global_step"] == state.best_global_step:
            target = output / f"checkpoint-{state.best_global_step}"
            shutil.copytree(found.parent, target, ignore=shutil.ignore_patterns(MANIFEST))
            return str(target)
    return None
