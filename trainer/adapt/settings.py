"""Which settings adapt a model, and which of them mean nothing together. Imports nothing heavy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from trainer import hooks
from trainer.errors import ConfigError

if TYPE_CHECKING:
    from trainer.config import TrainConfig

OFF: Final[Mapping[str, object]] = {"peft": "none", "quantize": "none", "freeze": "none"}
"""Each way and the value that leaves it out: for ``refuse``, where a task has no pretrained model."""
_OF_PEFT: Final[Mapping[str, object]] = {
    "lora_rank": 8,
    "lora_alpha": None,
    "lora_dropout": 0.0,
    "lora_targets": "default",
}
NAMES: Final = (*OFF, *_OF_PEFT, "unfreeze_every")
"""Every setting of this room."""


def adapts(config: TrainConfig) -> bool:
    """Whether anything but full fine-tuning is asked for."""
    return any(getattr(config, name) != off for name, off in OFF.items())


def idle(settings: Mapping[str, Any]) -> tuple[str, ...]:
    """The settings of this room that had no meaning beside the others, by name."""
    names = [name for name, off in OFF.items() if settings.get(name, off) == off]
    return (*names, *_OF_PEFT) if "peft" in names else tuple(names)


def alpha(config: TrainConfig) -> float:
    """``lora_alpha``, twice the rank where it is not given: what is learned is then scaled alike for every rank."""
    return 2.0 * config.lora_rank if config.lora_alpha is None else config.lora_alpha


def check(config: TrainConfig) -> None:
    """Refuse what would do nothing, or contradicts itself.

    Raises:
        ConfigError: names the setting and the mend.
    """
    if config.peft == "none":
        for name, absent in {**_OF_PEFT, "quantize": "none"}.items():
            if (value := getattr(config, name)) != absent:
                mend = f"set peft to lora or dora; if it is searched: {name}: {{..., when: {{peft: [lora, dora]}}}}"
                raise ConfigError(name, f"{value!r} means nothing without an adapter", mend)
    elif config.freeze != "none":
        raise ConfigError(
            "freeze", f"{config.freeze!r} means nothing with peft: {config.peft}", "adapters freeze the whole model"
        )
    if config.init == "random" and adapts(config):
        mend = "leave out peft, quantize and freeze"
        raise ConfigError("init", "what is frozen of random weights would never be trained", mend)
    if config.unfreeze_every is not None and config.freeze == "none":
        mend = "set freeze to what is frozen at first: backbone, embeddings or a number of layers"
        raise ConfigError("unfreeze_every", f"{config.unfreeze_every:g} means nothing: nothing is frozen", mend)
    if hooks.is_hook(config.model):
        for name, off in OFF.items():
            if getattr(config, name) != off:
                message = f"{getattr(config, name)!r} needs a Hugging Face model, {config.model} builds one of your own"
                raise ConfigError(name, message, "leave it out; the function can freeze what it likes")
