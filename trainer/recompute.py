"""Gradient checkpointing: activations are computed again in the backward pass instead of being kept."""

from __future__ import annotations

from typing import Any

from trainer.errors import ConfigError

_HOW = {"use_reentrant": False}
"""torch's recommended kind: it works with frozen inputs, and gives the same gradients."""


def enable(model: Any) -> None:
    """Switch it on in a Hugging Face model; it changes memory and time, and no result.

    Raises:
        ConfigError: a plain module, or a model that cannot.
    """
    # Renamed in transformers 5; the old name goes in 6.
    switch = getattr(model, "activation_checkpointing_enable", None) or getattr(
        model, "gradient_checkpointing_enable", None
    )
    if switch is None or not getattr(model, "supports_gradient_checkpointing", False):
        message = f"{type(model).__name__} cannot compute its activations again"
        raise ConfigError("gradient_checkpointing", message, "leave it out, and lower micro_batch_size")
    switch(_HOW)
