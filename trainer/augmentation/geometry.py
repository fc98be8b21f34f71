"""Changes of place. Pictures are ``(rows, channels, height, width)``, float32; what comes from outside is black."""

from __future__ import annotations

import torch
from torch.nn import functional


def flipped(pictures: torch.Tensor, which: torch.Tensor) -> torch.Tensor:
    """Left and right exchanged where ``which`` ``(rows,)`` is true."""
    return torch.where(which[:, None, None, None], pictures.flip(-1), pictures)


def shifted(pictures: torch.Tensor, down: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """By whole pixels, each ``(rows,)``, negative ones up and left: padding and cropping (He et al. 2016, 4.2)."""
    height, width = pictures.shape[-2:]
    most_y, most_x = int(down.abs().max()), int(right.abs().max())
    padded = functional.pad(pictures, (most_x, most_x, most_y, most_y))
    y = torch.arange(height) + (most_y - down)[:, None]
    x = torch.arange(width) + (most_x - right)[:, None]
    row = torch.arange(len(pictures))[:, None, None]
    return padded[row, :, y[:, :, None], x[:, None, :]].permute(0, 3, 1, 2).contiguous()


def warped(pictures: torch.Tensor, matrices: torch.Tensor) -> torch.Tensor:
    """Each pixel taken from elsewhere, bilinear.

    Args:
        pictures: as the module says.
        matrices: ``(rows, 2, 3)``; from a place ``(x, y, 1)`` in pixels from the middle to the place it is taken from.
    """
    height, width = pictures.shape[-2:]
    y, x = torch.meshgrid(torch.arange(height) + 0.5 - height / 2, torch.arange(width) + 0.5 - width / 2, indexing="ij")
    places = torch.stack([x, y, torch.ones_like(x)], dim=-1)
    taken = torch.einsum("rij,hwj->rhwi", matrices.to(pictures), places)
    grid = taken / torch.tensor([width / 2, height / 2])
    return functional.grid_sample(pictures, grid, mode="bilinear", padding_mode="zeros", align_corners=False)


def rotations(degrees: torch.Tensor) -> torch.Tensor:
    """Matrices ``(rows, 2, 3)`` about the middle; positive is against the clock, as in Pillow."""
    angle = torch.deg2rad(degrees)
    cos, sin, zero = angle.cos(), angle.sin(), torch.zeros_like(angle)
    return torch.stack([torch.stack([cos, -sin, zero], -1), torch.stack([sin, cos, zero], -1)], dim=1)


def windows(share: torch.Tensor, place: torch.Tensor, height: int, width: int) -> torch.Tensor:
    """Matrices ``(rows, 2, 3)`` that enlarge a window to the whole picture.

    Args:
        share: of the width and of the height, ``(rows, 2)``.
        place: 0 for left and top to 1 for right and bottom, ``(rows, 2)``.
        height: of the pictures.
        width: of the pictures.
    """
    offset = (place - 0.5) * (1 - share) * torch.tensor([width, height], dtype=share.dtype)
    return torch.cat([torch.diag_embed(share), offset[:, :, None]], dim=2)
