"""A model made ready to be adapted, as its settings say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from trainer.adapt import settings
from trainer.adapt.freezing import Unfreezing, frozen_groups
from trainer.adapt.lora import inject
from trainer.adapt.origin import Origin, origin_of
from trainer.adapt.parts import Group, Parts, head_modules
from trainer.adapt.quantizing import quantize
from trainer.errors import ConfigError
from trainer.weights import Frozen

if TYPE_CHECKING:
    import torch

    from trainer.config import TrainConfig
    from trainer.plan import Plan
    from trainer.precision import Compute


@dataclass(frozen=True)
class Adapted:
    """A model of which perhaps not everything trains.

    Parameters require a gradient if they will ever train, so an optimizer made now has all of them.

    Attributes:
        model: what the task built, with other layers inside where there are adapters.
        total: parameters of the model as the task built it.
        trainable: parameters that will ever train.
        frozen: what never changes and is left out of checkpoints; ``None`` where nothing is.
        thawing: what is frozen at first and lets go later, from the top down.
        adapter: the ``PeftModel`` around the model, ``None`` without adapters.
        auto: the class of transformers that loads the base model.
    """

    model: torch.nn.Module
    total: int
    trainable: int
    frozen: Frozen | None = None
    thawing: tuple[Group, ...] = ()
    adapter: Any = None
    auto: str = ""

    def unfreezing(self, config: TrainConfig, plan: Plan) -> Unfreezing | None:
        """When which part begins to train; ``None`` where all do from the beginning or never."""
        if config.unfreeze_every is None:
            return None
        return Unfreezing(self.thawing, config.unfreeze_every * plan.steps_per_epoch)


def adapt(model: torch.nn.Module, config: TrainConfig, compute: Compute | None = None) -> Adapted:
    """Freeze, quantise and put adapters in, in place, as the settings say.

    Args:
        model: fresh from its task, on the CPU; without adapting any module, else a Hugging Face model.
        config: the settings.
        compute: where quantised weights go; ``None`` leaves them as they are, to count or to merge.

    Raises:
        ConfigError: the model cannot be adapted so.
    """
    total = sum(parameter.numel() for parameter in model.parameters())
    if not settings.adapts(config):
        return Adapted(model, total, total)
    origin = origin_of(model)
    if origin is None:
        name = next(name for name, off in settings.OFF.items() if getattr(config, name) != off)
        message = f"{getattr(config, name)!r} needs a Hugging Face model, and {config.task} has one of its own here"
        raise ConfigError(name, message, "leave it out")
    if config.peft == "none":
        return _partly_frozen(model, config, origin, total)
    head = head_modules(model, origin.new)
    if config.quantize != "none" and compute is not None:
        quantize(model, config, compute, head)
    adapter = inject(model, config, head)
    return Adapted(model, total, _trainable(model), Frozen.of(model, origin), adapter=adapter, auto=origin.auto)


def _partly_frozen(model: torch.nn.Module, config: TrainConfig, origin: Origin, total: int) -> Adapted:
    groups = frozen_groups(config, Parts.of(model, origin.new))
    if config.unfreeze_every is not None:
        return Adapted(model, total, total, thawing=groups, auto=origin.auto)
    for group in groups:
        for parameter in group:
            parameter.requires_grad_(False)
    return Adapted(model, total, _trainable(model), Frozen.of(model, origin), auto=origin.auto)


def _trainable(model: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)
