"""Data made ready once, before the first trial, so that what is wrong with it is one error and not one per trial."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from search_spaces.parameters import Categorical
from sweeps.config import FunctionTrainer, SweepConfig
from sweeps.engine.adaptation import check_adaptation
from sweeps.engine.continuing import check_weights
from trainer.config import TrainConfig
from trainer.data import report
from trainer.data.report_checks import refuse_pointless
from trainer.errors import ConfigError
from trainer.tasks import get_task
from trainer.tasks.base import Prepared

_MOST_VARIANTS = 16  # more combinations of models and data than this are prepared by the workers, as they come


def make_importable(base: Path) -> None:
    """Put the sweep file's folder first on the import path, where ``module:function`` is looked up."""
    if str(base) not in sys.path:
        sys.path.insert(0, str(base))


@dataclass(frozen=True)
class Variant:
    """Data as some of the trials see them.

    Attributes:
        params: the parameters that make the difference.
        settings: of one of these trials.
        prepared: its data.
    """

    params: Mapping[str, Any]
    settings: TrainConfig
    prepared: Prepared


def _place(key: str, params: Mapping[str, Any]) -> str:
    if key == "metric":
        return "metric.name"
    section = "parameters" if key in params else "metric" if key.startswith("require.") else "trainer"
    return f"{section}.{key}"


def prepare(config: SweepConfig, cache: Path) -> list[Variant]:
    """Check and prepare the data of every variant that the space can name.

    Returns:
        The variants, at most 16: the workers prepare the others, as they come.

    Raises:
        InputError: data or a model that cannot be used.
    """
    make_importable(config.base)
    if isinstance(config.trainer, FunctionTrainer):
        return []
    varying = [
        parameter
        for parameter in config.space
        if isinstance(parameter, Categorical) and (parameter.name == "model" or parameter.name.startswith("data."))
    ]
    combinations = itertools.product(*(parameter.choices for parameter in varying))
    variants = []
    for choice in itertools.islice(combinations, _MOST_VARIANTS):
        chosen = dict(zip((p.name for p in varying), choice, strict=True))
        params = config.space.complete(chosen, priors=False)
        if config.space.broken(params) is not None:
            continue  # perhaps legal with other values; its workers will prepare it then
        try:
            settings = TrainConfig.build(config.trial_settings(params))
            task = get_task(settings.task)
            task.check(settings)
            prepared = task.prepare(settings, cache)
            if (found := report.read(prepared.folder)) is not None:
                refuse_pointless(found)
            task.rehearse(settings, prepared)
            variants.append(Variant(chosen, settings, prepared))
            check_weights(config, settings, prepared)
        except ConfigError as error:
            raise config.places.setting_error(_place(error.key, params), error) from error
    check_adaptation(config, cache)
    return variants
