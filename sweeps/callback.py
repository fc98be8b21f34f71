"""A ``transformers.Trainer`` script as a trial: one callback reports each evaluation and keeps its checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from sweeps import session


class SweepCallback(TrainerCallback):  # type: ignore[misc]  # transformers is untyped here
    """Reports every evaluation of a Trainer (or of TRL's trainers, which inherit from it) to the sweep.

    Metrics keep the Trainer's names (``eval_loss``, ``eval_accuracy``). Each evaluation is saved, so that a
    stopped trial can go on: pass ``resume_from_checkpoint=sweeps.get_checkpoint()`` to ``trainer.train``.

    Args:
        save: whether to write a checkpoint with each evaluation. Without one a trial that is interrupted
            starts afresh and the best model cannot be exported.
    """

    def __init__(self, save: bool = True) -> None:
        self.save = save
        self._waiting: dict[str, Any] | None = None

    def on_init_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        self._own_folder(args)

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        self._own_folder(args)

    def on_evaluate(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> TrainerControl:
        metrics = kwargs.get("metrics") or {}
        self._waiting = {name: value for name, value in metrics.items() if isinstance(value, int | float)}
        # The Trainer saves right after it evaluates: the report waits for that, to carry the checkpoint.
        if self.save and state.global_step > 0:
            control.should_save = True
        return control

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        self._deliver(Path(args.output_dir) / f"checkpoint-{state.global_step}")

    def on_step_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        self._deliver(None)

    def on_train_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        self._deliver(None)

    def _deliver(self, checkpoint: Path | None) -> None:
        if self._waiting is None:
            return
        metrics, self._waiting = self._waiting, None
        session.report(metrics, checkpoint if checkpoint is not None and checkpoint.is_dir() else None)

    def _own_folder(self, args: TrainingArguments) -> None:
        # Trials run side by side: one output_dir for all of them would mix their checkpoints.
        here = session.current()
        if here is not None:
            args.output_dir = str(here.folder / "trainer")
