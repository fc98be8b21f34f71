"""Pictures for a model: brought to its size once, normalised in every batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from trainer import hooks
from trainer.data import picture_sources, report, storage
from trainer.data.cleaning import clean_keys
from trainer.data.labels import find
from trainer.data.pictures import channels_of, opened, resized
from trainer.data.splitting import choose
from trainer.data.tables import Table
from trainer.errors import ConfigError
from trainer.tasks.common import check_classes

if TYPE_CHECKING:
    from PIL.Image import Image

    from trainer.config import TrainConfig
    from trainer.tasks.base import Prepared

Fit = Callable[["Image"], np.ndarray]
_CHUNK = 1024


@dataclass(frozen=True)
class Sight:
    """How a model wants its pictures.

    Attributes:
        facts: everything that decides the bytes; for the fingerprint.
        fit: from the first picture of the data to what makes bytes ``(channels, height, width)`` of each.
        numbers: ``mean`` and ``std`` by channel that the model was made with, on a scale where 255 is 1.
    """

    facts: Mapping[str, Any]
    fit: Callable[[Image], Fit]
    numbers: Mapping[str, Sequence[float]] | None


def sight(config: TrainConfig) -> Sight:
    """By the model's image processor, or for plain modules ``data.shape`` or the shape of the pictures themselves.

    Raises:
        ConfigError: the model or its processor is not there, or ``data.shape`` has other channels than the model.
    """
    shape = config.data.shape
    if hooks.is_hook(config.model):
        return Sight({"shape": shape}, lambda first: _plain_fit(first, shape), None)
    from trainer import image_processors, pretrained

    settings = pretrained.settings(config.model, config.model_args)
    channels = int(getattr(settings, "num_channels", 3))
    if channels not in (1, 3):
        raise ConfigError("model", f"{config.model} takes pictures of {channels} channels, not 1 or 3")
    if shape is not None and shape[0] != channels:
        raise ConfigError("data.shape", f"has {shape[0]} channels, {config.model} takes {channels}")
    processor = image_processors.load(config.model, asked_shape(config, channels))
    numbers = image_processors.numbers(processor, channels)
    fit = image_processors.fitter(processor, channels)
    facts = {"processor": image_processors.facts(processor), "channels": channels, "numbers": numbers}
    return Sight(facts, lambda _: fit, numbers)


def make(config: TrainConfig, sight: Sight) -> storage.Bundle:
    """Everything decoded, split and brought to one size.

    Raises:
        DataError: a picture, column or label that cannot be used, with file, column and row.
    """
    data = config.data
    names = picture_sources.columns(data)
    given = picture_sources.tables(data)
    keys = {split: picture_sources.keys(table, names["image"]) for split, table in given.items()}
    cleaned = clean_keys(data, given, keys)
    tables = cleaned.tables
    train = tables["train"]
    labels = find(train, names["label"], data.label_names)
    ids = {
        split: labels.encode(table.column(names["label"], "data.label"), table, names["label"])
        for split, table in tables.items()
    }
    chosen, done = choose(data, cleaned, ids["train"])
    check_classes(ids["train"][chosen["train"].rows], labels)
    first = int(chosen["train"].rows[0])
    fit = sight.fit(_picture(train, names["image"], first, lambda image: image))
    shape = _picture(train, names["image"], first, fit).shape
    arrays: dict[str, dict[str, np.ndarray | storage.Stream]] = {}
    for split, selection in chosen.items():
        table, rows = tables[selection.source], selection.rows

        def row(number: int, table: Table = table, rows: np.ndarray = rows) -> np.ndarray:
            pixels: np.ndarray = _picture(table, names["image"], int(rows[number]), fit, shape)
            return pixels

        stream = storage.Stream(row, len(rows), shape, "uint8")
        arrays[split] = {"images": stream, "labels": ids[selection.source][rows]}
    of_rows = {split: ids[one.source][one.rows] for split, one in chosen.items()}
    said = report.describe(cleaned, chosen, done, labels=of_rows, names=labels.names)
    meta = {"shape": shape, "numbers": sight.numbers, "columns": names, "missing": data.missing}
    return storage.Bundle(arrays, labels.names, {**meta, "label_kind": labels.kind}, report=said)


def numbers(config: TrainConfig, prepared: Prepared) -> Mapping[str, Sequence[float]]:
    """What is subtracted and divided by, per channel: ``data.scaling`` over the train rows, or else the model's own."""
    if config.data.scaling != "none":
        return _scaling(prepared.folder, config.data.scaling)
    own: Mapping[str, Sequence[float]] | None = prepared.meta["numbers"]
    channels = prepared.meta["shape"][0]
    return own or {"mean": [0.0] * channels, "std": [1.0] * channels}


