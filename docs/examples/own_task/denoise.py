"""A task of one's own: give back a digit's picture from a noisy one."""

from __future__ import annotations

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import nn

NOISE = 0.5


def rows():
    """Noisy pictures and the clean ones, ``(rows, 64)`` each; of two splits, the third is made of the first."""
    clean = load_digits().data / 16
    noisy = clean + NOISE * np.random.default_rng(0).normal(size=clean.shape)
    return {"train": (noisy[:1400], clean[:1400]), "test": (noisy[1400:], clean[1400:])}


def autoencoder(inputs, code=16, dropout=0.0):
    """``inputs`` is the shape of a row; the others are ``model_args``."""
    return nn.Sequential(
        *(nn.Linear(*inputs, 128), nn.ReLU(), nn.Dropout(dropout), nn.Linear(128, code)),
        *(nn.ReLU(), nn.Linear(code, 128), nn.ReLU(), nn.Linear(128, *inputs)),
    )


def loss(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """One loss a row ``(rows,)``."""
    return (outputs - targets).square().mean(dim=1)


def metrics(outputs: np.ndarray, targets: np.ndarray) -> dict[str, float]:
    """Over the whole split: peak signal-to-noise ratio, in decibels."""
    return {"psnr": 10 * np.log10(1 / np.square(outputs.clip(0, 1) - targets).mean())}
