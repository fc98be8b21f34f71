"""A trained model as an ordinary one again, and its adapter by itself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from trainer.adapt import settings
from trainer.adapt.adapted import Adapted, adapt
from trainer.adapt.lora import merge, save_adapter
from trainer.checkpoint import load_weights

if TYPE_CHECKING:
    import torch

    from trainer.config import TrainConfig

ADAPTER = "adapter"


@dataclass(frozen=True)
class Finished:
    """A model with the weights of a checkpoint, ready for ``Task.export``.

    Attributes:
        model: an ordinary one; adapters are merged into its weights.
        story: how it was adapted, and how much of it was trained; empty for full fine-tuning.
    """

    model: torch.nn.Module
    story: str


def finish(model: torch.nn.Module, config: TrainConfig, checkpoint: Path, out: Path) -> Finished:
    """Complete a fresh model with what was trained; adapters also go to ``out/adapter``, as ``peft`` saves them.

    What was trained over quantised weights is merged into those in full precision, which needs no GPU.

    Raises:
        ConfigError: the model cannot be adapted as the settings say.
        ResumeError: the checkpoint is of another model.
    """
    adapted = adapt(model, config)
    load_weights(checkpoint, adapted.model, adapted.frozen)
    if adapted.adapter is None:
        return Finished(adapted.model, _story(config, adapted))
    save_adapter(adapted.adapter, out / ADAPTER, base=config.model, auto=adapted.auto)
    return Finished(merge(adapted.adapter), _story(config, adapted))


def percent(adapted: Adapted) -> str:
    """The share of the parameters that train, in as many digits as tell something."""
    return f"{100 * adapted.trainable / adapted.total:.3g}%"


def _story(config: TrainConfig, adapted: Adapted) -> str:
    share = f"{adapted.trainable:,} of {adapted.total:,} parameters were trained ({percent(adapted)})"
    if config.peft != "none":
        return (
            f"Adapted by {_adapter(config)}; {share}. The adapter is merged into these weights; `{ADAPTER}/` holds it "
            f'alone, for `peft.PeftModel.from_pretrained(base_model, "FOLDER/{ADAPTER}")`.'
        )
    if config.freeze == "none":
        return ""
    part = _first(config.freeze) if isinstance(config.freeze, int) else f"the {config.freeze}"
    if config.unfreeze_every is None:
        return f"Trained with {part} frozen: {share}."
    each = f"every {config.unfreeze_every:g} epochs"
    return f"Trained with {part} frozen at first; {each} one more layer of it joined, from the top down."


def _first(layers: int) -> str:
    more = "" if layers == 0 else " and the first layer" if layers == 1 else f" and the first {layers} layers"
    return f"the embeddings{more}"


def _adapter(config: TrainConfig) -> str:
    name = {"lora": "LoRA", "dora": "DoRA"}[config.peft]
    bits = f" over weights in {config.quantize.removesuffix('bit')} bits" if config.quantize != "none" else ""
    targets = config.lora_targets if isinstance(config.lora_targets, str) else ", ".join(config.lora_targets)
    return f"{name}{bits} (rank {config.lora_rank}, alpha {settings.alpha(config):g}, targets: {targets})"
