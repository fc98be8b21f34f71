"""Steps of augmentation: what each does, held to Pillow where Pillow does it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image, ImageEnhance, ImageOps

from trainer.augmentation import colour, geometry
from trainer.augmentation.pictures import augmented
from trainer.augmentation.randaugment import STEPS, apply, randaugmented
from trainer.draws import Draws
from trainer.sections import AugmentConfig

LEVEL = 1 / 255


def picture(channels: int = 3, height: int = 17, width: int = 24) -> np.ndarray:
    """Not noise alone: a slope and a dark corner, so that histograms have a shape."""
    draw = np.random.default_rng(0)
    slope = np.linspace(30, 200, width)[None, :, None] + draw.normal(0, 20, (height, width, channels))
    slope[:5, :5] /= 4
    return slope.clip(0, 255).astype(np.uint8)


def as_tensor(pixels: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(pixels.transpose(2, 0, 1).copy()).float()[None] / 255


def as_pixels(image: Image.Image) -> torch.Tensor:
    return as_tensor(np.asarray(image) if image.mode == "RGB" else np.asarray(image)[:, :, None])


def image_of(channels: int) -> Image.Image:
    pixels = picture(channels)
    return Image.fromarray(pixels if channels == 3 else pixels[:, :, 0])


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("factor", [0.1, 0.7, 1.0, 1.9])
@pytest.mark.parametrize(
    ("change", "reference", "close"),
    [
        (colour.brightness, ImageEnhance.Brightness, 1.01),
        (colour.contrast, ImageEnhance.Contrast, 1.6),  # Pillow rounds the mean to a level
        (colour.saturation, ImageEnhance.Color, 1.6),  # and the grey
        (colour.sharpness, ImageEnhance.Sharpness, 1.6),  # and the smoothed picture
    ],
)
def test_factors_are_those_of_pillow(change: Any, reference: Any, close: float, factor: float, channels: int) -> None:
    image = image_of(channels)
    expected = as_pixels(reference(image).enhance(factor))
    found = change(as_pixels(image), torch.tensor([factor]))
    assert (found - expected).abs().max() < close * LEVEL * max(1, abs(1 - factor))


@pytest.mark.parametrize("channels", [1, 3])
def test_changes_of_levels_are_those_of_pillow(channels: int) -> None:
    image = image_of(channels)
    pairs = [
        (colour.posterize(as_pixels(image), 3), ImageOps.posterize(image, 3), 0.01),
        (colour.solarize(as_pixels(image), 128 / 255), ImageOps.solarize(image, 128), 0.01),
        (colour.autocontrast(as_pixels(image)), ImageOps.autocontrast(image), 1.01),
        (colour.equalize(as_pixels(image)), ImageOps.equalize(image), 0.01),
    ]
    for found, expected, levels in pairs:
        assert (found - as_pixels(expected)).abs().max() < levels * LEVEL


def test_a_flat_picture_stays() -> None:
    flat = torch.full((2, 3, 5, 5), 77 / 255)
    for change in (colour.autocontrast, colour.equalize):
        torch.testing.assert_close(change(flat), flat)


@pytest.mark.parametrize("degrees", [-30.0, 15.0, 90.0])
def test_rotation_is_that_of_pillow(degrees: float) -> None:
    image = image_of(3)
    expected = as_pixels(image.rotate(degrees, Image.Resampling.BILINEAR))
    found = geometry.warped(as_pixels(image), geometry.rotations(torch.tensor([degrees])))
    inside = (slice(None), slice(None), slice(4, -4), slice(8, -8))
    assert (found - expected)[inside].abs().max() < 2 * LEVEL


@pytest.mark.parametrize(("name", "sign"), [("shear_x", 1), ("shear_y", -1), ("translate_x", 1), ("translate_y", -1)])
def test_affine_steps_are_those_of_pillow(name: str, sign: int) -> None:
    image = image_of(3)
    slope, shift = sign * 0.3 * 0.5, sign * 150 / 331 * 0.5
    coefficients = {
        "shear_x": (1, slope, 0, 0, 1, 0),
        "shear_y": (1, 0, 0, slope, 1, 0),
        "translate_x": (1, 0, shift * image.width, 0, 1, 0),
        "translate_y": (1, 0, 0, 0, 1, shift * image.height),
    }[name]
    affine = image.transform(image.size, Image.Transform.AFFINE, coefficients, Image.Resampling.BILINEAR)
    found = apply(name, as_pixels(image), 15, torch.tensor([float(sign)]))
    inner = (found - as_pixels(affine)).abs()
    # At the border Pillow leaves out what is half outside.
    assert inner.flatten().kthvalue(int(0.85 * inner.numel())).values < 2 * LEVEL


def test_shifts_are_by_whole_pixels_and_black_comes_in() -> None:
    pictures = torch.arange(1.0, 13.0).reshape(1, 1, 3, 4).repeat(2, 1, 1, 1)
    found = geometry.shifted(pictures, torch.tensor([1, -1]), torch.tensor([2, 0]))
    assert found[0, 0].tolist() == [[0, 0, 0, 0], [0, 0, 1, 2], [0, 0, 5, 6]]
    assert found[1, 0].tolist() == [[5, 6, 7, 8], [9, 10, 11, 12], [0, 0, 0, 0]]


def draws(rows: int = 400, step: int = 0) -> Draws:
    return Draws(3, step, np.arange(rows))


def run(pictures: torch.Tensor, at: Draws | None = None, **steps: Any) -> torch.Tensor:
    return augmented(pictures, AugmentConfig(**steps), at or draws(len(pictures)), hole=[0.5])


def test_flip_flips_that_share() -> None:
    pictures = torch.rand(400, 1, 4, 4)
    found = run(pictures, flip=0.3)
    flipped = (found != pictures).flatten(1).any(dim=1)
    assert 90 < int(flipped.sum()) < 150
    torch.testing.assert_close(found[flipped], pictures[flipped].flip(-1))


def test_crop_reaches_every_place_and_no_further() -> None:
    pictures = torch.zeros(400, 1, 10, 10)
    pictures[:, :, 5, 5] = 1
    at = run(pictures, crop=0.2).flatten(1).argmax(dim=1)
    assert set(at.tolist()) == {10 * y + x for y in range(3, 8) for x in range(3, 8)}


def test_zoom_keeps_the_share_of_the_area() -> None:
    """A slope's steepness tells how much of the picture is left."""
    slope = torch.linspace(0, 1, 64)[None, None, :, None] * torch.ones(400, 1, 64, 64)
    found = run(slope, zoom=0.5)
    share = (found[:, 0, 40, 32] - found[:, 0, 20, 32]) / (slope[:, 0, 40, 32] - slope[:, 0, 20, 32])
    assert share.min() > (0.5 * 3 / 4) ** 0.5 - 0.01
    assert share.max() < 1.01
    assert share.std() > 0.05
    assert found.min() >= 0


