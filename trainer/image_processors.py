"""Hugging Face image processors, in two halves: pictures to bytes once, bytes to numbers in every batch."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from trainer.data.pictures import converted
from trainer.errors import ConfigError
from trainer.hub_access import load_model_files

if TYPE_CHECKING:
    import numpy as np
    from PIL.Image import Image

_NUMBERS = ("do_normalize", "image_mean", "image_std", "do_rescale", "rescale_factor")


def load(name: str, shape: tuple[int, ...] | None) -> Any:
    """The image processor of a model folder or a hub name, a copy of one's own.

    Args:
        name: the model.
        shape: ``(channels, height, width)`` to bring pictures to instead of the processor's own; a model without
            a processor needs it.

    Raises:
        ConfigError: there is none, or it can be neither found nor fetched.
    """
    from transformers import AutoImageProcessor, ViTImageProcessorPil

    try:
        # Pillow's backend everywhere: what is prepared must not depend on whether torchvision is installed.
        found = load_model_files(name, lambda **where: AutoImageProcessor.from_pretrained(name, backend="pil", **where))
    except ConfigError as error:
        if "preprocessor_config.json" not in error.message:
            raise
        if shape is None:
            mend = "give data.shape: [channels, height, width]"
            raise ConfigError("model", f"{name} has no image processor (preprocessor_config.json)", mend) from None
        return ViTImageProcessorPil(size={"height": shape[1], "width": shape[2]})
    if shape is not None:
        found.size = type(found.size)(height=shape[1], width=shape[2])
        for name_ in ("crop_pct", "do_center_crop", "do_pad"):
            if hasattr(found, name_):
                setattr(found, name_, None if name_ == "crop_pct" else False)
        found.do_resize = True
    return found


def facts(processor: Any) -> dict[str, Any]:
    """What decides the bytes that ``fitter`` makes."""
    return {name: value for name, value in json.loads(processor.to_json_string()).items() if name not in _NUMBERS}


def fitter(processor: Any, channels: int) -> Callable[[Image], np.ndarray]:
    """Pictures to bytes ``(channels, height, width)``, by the processor itself.

    The function raises ``ValueError`` for pictures that cannot be used.
    """
    import numpy as np

    def fit(image: Image) -> np.ndarray:
        # In colours even where one channel is wanted: not every processor takes shades of grey.
        three = converted(image, channels).convert("RGB")
        made = processor([three], do_rescale=False, do_normalize=False, return_tensors="np")["pixel_values"]
        if len(made) != 1 or made[0].ndim != 3 or made[0].shape[0] != 3:
            raise ValueError(
                f"{type(processor).__name__} makes {np.shape(made)} of a picture, not (1, 3, height, width)"
            )
        pixels: np.ndarray = np.clip(np.rint(made[0]), 0, 255).astype(np.uint8)[:channels]
        return pixels

    return fit


def numbers(processor: Any, channels: int) -> dict[str, list[float]]:
    """``mean`` and ``std`` of each channel, on a scale where 255 is 1, that give the processor's own values."""
    factor = float(processor.rescale_factor) * 255 if processor.do_rescale else 255.0
    mean, std = (processor.image_mean, processor.image_std) if processor.do_normalize else (0.0, 1.0)
    return {
        "mean": [value / factor for value in _each(mean, channels)],
        "std": [value / factor for value in _each(std, channels)],
    }


def set_numbers(processor: Any, numbers: Mapping[str, Sequence[float]]) -> None:
    """Make the processor normalise by ``numbers``."""
    processor.do_rescale, processor.rescale_factor = True, 1 / 255
    processor.do_normalize = True
    processor.image_mean, processor.image_std = list(numbers["mean"]), list(numbers["std"])


def _each(value: float | Sequence[float], channels: int) -> list[float]:
    values = [float(value)] if isinstance(value, int | float) else [float(one) for one in value]
    if len(values) == channels:
        return values
    return [sum(values) / len(values)] * channels
