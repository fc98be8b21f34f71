"""Models with fewer layers than they came with: the first so many are kept."""

from __future__ import annotations

from typing import Any

from trainer.errors import ConfigError

# Their layers share one set of weights, which can be passed any number of times.
_SHARED = ("albert",)


def fit_layers(config: Any, had: int | None, name: str) -> None:
    """Let what else a configuration says of its layers follow their number, ``had`` before it was changed.

    Raises:
        ConfigError: more than there are weights for.
    """
    layers = getattr(config, "num_hidden_layers", None)
    if had is None or layers is None or layers == had or config.model_type in _SHARED:
        return
    key = config.attribute_map.get("num_hidden_layers", "num_hidden_layers")
    if not isinstance(layers, int) or layers < 1:
        raise ConfigError(f"model_args.{key}", f"expected a number of layers, got {layers!r}")
    if layers > had:
        raise ConfigError(f"model_args.{key}", f"{layers} is more than the {had} layers of {name}")
    if (kinds := getattr(config, "layer_types", None)) is not None:
        config.layer_types = list(kinds)[:layers]
