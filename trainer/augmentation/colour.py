"""Changes of colour. Pictures are ``(rows, channels, height, width)``, float32 from 0 to 1; strengths ``(rows,)``.

Source of each: Pillow's ``ImageEnhance`` and ``ImageOps``, which torchvision and RandAugment follow. Pillow rounds to
256 levels after every step; here that is done only where a step is about levels.
"""

from __future__ import annotations

import torch
from torch.nn import functional

_LEVELS = 256
_LUMA = (0.299, 0.587, 0.114)


def brightness(pictures: torch.Tensor, factor: torch.Tensor) -> torch.Tensor:
    """Times ``factor``."""
    return _blend(torch.zeros_like(pictures), pictures, factor)


def contrast(pictures: torch.Tensor, factor: torch.Tensor) -> torch.Tensor:
    """Away from the picture's mean grey by ``factor``."""
    return _blend(_grey(pictures).mean(dim=(1, 2, 3), keepdim=True), pictures, factor)


def saturation(pictures: torch.Tensor, factor: torch.Tensor) -> torch.Tensor:
    """Away from grey by ``factor``; changes nothing that is grey already."""
    return _blend(_grey(pictures), pictures, factor)


def sharpness(pictures: torch.Tensor, factor: torch.Tensor) -> torch.Tensor:
    """Away from the smoothed picture by ``factor``; the outermost pixels stay."""
    if min(pictures.shape[-2:]) < 3:
        return pictures
    kernel = pictures.new_ones(3, 3)
    kernel[1, 1] = 5.0
    channels = pictures.shape[1]
    inner = functional.conv2d(pictures, (kernel / 13).expand(channels, 1, 3, 3), groups=channels)
    smooth = pictures.clone()
    smooth[..., 1:-1, 1:-1] = inner
    return _blend(smooth, pictures, factor)


def posterize(pictures: torch.Tensor, bits: int) -> torch.Tensor:
    """The upper ``bits`` of each level alone."""
    lost = 8 - bits
    return ((_levels(pictures) >> lost) << lost) / (_LEVELS - 1)


def solarize(pictures: torch.Tensor, threshold: float) -> torch.Tensor:
    """The negative of what is at least ``threshold``."""
    return torch.where(pictures >= threshold, 1 - pictures, pictures)


def autocontrast(pictures: torch.Tensor) -> torch.Tensor:
    """Each channel stretched to the full range; one of a single level stays."""
    low, high = pictures.amin(dim=(2, 3), keepdim=True), pictures.amax(dim=(2, 3), keepdim=True)
    flat = high <= low
    stretched = (pictures - low) / torch.where(flat, torch.ones_like(high), high - low)
    return torch.where(flat, pictures, stretched)


def equalize(pictures: torch.Tensor) -> torch.Tensor:
    """Each channel's levels spread so that all are about as frequent."""
    rows, channels = pictures.shape[:2]
    levels = _levels(pictures).reshape(rows * channels, -1)
    counts = levels.new_zeros(len(levels), _LEVELS).scatter_add_(1, levels, torch.ones_like(levels))
    last = levels.max(dim=1, keepdim=True).values
    step = (counts.sum(dim=1, keepdim=True) - counts.gather(1, last)) // (_LEVELS - 1)
    before = counts.cumsum(dim=1) - counts
    table = ((step // 2 + before) // step.clamp(min=1)).clamp(max=_LEVELS - 1)
    spread = torch.where(step == 0, levels, table.gather(1, levels))
    return spread.reshape(pictures.shape) / (_LEVELS - 1)


def _blend(other: torch.Tensor, pictures: torch.Tensor, factor: torch.Tensor) -> torch.Tensor:
    weight = factor.to(pictures)[:, None, None, None]
    return (other + (pictures - other) * weight).clamp(0, 1)


def _grey(pictures: torch.Tensor) -> torch.Tensor:
    if pictures.shape[1] == 1:
        return pictures
    weights = pictures.new_tensor(_LUMA)[None, :, None, None]
    return (pictures * weights).sum(dim=1, keepdim=True)


def _levels(pictures: torch.Tensor) -> torch.Tensor:
    return (pictures * (_LEVELS - 1)).round().long()
