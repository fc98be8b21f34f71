"""Ways to adapt a model, tried on one without weights before the first trial."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sweeps.config import SweepConfig
from trainer.adapt import settings as adaptation
from trainer.config import TrainConfig
from trainer.errors import ConfigError
from trainer.tasks import get_task


def check_adaptation(config: SweepConfig, cache: Path) -> None:
    """Refuse layers that the model does not have, and quantised weights where there is no GPU.

    Tries the middle of the space and, around it, the ends of each parameter that says how the model is adapted.

    Raises:
        InputError: names the setting or the parameter.
    """
    for settings in _variants(config):
        if not adaptation.adapts(settings):
            continue
        from trainer.adapt.adapted import adapt
        from trainer.adapt.quantizing import check_machine

        try:
            check_machine(settings)
            task = get_task(settings.task)
            adapt(task.skeleton(settings, task.prepare(settings, cache)), settings)
        except ConfigError as error:
            section = "parameters" if error.key in config.space.names else "trainer"
            raise config.places.setting_error(f"{section}.{error.key}", error) from error


def _variants(config: SweepConfig) -> Iterator[TrainConfig]:
    space, middle = config.space, config.space.middle()
    yield TrainConfig.build(config.trial_settings(middle))
    for parameter in space:
        if parameter.name not in adaptation.NAMES:
            continue
        for value in parameter.ends:
            params = {**middle, **space.needed(parameter.name), parameter.name: value}
            chosen = space.complete(params, priors=False)
            if space.broken(chosen) is None:
                yield TrainConfig.build(config.trial_settings(chosen))
