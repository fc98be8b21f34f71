"""What Tune's PBT and PB2 see instead of Tune's trials and controller, and what they do to it."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from ray.tune.experiment import Trial


@dataclass(frozen=True)
class Saved:
    """A checkpoint, as they pass it on: that of report ``report`` of our trial ``trial``."""

    trial: str
    report: int


class Member:
    """One of the population, for Tune a trial that changes its configuration; for us a line of trials.

    Attributes:
        ours: the trial that it is now.
        saved: the checkpoint of its latest report, if that had one.
    """

    def __init__(self, number: int, ours: str, config: dict[str, Any]) -> None:
        self.trial_id = f"member-{number:04d}"
        self.ours, self.config = ours, config
        self.status = Trial.PENDING
        self.saved: Saved | None = None
        self.evaluated_params: dict[str, Any] = {}
        self.experiment_tag = ""
        # Where a checkpoint is put that the trial shall go on from.
        self._checkpoints = SimpleNamespace(
            checkpoint_config=SimpleNamespace(num_to_keep=None), _latest_checkpoint_result=None
        )
        self.run_metadata = SimpleNamespace(checkpoint_manager=self._checkpoints)

    def __str__(self) -> str:
        return self.trial_id  # PB2 groups its data by it

    def is_finished(self) -> bool:
        """Whether nothing more comes of it."""
        return self.status in (Trial.TERMINATED, Trial.ERROR)

    def set_config(self, config: dict[str, Any]) -> None:
        """It shall go on with these values."""
        self.config = config

    def set_experiment_tag(self, tag: str) -> None:
        """A name for tables of Tune's."""
        self.experiment_tag = tag

    def exploited(self) -> Saved | None:
        """The checkpoint that it was told to go on from since this was asked last, if it was."""
        result, self._checkpoints._latest_checkpoint_result = self._checkpoints._latest_checkpoint_result, None
        return result.checkpoint if result is not None else None


class Controller:
    """The part of Tune's controller that they ask and order.

    Attributes:
        members: the population so far.
        more: whether trials of the population are still to begin, for which the others make room.
    """

    search_alg = None

    def __init__(self) -> None:
        self.members: list[Member] = []
        self.more = True

    def get_trials(self) -> list[Any]:
        """Everyone, with one for all those that have not begun."""
        return [*self.members, SimpleNamespace(status=Trial.PENDING)] if self.more else list(self.members)

    def _schedule_trial_save(self, trial: Member, result: dict[str, Any] | None = None) -> Saved | None:  # noqa: ARG002
        # Our trials save by themselves, before they report.
        return trial.saved

    def pause_trial(self, trial: Member, should_checkpoint: bool = True) -> None:  # noqa: ARG002
        """It leaves its worker."""
        trial.status = Trial.PAUSED
