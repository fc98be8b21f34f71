"""Pictures changed by the steps of ``augment``, in a fixed order: place, RandAugment, colour, a hole."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

from trainer.augmentation import colour, geometry
from trainer.augmentation.randaugment import randaugmented

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trainer.draws import Draws
    from trainer.sections import AugmentConfig

_ZOOM_RATIO = (3 / 4, 4 / 3)
_HOLE_AREA, _HOLE_RATIO = (0.02, 0.33), (0.3, 3.3)


def augmented(
    pictures: torch.Tensor, steps: AugmentConfig, draws: Draws, hole: Sequence[float] = (0.0,)
) -> torch.Tensor:
    """Every step whose strength is not 0.

    Args:
        pictures: ``(rows, channels, height, width)``, float32 from 0 to 1.
        steps: the strengths.
        draws: for these rows.
        hole: what ``erase`` leaves, by channel.
    """
    if steps.flip:
        pictures = geometry.flipped(pictures, _uniform(draws, "flip")[:, 0] < steps.flip)
    if steps.crop:
        pictures = _cropped(pictures, steps.crop, draws)
    if steps.zoom or steps.rotate:
        pictures = geometry.warped(pictures, _zoomed_and_turned(pictures, steps, draws))
    if steps.randaugment:
        pictures = randaugmented(pictures, steps.randaugment, steps.magnitude, draws)
    if steps.color_jitter:
        factors = 1 + steps.color_jitter * (2 * _uniform(draws, "color_jitter", 3) - 1)
        for column, change in enumerate((colour.brightness, colour.contrast, colour.saturation)):
            pictures = change(pictures, factors[:, column])
    return _erased(pictures, steps.erase, draws, hole) if steps.erase else pictures


def _cropped(pictures: torch.Tensor, share: float, draws: Draws) -> torch.Tensor:
    """A window of the padded picture, at every place with the same probability."""
    sides = pictures.shape[-2:]
    drawn = _uniform(draws, "crop", 2)
    most = [max(1, round(share * side)) for side in sides]
    down, right = ((drawn[:, i] * (2 * most[i] + 1)).floor().long() - most[i] for i in (0, 1))
    return geometry.shifted(pictures, down, right)


def _zoomed_and_turned(pictures: torch.Tensor, steps: AugmentConfig, draws: Draws) -> torch.Tensor:
    """A window of at least ``1 - zoom`` of the area (Szegedy et al. 2015), turned by at most ``rotate``."""
    height, width = pictures.shape[-2:]
    matrices = geometry.rotations(steps.rotate * (2 * _uniform(draws, "rotate")[:, 0] - 1))
    if not steps.zoom:
        return matrices
    drawn = _uniform(draws, "zoom", 4)
    area = 1 - steps.zoom * drawn[:, 0]
    windows = geometry.windows(_sides(area, drawn[:, 1], _ZOOM_RATIO), drawn[:, 2:], height, width)
    turned = torch.bmm(matrices[:, :, :2], windows[:, :, :2])
    return torch.cat([turned, windows[:, :, 2:]], dim=2)


def _erased(pictures: torch.Tensor, probability: float, draws: Draws, hole: Sequence[float]) -> torch.Tensor:
    """Random erasing (Zhong et al. 2020), with the ranges of ``torchvision.transforms.v2.RandomErasing``."""
    height, width = pictures.shape[-2:]
    drawn = _uniform(draws, "erase", 5)
    low, high = _HOLE_AREA
    share = _sides(low + (high - low) * drawn[:, 1], drawn[:, 2], _HOLE_RATIO)
    sides = (share * torch.tensor([width, height])).round().clamp(min=1)
    start = (drawn[:, 3:] * (torch.tensor([width, height]) - sides + 1)).floor()
    x, y = torch.arange(width), torch.arange(height)
    inside_x = (x >= start[:, :1]) & (x < start[:, :1] + sides[:, :1])
    inside_y = (y >= start[:, 1:]) & (y < start[:, 1:] + sides[:, 1:])
    mask = inside_y[:, :, None] & inside_x[:, None, :] & (drawn[:, 0] < probability)[:, None, None]
    fill = torch.tensor(list(hole), dtype=pictures.dtype)[None, :, None, None]
    return torch.where(mask[:, None], fill, pictures)


def _sides(area: torch.Tensor, drawn: torch.Tensor, ratios: tuple[float, float]) -> torch.Tensor:
    """Shares of width and height ``(rows, 2)`` of windows with these areas; their ratio is drawn on a log scale.

    A window that would stick out is cut off at the edge, where torchvision draws again.
    """
    low, high = math.log(ratios[0]), math.log(ratios[1])
    ratio = torch.exp(low + (high - low) * drawn)
    return torch.stack([(area * ratio).sqrt(), (area / ratio).sqrt()], dim=1).clamp(max=1)


def _uniform(draws: Draws, purpose: str, count: int = 1) -> torch.Tensor:
    return torch.from_numpy(draws.uniform(purpose, count)).float()
