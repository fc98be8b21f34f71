"""Pictures of digits beside the commonest class: a plain net, and small random models of Hugging Face's classes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from scripts.benchmarks.tasks.problem import Places, Problem
from scripts.benchmarks.tasks.text_classification import commonest


def mnist_cnn(places: Places) -> Problem:
    """Two convolutions of a plain module."""
    return _digits(places, "a plain net of two convolutions", f"{__name__}:convolutions", epochs=6, learning_rate=3e-3)


def mnist_vit(places: Places) -> Problem:
    """A vision transformer."""
    from transformers import ViTConfig, ViTForImageClassification

    sizes = {"hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 128}
    config = ViTConfig(**sizes, image_size=28, patch_size=7, num_channels=1)
    folder = _random(places, "vit", ViTForImageClassification, config)
    return _digits(places, "a random ViT of 2 layers of 64", folder, epochs=12, learning_rate=2e-3, warmup=0.1)


def mnist_resnet(places: Places) -> Problem:
    """A residual net."""
    from transformers import ResNetConfig, ResNetForImageClassification

    config = ResNetConfig(num_channels=1, embedding_size=16, hidden_sizes=[16, 32], depths=[1, 1], layer_type="basic")
    folder = _random(places, "resnet", ResNetForImageClassification, config)
    return _digits(places, "a random ResNet of two stages", folder, epochs=8, learning_rate=1e-2, scaling="standard")


def convolutions(inputs: tuple[int, int, int], classes: int, width: int = 16, dropout: float = 0.2) -> Any:
    """A small net for digits."""
    from torch import nn

    channels, height, side = inputs
    return nn.Sequential(
        nn.Conv2d(channels, width, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(width, 2 * width, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Dropout(dropout),
        nn.Linear(2 * width * (height // 4) * (side // 4), classes),
    )


def _digits(places: Places, model: str, path: str, *, scaling: str = "none", **settings: Any) -> Problem:
    folder = places.set("mnist_10k")
    return Problem(
        title=f"{model} on mnist_10k, scored on test rows",
        settings={
            "task": "image-classification",
            "model": path,
            "data": {
                "train": str(folder / "train.parquet"),
                "validation": str(folder / "test.parquet"),
                "scaling": scaling,
                "limit": 2000,
            },
            "report_every": {"fraction": 1.0},
            "batch_size": 32,
            "augment": {"crop": 0.07, "rotate": 10},
            **settings,
        },
        metric="accuracy",
        baseline="the commonest class of the train rows",
        baseline_value=commonest,
    )


def _random(places: Places, name: str, model_class: Any, config: Any) -> str:
    """A model folder with weights drawn from seed 0, and its image processor."""
    import torch
    from transformers import ViTImageProcessorPil

    folder: Path = places.scratch / "models" / name
    torch.manual_seed(0)
    model_class(config).save_pretrained(folder)
    ViTImageProcessorPil(size={"height": 28, "width": 28}).save_pretrained(folder)
    return str(folder)
