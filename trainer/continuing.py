"""A training that begins from the weights of an exported model: which exports fit, and how they are laid in.

A Hugging Face model is continued by naming its folder as ``model``, and its head's rows follow the names of the classes
(:mod:`trainer.pretrained`). A plain module is built by its function and gets the weights of the export that ``weights``
names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trainer import hooks
from trainer.config import USUAL_MODELS
from trainer.errors import ConfigError
from trainer.tasks import exported, plain_module

if TYPE_CHECKING:
    import torch

    from trainer.class_rows import ClassRows
    from trainer.config import TrainConfig
    from trainer.shapes import Shapes
    from trainer.tasks.base import Prepared, Task

WEIGHTS = "model.safetensors"


def check(config: TrainConfig) -> None:
    """Refuse a folder that holds no plain module of this task. Cheap; imports no torch.

    Raises:
        ConfigError: of ``weights``.
    """
    if config.weights is None:
        return
    folder = Path(config.weights)
    facts = _facts(folder)
    if facts["task"] != config.task:
        message = f"{folder} was exported from {facts['task']}, and the task is {config.task}"
        raise ConfigError("weights", message, "continue it with data of its own task")
    if config.model not in USUAL_MODELS.values() and not hooks.is_hook(config.model):
        raise ConfigError("weights", f"are for modules, and {config.model} is a model folder", "write model: FOLDER")
    if not (folder / plain_module.FILE).is_file() or not (folder / WEIGHTS).is_file():
        message = f"{folder} holds no plain module: {plain_module.FILE} and {WEIGHTS}"
        raise ConfigError("weights", message, "of a Hugging Face model write model: FOLDER")


def is_export(folder: str) -> bool:
    """Whether a model is one that was exported from here."""
    return (Path(folder) / exported.FILE).is_file()


def label_names(folder: str) -> tuple[str, ...]:
    """The classes of the export in ``folder``, in the order of its outputs; empty where it is none, or has none."""
    try:
        facts = exported.read(Path(folder))
    except ConfigError:
        return ()
    names = facts.get("label_names")
    return tuple(names) if isinstance(names, list) and all(isinstance(name, str) for name in names) else ()


def remarks(config: TrainConfig, prepared: Prepared) -> list[str]:
    """A line where the classes of the data are not those of the export that a training begins from."""
    if config.init != "pretrained" or not prepared.label_names:
        return []
    from trainer.class_rows import changes

    before = label_names(config.weights or config.model)
    found = changes(before, prepared.label_names) if before else ""
    return [f"beside the model that is continued, {found}: rows of new classes are drawn"] if found else []


def check_fit(config: TrainConfig, task: Task, prepared: Prepared) -> None:
    """Refuse weights that are not those of the module, or that were trained on rows of another kind.

    Raises:
        ConfigError: names the first thing that differs.
    """
    if config.weights is None:
        return
    from trainer.shapes import difference, shapes, tied

    _check_rows(config, prepared)
    model = _fresh(config, task, prepared)
    _, stored, kept = _read(config, task, prepared, model)
    if found := difference(shapes(model), stored, set(kept.places) if kept else set(), tied(model)):
        mend = f"{exported_function(Path(config.weights))} built it: model.json there says with which arguments"
        raise ConfigError("weights", f"{config.weights} does not fit {config.model}: {found}", mend)


def shapes_of(config: TrainConfig, task: Task, prepared: Prepared) -> Shapes:
    """Of the tensors of a fresh model, by name.

    Raises:
        ConfigError: none can be built.
    """
    from trainer.shapes import shapes

    return shapes(_fresh(config, task, prepared))


def begin(model: torch.nn.Module, config: TrainConfig, task: Task, prepared: Prepared) -> None:
    """Lay the weights of the export over a fresh module, in place; draws nothing from the generators of others.

    Raises:
        ConfigError: they do not fit, or cannot be read.
    """
    if config.weights is None:
        return
    from trainer.shapes import difference, shapes, tied

    weights, stored, kept = _read(config, task, prepared, model)
    places = set(kept.places) if kept else set()
    if found := difference(shapes(model), stored, places, tied(model)):
        raise ConfigError("weights", f"{config.weights} does not fit {config.model}: {found}")
    tensors = model.state_dict()
    model.load_state_dict({name: one for name, one in weights.items() if name not in places}, strict=False)
    if kept:
        kept.lay_into(tensors)


def exported_function(folder: Path) -> str:
    """``module:function`` that built the plain module of an export.

    Raises:
        ConfigError: of ``weights``; it cannot be read.
    """
    return str(_json(folder / plain_module.FILE).get("function", ""))


def taken_over(config: TrainConfig) -> Mapping[str, Any] | None:
    """What an export's model knows of the rows of its table, for a training that begins from it.

    Raises:
        ConfigError: of ``weights``; it cannot be read.
    """
    return None if config.weights is None else _json(Path(config.weights) / plain_module.FILE)


def _facts(folder: Path) -> dict[str, Any]:
    try:
        facts = exported.read(folder)
    except ConfigError as error:
        raise ConfigError("weights", error.message, "name the folder of an exported model") from None
    return {"task": None, **facts}


def _json(file: Path) -> dict[str, Any]:
    try:
        return exported.read_json(file)
    except ConfigError as error:
        raise ConfigError("weights", error.message) from None


def _check_rows(config: TrainConfig, prepared: Prepared) -> None:
    """Of rows of numbers: the same features, and scaled where they were."""
    build = _json(Path(str(config.weights)) / plain_module.FILE)
    before, now = build.get("features"), prepared.meta.get("features")
    if before and now and list(before) != list(now):
        place = next((at for at, (one, two) in enumerate(zip(before, now, strict=False)) if one != two), None)
        at = min(len(before), len(now)) if place is None else place
        there, here = (names[at] if at < len(names) else "nothing" for names in (before, now))
        message = f"feature {at + 1} is {here!r}, and {there!r} in {config.weights}"
        raise ConfigError("data.features", message, "list the same columns in the same order")
    if "scaling" in build and config.task == "classification":
        scaled = build["scaling"] is not None
        if scaled != (config.data.scaling != "none"):
            were = "were scaled" if scaled else "were not scaled"
            message = f"{config.data.scaling!r}, and the rows that {config.weights} was trained on {were}"
            raise ConfigError("data.scaling", message, "write standard or minmax, as there" if scaled else "write none")


def _read(
    config: TrainConfig, task: Task, prepared: Prepared, model: torch.nn.Module
) -> tuple[dict[str, torch.Tensor], Shapes, ClassRows | None]:
    """The tensors of the export, their shapes, and its rows of classes where these are others now."""
    from safetensors.torch import load_file

    from trainer.class_rows import ONE_MORE, ClassRows, dimensions
    from trainer.shapes import shapes

    folder = Path(str(config.weights))
    try:
        weights = load_file(folder / WEIGHTS)
    except Exception as error:
        raise ConfigError("weights", f"{folder / WEIGHTS} cannot be read: {error}", "export the model again") from error
    stored = {name: tuple(tensor.shape) for name, tensor in weights.items()}
    before = label_names(str(folder))
    if not before or not prepared.label_names or before == prepared.label_names:
        return weights, stored, None

    larger = replace(prepared, label_names=(*prepared.label_names, ONE_MORE))
    dims = dimensions(shapes(model), shapes(_fresh(config, task, larger)))
    kept = ClassRows.of(weights, _of_as_many(dims, stored, shapes(model), len(before)), before, prepared.label_names)
    return weights, stored, kept


def _of_as_many(dims: Mapping[str, int], stored: Shapes, fresh: Shapes, classes: int) -> dict[str, int]:
    """Those that have the export's number of classes there, and else the shape that they have now."""

    def alike(name: str, dim: int) -> bool:
        one, two = stored[name], fresh[name]
        return (
            len(one) == len(two)
            and one[dim] == classes
            and all(a == b for at, (a, b) in enumerate(zip(one, two, strict=True)) if at != dim)
        )

    return {name: dim for name, dim in dims.items() if name in stored and alike(name, dim)}


def _fresh(config: TrainConfig, task: Task, prepared: Prepared) -> torch.nn.Module:
    """A module for its shapes; the generators are as they were."""
    import torch

    from trainer import rng

    cpu = torch.device("cpu")
    before = rng.capture(cpu)
    try:
        return task.build_model(config, prepared)
    finally:
        rng.restore(before, cpu)
