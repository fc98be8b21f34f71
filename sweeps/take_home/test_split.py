"""A look at the test split: what a trial's own checkpoint scores on rows that no choice of the sweep has seen."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sweeps.config import FunctionTrainer, SweepConfig
from sweeps.engine.preparation import make_importable
from sweeps.errors import InputError
from sweeps.records.best import Best
from sweeps.records.confirmation import Look
from trainer.config import TrainConfig
from trainer.errors import ConfigError, ResumeError

if TYPE_CHECKING:
    from trainer.tasks.base import Prepared

TEST = "test"


def check_data(config: SweepConfig, folder: Path, best: Best) -> None:
    """Refuse data that are not those that the sweep trained ``best`` on.

    Prepared data are named by their content. So where the sweep's cache holds some, and not those of the trial, the
    rows, or what is done to them, have changed since.

    Raises:
        InputError: they have, or cannot be had any more.
    """
    if isinstance(config.trainer, FunctionTrainer):
        return
    from trainer.data.storage import stored

    cache = folder / "cache"
    known = stored(cache)
    with _complaints(folder, "cannot be trained again"):
        prepared = _prepared(config, best.params, cache)
    if known and prepared.folder.name not in known:
        shutil.rmtree(prepared.folder, ignore_errors=True)
        raise InputError(
            f"the data are not those that {best.trial} was trained on: rows, or settings of them, have changed",
            where=str(folder),
            mend=f"undo the change, or delete {cache} to go on with the data as they are now",
        )


def has_test_split(config: SweepConfig, folder: Path, best: Best) -> bool:
    """Whether there are test rows; a training function of one's own keeps its rows to itself."""
    if isinstance(config.trainer, FunctionTrainer):
        return False
    with _complaints(folder, "cannot be evaluated"):
        return TEST in _prepared(config, best.params, folder / "cache").splits


def look(config: SweepConfig, folder: Path, best: Best, number: int) -> Look:
    """Evaluate the checkpoint of ``best`` on the test rows, and once more on the validation rows beside it.

    Args:
        config: the sweep, of the shared trainer and with a test split.
        folder: the sweep's.
        best: with a checkpoint that was verified.
        number: of this look.

    Raises:
        InputError: the checkpoint cannot be evaluated here.
    """
    from trainer.checkpoint_scores import score
    from trainer.tasks import get_task

    with _complaints(folder, "cannot be evaluated"):
        settings = TrainConfig.build(config.trial_settings(best.params))
        found = score(
            settings,
            folder / str(best.checkpoint),
            task=get_task(settings.task),
            prepared=_prepared(config, best.params, folder / "cache"),
            splits=("validation", TEST),
        )
    test = found[TEST]
    return Look(
        number=number,
        trial=best.trial,
        report=best.report,
        checkpoint=str(best.checkpoint),
        metrics=test.metrics,
        rows=test.rows,
        classes=test.classes,
        validation=found["validation"].metrics.get(best.metric),
        reported=best.value,
        undefined=test.undefined,
    )


def _prepared(config: SweepConfig, params: Mapping[str, Any], cache: Path) -> Prepared:
    from trainer.tasks import get_task

    make_importable(config.base)
    settings = TrainConfig.build(config.trial_settings(params))
    return get_task(settings.task).prepare(settings, cache)


@contextmanager
def _complaints(folder: Path, what: str) -> Iterator[None]:
    try:
        yield
    except (ConfigError, ResumeError) as error:
        raise InputError(f"{what}: {error}", where=str(folder)) from error