def try_size(model: torch.nn.Module, shape: tuple[int, ...], name: str) -> None:
    """Try a pretrained model on one picture of zeros, where its configuration names another size: some do not mind.

    Raises:
        ConfigError: it takes no pictures of this shape.
    """
    size = getattr(model.config, "image_size", None)
    if size is None or tuple(shape[1:]) == (tuple(size) if isinstance(size, list | tuple) else (size, size)):
        return
    training = model.training
    with torch.no_grad(), torch.random.fork_rng(devices=[]):
        try:
            model.eval()(torch.zeros(1, *shape))
        except Exception as error:
            mend = f"give data.shape: [{shape[0]}, height, width] of its size, or model_args.image_size"
            first = str(error).splitlines()[0]
            raise ConfigError("model", f"{name} takes no pictures of {shape[1]}x{shape[2]}: {first}", mend) from error
    model.train(training)


def as_floats(pixels: np.ndarray) -> torch.Tensor:
    """Bytes as float32 from 0 to 1."""
    return torch.from_numpy(pixels).float().div_(255)


def normalised(floats: torch.Tensor, numbers: Mapping[str, Sequence[float]]) -> torch.Tensor:
    """``(rows, channels, height, width)`` from 0 to 1, less ``mean``, by ``std``."""
    mean, std = (torch.tensor(numbers[name])[:, None, None] for name in ("mean", "std"))
    return (floats - mean) / std


def asked_shape(config: TrainConfig, channels: int) -> tuple[int, ...] | None:
    """The shape that the settings ask for instead of the processor's."""
    side = config.model_args.get("image_size")
    if config.data.shape is None and isinstance(side, int):
        return (channels, side, side)
    return config.data.shape


def _plain_fit(first: Image, shape: tuple[int, ...] | None) -> Fit:
    if shape is not None:
        return lambda image: resized(image, shape)
    channels, size = channels_of(first), first.size

    def fit(image: Image) -> np.ndarray:
        if image.size != size or channels_of(image) > channels:
            sizes = " and ".join(f"{one.width}x{one.height} of mode {one.mode}" for one in (first, image))
            raise ValueError(f"pictures are of different kinds, {sizes}: give data.shape: [channels, height, width]")
        return resized(image, (channels, size[1], size[0]))

    return fit


def _picture(
    table: Table, column: str, row: int, fit: Callable[[Image], Any], shape: tuple[int, ...] | None = None
) -> Any:
    value = table.column(column, "data.image")[row]
    try:
        made = fit(opened(value, picture_sources.base_of(table)))
        if shape is not None and made.shape != shape:
            message = f"becomes {made.shape}, the first one became {shape}: give data.shape"
            raise ValueError(message)
    except ValueError as error:
        named = f"{value}: " if isinstance(value, str) and value not in str(error) else ""
        raise table.bad(row, column, f"{named}{error}") from None
    return made


@lru_cache(maxsize=8)
def _scaling(folder: Path, kind: str) -> Mapping[str, Sequence[float]]:
    """Over all pixels of the train rows, by channel, on a scale where 255 is 1."""
    images = np.load(folder / "train.images.npy", mmap_mode="r")
    counts = np.zeros((images.shape[1], 256), dtype=np.int64)
    for start in range(0, len(images), _CHUNK):
        chunk = np.asarray(images[start : start + _CHUNK])
        for channel in range(images.shape[1]):
            counts[channel] += np.bincount(chunk[:, channel].ravel(), minlength=256)
    levels = np.arange(256) / 255
    if kind == "standard":
        mean = (counts * levels).sum(axis=1) / counts.sum(axis=1)
        spread = np.sqrt((counts * (levels - mean[:, None]) ** 2).sum(axis=1) / counts.sum(axis=1))
    else:
        low = levels[(counts > 0).argmax(axis=1)]
        mean, spread = low, levels[255 - (counts[:, ::-1] > 0).argmax(axis=1)] - low
    # A constant channel stays at zero.
    return {"mean": mean.tolist(), "std": np.where(spread > 0, spread, 1.0).tolist()}
