"""What tasks ask of a pretrained model that reads tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainer import hooks
from trainer.errors import ConfigError
from trainer.tasks.base import Prepared

if TYPE_CHECKING:
    from trainer.config import TrainConfig


def check_model(config: TrainConfig, *, mend: str = "for a module of your own the task is classification") -> None:
    """Refuse a module of one's own, which knows nothing of tokens.

    Raises:
        ConfigError: with ``mend``.
    """
    if hooks.is_hook(config.model):
        what = f"expected a hub name or a folder, got {config.model!r}"
        raise ConfigError("model", what, mend)


def length_within(key: str, asked: int | None, config: TrainConfig, prepared: Prepared, least: int) -> int:
    """A length in tokens: as asked for, or the model's own.

    Raises:
        ConfigError: more than the model has positions for, or fewer than ``least``.
    """
    if asked is None:
        default: int = prepared.meta["max_length"]
        return default
    most = prepared.meta["positions"]
    if most is not None and asked > most:
        raise ConfigError(key, f"{asked} is more than the {most} positions of {config.model}")
    if asked < least:
        raise ConfigError(key, f"{asked} leaves no room for text, {config.model} needs {least} or more")
    return asked
