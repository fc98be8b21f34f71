"""Sections of a model card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sweeps.config import FunctionTrainer, SweepConfig
from sweeps.take_home import card_spans
from sweeps.take_home.own_files import OwnModel
from trainer.adapt import settings as adaptation
from trainer.config import TrainConfig
from trainer.optim.names import effective_settings
from trainer.sections import Steps

_NAMES = 20
_PLAIN_DATA = {"scaling": "none", "clean": [], "missing": "error"}
# Of the run, not of the model; the metric is in the card's first lines.
_LEFT_OUT = ("data", "metric", "goal", "task", "eval_batch_size")

_ROWS_OF = {
    "text-classification": "a text",
    "classification": "a row of numbers",
    "image-classification": "a picture",
    "tabular": "a row of numbers and categories",
}


@dataclass(frozen=True)
class Facts:
    """What only the prepared data tell; of a training function of one's own, what its files tell: ``own``.

    ``several``: a row has any number of classes. ``shape`` is that of one row of numbers; ``adapted`` says what of the
    model was trained, where not all of it.
    """

    label_names: tuple[str, ...] = ()
    rows: Mapping[str, int] = field(default_factory=dict)
    max_length: int | None = None
    shape: tuple[int, ...] = ()
    own: OwnModel = field(default_factory=OwnModel)
    several: bool = False
    adapted: str = ""


def purpose(settings: Mapping[str, Any], label_names: Sequence[str], *, several: bool = False) -> str:
    """What the model does, and with which labels."""
    if settings.get("task") in card_spans.USES:
        return card_spans.purpose(settings["task"], label_names, _NAMES)
    what = _ROWS_OF.get(str(settings.get("task")))
    if what is not None and not label_names and settings["task"] == "tabular":
        return "Predicts a number from a row. Meant for rows like those it was trained on (see Data)."
    if what is None or not label_names:
        return ""
    if settings["data"].get("text_pair"):
        what = "a pair of texts"
    shown = ", ".join(f"`{name}`" for name in label_names[:_NAMES])
    left = len(label_names) - _NAMES
    more = f" and {left} more" if left > 0 else ""
    one = "any number" if several else "one"
    return (
        f"Puts {what} into {one} of {len(label_names)} classes: {shown}{more}. Meant for rows like those it was "
        "trained on (see Data); what it does with others was not measured."
    )


def data_rows(config: SweepConfig, settings: Mapping[str, Any], rows: Mapping[str, int]) -> list[list[Any]]:
    """The data's settings that had a meaning, and how many rows each split had."""
    if isinstance(config.trainer, FunctionTrainer):
        return [["loaded by", config.trainer.function]]
    data = settings["data"]
    unused = {"label_names"} | {name for name, absent in _PLAIN_DATA.items() if data[name] == absent}
    unused |= {"validation_fraction"} if data["validation"] else set()
    unused |= set() if data["test_fraction"] else {"test_fraction"}
    if data["validation"] and not data["test_fraction"]:  # nothing is split off
        unused |= {"stratify"} if data["limit"] or data["limit_validation"] else {"stratify", "split_seed"}
    said = [[name, value] for name, value in data.items() if name not in unused and value is not None]
    return said + [[f"rows of {split}", count] for split, count in rows.items() if split != "test"]


def setting_rows(config: SweepConfig, settings: Mapping[str, Any], params: Mapping[str, Any]) -> list[list[Any]]:
    """Every setting that had a meaning; whether it was searched, which one that is inactive in ``params`` was not."""
    searched = {parameter.name for parameter in config.space.searched if parameter.name in params}
    own = isinstance(config.trainer, FunctionTrainer)
    idle = set() if own else {*_LEFT_OUT, *adaptation.idle(settings), *_idle_steps(settings["augment"])}
    if not own and settings["init"] == "pretrained":
        idle.add("init")
    if not own:
        settings = {**settings, **effective_settings(TrainConfig.build(settings))}
    flat: dict[str, Any] = {}
    for name, value in settings.items():
        if name in idle and name not in searched:
            continue
        if isinstance(value, Steps):
            flat[f"{name}.steps"] = value.steps
        elif isinstance(value, dict):
            inside = {f"{name}.{inner}": item for inner, item in value.items() if item is not None}
            flat |= {inner: item for inner, item in inside.items() if inner not in idle}
        elif value is not None:
            flat[name] = value
    flat |= {name: settings["data"][name[5:]] for name in searched if not own and name.startswith("data.")}
    return [[name, value, "yes" if name in searched else ""] for name, value in flat.items()]


def _idle_steps(steps: Mapping[str, Any]) -> list[str]:
    """Steps of augmentation that are left out."""
    without = {"magnitude"} if not steps["randaugment"] else set()
    return [f"augment.{name}" for name, strength in steps.items() if not strength or name in without]


def table(names: list[str], rows: list[list[Any]]) -> str:
    """A Markdown table."""
    lines = [names, ["---"] * len(names), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in row) + " |" for row in lines)


def _cell(value: Any) -> str:
    if isinstance(value, str) and Path(value).is_absolute():
        # Where a file lay here helps nobody elsewhere, and may tell more than its owner wants told.
        value = "/".join(Path(value).parts[-2:])
    if isinstance(value, list | tuple):
        value = ", ".join(str(item) for item in value)
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return text.replace("|", "\\|").replace("\n", " ")
