"""Data made ready once, before the first trial, so that what is wrong with it is one error and not one per trial."""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

from search_spaces.parameters import Categorical
from sweeps.config import FunctionTrainer, SweepConfig
from sweeps.engine.adaptation import check_adaptation
from trainer.config import TrainConfig
from trainer.errors import ConfigError
from trainer.tasks import get_task

_MOST_VARIANTS = 16  # more combinations of models and data than this are prepared by the workers, as they come


def make_importable(base: Path) -> None:
    """Put the sweep file's folder first on the import path, where ``module:function`` is looked up."""
    if str(base) not in sys.path:
        sys.path.insert(0, str(base))


def prepare(config: SweepConfig, cache: Path) -> None:
    """Check and prepare the data of every variant that the space can name.

    Raises:
        InputError: data or a model that cannot be used.
    """
    make_importable(config.base)
    if isinstance(config.trainer, FunctionTrainer):
        return
    varying = [
        parameter
        for parameter in config.space
        if isinstance(parameter, Categorical) and (parameter.name == "model" or parameter.name.startswith("data."))
    ]
    combinations = itertools.product(*(parameter.choices for parameter in varying))
    for choice in itertools.islice(combinations, _MOST_VARIANTS):
        chosen = dict(zip((p.name for p in varying), choice, strict=True))
        params = config.space.complete(chosen, priors=False)
        if config.space.broken(params) is not None:
            continue  # perhaps legal with other values; its workers will prepare it then
        try:
            settings = TrainConfig.build(config.trial_settings(params))
            task = get_task(settings.task)
            task.check(settings)
            task.prepare(settings, cache)
        except ConfigError as error:
            section = "parameters" if error.key in params else "trainer"
            raise config.places.setting_error(f"{section}.{error.key}", error) from error
    check_adaptation(config, cache)
