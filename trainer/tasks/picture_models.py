"""Exported models of pictures: their files, and pictures made their input again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from trainer import hooks
from trainer.data import picture_sources
from trainer.data.pictures import opened, resized
from trainer.data.tables import Table, shown
from trainer.errors import DataError
from trainer.hub_access import quiet
from trainer.tasks.pictures import Fit, as_floats, asked_shape, normalised, numbers

if TYPE_CHECKING:
    from trainer.config import TrainConfig
    from trainer.tasks.base import Prepared


def export(model: torch.nn.Module, config: TrainConfig, prepared: Prepared, out: Path) -> None:
    """All files but ``sweepwright.json``."""
    from trainer import model as models
    from trainer.tasks import plain_module

    shape, ours = tuple(prepared.meta["shape"]), numbers(config, prepared)
    if hooks.is_hook(config.model):
        given = models.arguments(config, shape, len(prepared.label_names))
        facts = {"shape": shape, "numbers": ours, "label_names": prepared.label_names}
        plain_module.export(model, config.model, given, out, **facts)
        return
    from trainer import image_processors

    processor = image_processors.load(config.model, asked_shape(config, shape[0]))
    if config.data.scaling != "none" or shape[0] == 1:
        image_processors.set_numbers(processor, ours)
    out.mkdir(parents=True, exist_ok=True)
    with quiet():
        model.save_pretrained(out)  # type: ignore[operator]
        processor.save_pretrained(out)


def restore(folder: Path) -> tuple[torch.nn.Module, Callable[[Sequence[Any]], torch.Tensor]]:
    """An exported model, and what makes its input of numbered rows (see ``given``).

    Raises:
        ConfigError: missing or damaged.
    """
    from trainer import model as models
    from trainer.tasks import exported, plain_module

    if (folder / plain_module.FILE).is_file():
        build = exported.read_json(folder / plain_module.FILE)
        model = models.rebuild(build["function"], build["arguments"], build["folder"])
        plain_module.load_weights(model, folder, build["function"])
        shape, ours = tuple(build["shape"]), build["numbers"]
        fit: Fit = lambda image: resized(image, shape)  # noqa: E731
    else:
        from trainer import image_processors, pretrained

        model = pretrained.load_exported(str(folder), "AutoModelForImageClassification")
        processor = image_processors.load(str(folder), None)
        channels = int(getattr(model.config, "num_channels", 3))
        fit, ours = image_processors.fitter(processor, channels), image_processors.numbers(processor, channels)

    def look(rows: Sequence[tuple[int, Any]]) -> torch.Tensor:
        made = []
        for number, value in rows:
            try:
                made.append(fit(opened(value)))
            except ValueError as error:
                raise DataError("rows", f"row {number}: {error}") from None
        return normalised(as_floats(np.stack(made)), ours)

    return model, look


def given(rows: Sequence[Any], column: str, is_picture: Callable[[object], bool]) -> list[tuple[int, Any]]:
    """Rows to predict, numbered from 1: pictures, or mappings with their column.

    Raises:
        DataError: a row that is something else.
    """
    found = []
    for number, row in enumerate(rows, start=1):
        value = row[column] if isinstance(row, Mapping) and column in row else row
        if not is_picture(value):
            what = f"row {number} is {shown(row)}, expected a path, a PIL image, an array, or a mapping with {column}"
            raise DataError("rows", what)
        found.append((number, value))
    return found


def read(table: Table, asked: Mapping[str, str]) -> list[Any]:
    """The pictures of a table to evaluate on, paths from where its file lies."""
    base = picture_sources.base_of(table)
    values = []
    for value in table.column(asked["image"], "image"):
        path = value.get("path") if isinstance(value, Mapping) and value.get("bytes") is None else value
        values.append(base / path if isinstance(path, str) else value)
    return values
