"""RandAugment (Cubuk et al. 2020): random steps, all of one magnitude.

The fourteen steps, their ranges and signs are those of ``torchvision.transforms.v2.RandAugment`` with 31 magnitudes.
Here pixels are taken bilinearly, there the nearest by default.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from trainer.augmentation import colour, geometry

if TYPE_CHECKING:
    from collections.abc import Callable

    from trainer.draws import Draws

_STRONGEST = 30
_SHEAR, _SHIFT, _DEGREES, _FACTOR = 0.3, 150 / 331, 30.0, 0.9

STEPS = (
    *("identity", "shear_x", "shear_y", "translate_x", "translate_y", "rotate", "brightness", "saturation"),
    *("contrast", "sharpness", "posterize", "solarize", "autocontrast", "equalize"),
)


def randaugmented(pictures: torch.Tensor, count: int, magnitude: int, draws: Draws) -> torch.Tensor:
    """``count`` steps, drawn for each picture anew; pictures ``(rows, channels, height, width)`` from 0 to 1."""
    out = pictures
    for turn in range(count):
        drawn = torch.from_numpy(draws.uniform(f"randaugment {turn}", 2))
        chosen = (drawn[:, 0] * len(STEPS)).long()
        signs = torch.where(drawn[:, 1] < 0.5, -1.0, 1.0)
        out = out.clone()
        for index, name in enumerate(STEPS):
            mine = chosen == index
            if mine.any():
                out[mine] = apply(name, out[mine], magnitude, signs[mine])
    return out


def apply(name: str, pictures: torch.Tensor, magnitude: int, signs: torch.Tensor) -> torch.Tensor:
    """One step by its name; ``signs`` ``(rows,)`` are 1 or -1, for the steps that have two directions."""
    strength = magnitude / _STRONGEST
    if name in _FACTORS:
        return _FACTORS[name](pictures, 1 + signs * _FACTOR * strength)
    if name == "posterize":
        return colour.posterize(pictures, 8 - round(strength * 4))
    if name == "solarize":
        return colour.solarize(pictures, 1 - strength)
    if name in _WHOLE:
        return _WHOLE[name](pictures)
    return pictures if name == "identity" else geometry.warped(pictures, _matrices(name, pictures, strength, signs))


_FACTORS: dict[str, Callable[[torch.Tensor, torch.Tensor], torch.Tensor]] = {
    "brightness": colour.brightness,
    "saturation": colour.saturation,
    "contrast": colour.contrast,
    "sharpness": colour.sharpness,
}
_WHOLE: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "autocontrast": colour.autocontrast,
    "equalize": colour.equalize,
}


def _matrices(name: str, pictures: torch.Tensor, strength: float, signs: torch.Tensor) -> torch.Tensor:
    if name == "rotate":
        return geometry.rotations(signs * _DEGREES * strength)
    height, width = pictures.shape[-2:]
    matrices = torch.eye(2, 3).repeat(len(pictures), 1, 1)
    slope = signs * _SHEAR * strength
    # Sheared about the upper left corner, as in the paper's code.
    match name:
        case "shear_x":
            matrices[:, 0, 1], matrices[:, 0, 2] = slope, slope * height / 2
        case "shear_y":
            matrices[:, 1, 0], matrices[:, 1, 2] = slope, slope * width / 2
        case "translate_x":
            matrices[:, 0, 2] = signs * _SHIFT * strength * width
        case "translate_y":
            matrices[:, 1, 2] = signs * _SHIFT * strength * height
    return matrices