def test_erase_leaves_a_hole_in_that_share() -> None:
    pictures = torch.zeros(400, 1, 20, 20)
    found = run(pictures, erase=0.5)
    area = (found == 0.5).flatten(1).float().mean(dim=1)
    assert 160 < int((area > 0).sum()) < 240
    assert area.max() < 0.36
    assert set(found.unique().tolist()) == {0.0, 0.5}


def test_color_jitter_keeps_within_its_strength() -> None:
    pictures = torch.full((400, 1, 2, 2), 0.5)
    found = run(pictures, color_jitter=0.2)[:, 0, 0, 0]
    assert 0.39 < found.min() < 0.42
    assert 0.58 < found.max() < 0.61


def test_randaugment_uses_every_step_and_stays_in_range() -> None:
    pictures = torch.rand(400, 3, 8, 8)
    found = randaugmented(pictures, 2, 30, draws())
    assert found.min() >= 0
    assert found.max() <= 1
    chosen = (draws().uniform("randaugment 0", 2)[:, 0] * len(STEPS)).astype(int)
    assert set(chosen) == set(range(14))
    identity = torch.from_numpy(chosen == STEPS.index("identity"))
    torch.testing.assert_close(randaugmented(pictures, 1, 30, draws())[identity], pictures[identity])


EVERYTHING = {
    "flip": 0.5, "crop": 0.1, "zoom": 0.2, "rotate": 20, "color_jitter": 0.3, "randaugment": 2, "erase": 0.5,
}  # fmt: skip


@pytest.mark.parametrize("channels", [1, 3])
def test_rows_are_changed_alike_whichever_micro_batch_they_are_in(channels: int) -> None:
    pictures = torch.rand(12, channels, 9, 11, generator=torch.Generator().manual_seed(0))
    rows = np.array([5, 3, 99, 0, 7, 1, 2, 8, 4, 6, 11, 10])
    whole = run(pictures, Draws(0, 4, rows), **EVERYTHING)
    for size in (1, 5):
        parts = [
            run(pictures[at : at + size], Draws(0, 4, rows[at : at + size]), **EVERYTHING) for at in range(0, 12, size)
        ]
        torch.testing.assert_close(torch.cat(parts), whole, rtol=0, atol=1e-5)


def test_another_update_changes_them_otherwise() -> None:
    pictures = torch.rand(6, 1, 9, 9)
    first, again, later = (run(pictures, Draws(0, step, np.arange(6)), **EVERYTHING) for step in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.allclose(first, later)


def test_nothing_asked_changes_nothing() -> None:
    pictures = torch.rand(3, 3, 5, 5)
    assert run(pictures) is pictures
