"""Rows of mixed columns for a model: learnt of and encoded once, scaled in every batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from trainer.data import report, sources, storage, targets
from trainer.data.cleaning import clean_keys
from trainer.data.labels import Labels, find
from trainer.data.mixed_columns import (
    FIRST,
    MISSING,
    Categories,
    Columns,
    Numbers,
    complete,
    encode,
    learn,
    row_keys,
)
from trainer.data.splitting import choose
from trainer.data.tables import Table
from trainer.errors import ConfigError, DataError, few, suggest
from trainer.tasks.common import check_classes

if TYPE_CHECKING:
    from trainer.config import TrainConfig
    from trainer.sections import DataConfig
    from trainer.tasks.base import Prepared

_RARE = 0.25


@dataclass(frozen=True)
class Learnt:
    """What a model that is continued was trained with: its columns, and what its numbers are scaled by.

    Its weights mean something for rows that are encoded alike; so a category that it does not know stays unknown.
    """

    columns: Columns
    target: Mapping[str, float] | None

    @classmethod
    def of(cls, build: Mapping[str, Any] | None) -> Learnt | None:
        """By what an export says of its model; ``None`` where none is continued.

        Raises:
            ConfigError: it says something else.
        """
        if build is None:
            return None
        try:
            return cls(columns_from(build["columns"]), build["target"])
        except (KeyError, TypeError) as error:
            message = f"its model.json says nothing of a table's columns: {type(error).__name__} {error}"
            raise ConfigError("weights", message, "export the model again") from None

    @property
    def facts(self) -> dict[str, Any]:
        """Everything that decides the arrays; for the fingerprint."""
        return asdict(self)

    def check(self, names: Sequence[str], *, number: bool) -> None:
        """Refuse other columns, and numbers where there were classes.

        Raises:
            ConfigError: names what differs.
        """
        known = self.columns.names
        if more := [name for name in names if name not in known]:
            message = f"the model that is continued has no column {more[0]!r}"
            raise ConfigError("data.features", message, f"list those it has: {few(known)}")
        if lost := [name for name in known if name not in names]:
            raise ConfigError("data.features", f"the model that is continued needs the column {lost[0]!r}")
        if number != (self.target is not None):
            before, now = ("numbers", "classes") if self.target is not None else ("classes", "numbers")
            raise ConfigError("data.target_kind", f"the model that is continued predicts {before}, and these are {now}")


def make(data: DataConfig, past: Learnt | None = None) -> storage.Bundle:
    """Everything read, split, learnt from the train rows and encoded; by what was ``past`` where a model is continued.

    Raises:
        ConfigError: other columns than the model's that is continued.
        DataError: a column, label or value that cannot be used, with file, column and row.
    """
    label = data.label or "label"
    forced = data.categories or ()
    more = [data.group] if data.group else []
    wanted = [*data.features, label, *more] if data.features else None
    given = sources.tables(data, text=[label, *forced, *more], only=wanted)
    names = _features(data, given["train"], label)
    if data.missing == "drop":
        given = {split: complete(table, [*names, label]) for split, table in given.items()}
    cleaned = clean_keys(data, given, {split: row_keys(table, names) for split, table in given.items()})
    tables = cleaned.tables
    train = tables["train"]
    number = targets.kind_of(data, train, label) == "number"
    labels = Labels((), "strings") if number else find(train, label, data.label_names)
    truths = {}
    for split, table in tables.items():
        values = table.column(label, "data.label")
        truths[split] = targets.numbers_of(values, table, label) if number else labels.encode(values, table, label)
    # Numbers have no classes to stratify by.
    chosen, done = choose(data, cleaned, None if number else truths["train"])
    kept = chosen["train"].rows
    if past is not None:
        past.check(names, number=number)
    target = targets.scale_of(truths["train"][kept], label) if number else None
    if not number:
        check_classes(truths["train"][kept], labels)
    learnt = learn(train, kept, names, forced) if past is None else past.columns
    if past is not None and number:
        target = dict(past.target or {})
    arrays = {}
    for split, selection in chosen.items():
        source = tables[selection.source]
        numbers, ids = encode(learnt, source, selection.rows, impute=data.missing == "impute")
        arrays[split] = {
            "numbers": numbers,
            "categories": ids.astype(np.int32),
            "labels": truths[selection.source][selection.rows],
        }
    arrays["train"]["unknown"] = _chances(learnt, arrays["train"]["categories"])
    scalings = {kind: _scaling(kind, learnt) for kind in ("none", "standard", "minmax")}
    meta = {"columns": asdict(learnt), "scalings": scalings, "target": target, "label": label}
    of_rows = None if number else {split: stored["labels"] for split, stored in arrays.items()}
    said = report.describe(cleaned, chosen, done, labels=of_rows, names=labels.names)
    return storage.Bundle(arrays, labels.names, {**meta, "label_kind": labels.kind}, report=said)


def columns_of(prepared: Prepared) -> Columns:
    """What was learnt of the train rows."""
    return columns_from(prepared.meta["columns"])


def scaling(config: TrainConfig, prepared: Prepared) -> Mapping[str, Sequence[float]]:
    """``offset`` and ``scale`` of each number: as ``data.scaling`` says; for the built-in model always standard."""
    from trainer.config import USUAL_MODELS

    kind = "standard" if config.model == USUAL_MODELS["tabular"] else config.data.scaling
    found: Mapping[str, Sequence[float]] = prepared.meta["scalings"][kind]
    return found


def _scaling(kind: str, columns: Columns) -> dict[str, list[float]]:
    offset, scale = [0.0] * columns.width, [1.0] * columns.width
    for at, column in enumerate(columns.numbers if kind != "none" else ()):
        offset[at], scale[at] = (
            (column.mean, column.std) if kind == "standard" else (column.low, (column.high - column.low) or 1.0)
        )
    return {"offset": offset, "scale": scale}


def scaled(numbers: np.ndarray, by: Mapping[str, Sequence[float]]) -> np.ndarray:
    """``(rows, ...)``, float32."""
    found: np.ndarray = ((numbers - np.asarray(by["offset"])) / np.asarray(by["scale"])).astype(np.float32)
    return found


def scaled_labels(labels: np.ndarray, prepared: Prepared) -> np.ndarray:
    """Class ids as they are; numbers with mean 0 and standard deviation 1 over the train rows, float32."""
    target = prepared.meta["target"]
    if target is None:
        return labels
    found: np.ndarray = ((labels - target["mean"]) / target["std"]).astype(np.float32)
    return found


def knots(columns: Columns) -> list[list[float]]:
    """Quantiles of each column of numbers on the scale of the built-in model's inputs."""
    return [[(knot - column.mean) / column.std for knot in column.knots] for column in columns.numbers]


def probe(given: Mapping[str, Any]) -> tuple[tuple[torch.Tensor, ...], tuple[int, int]]:
    """Two rows to try a module on, and the shape that is expected of it."""
    numbers, ids = torch.zeros(2, given["numbers"]), torch.zeros(2, len(given["categories"]), dtype=torch.int64)
    return (numbers, ids), (2, given["outputs"])


def _chances(columns: Columns, ids: np.ndarray) -> np.ndarray:
    """With which probability each id ``(rows, categories)`` of the train rows is taken for unknown, float32."""
    found = np.empty(ids.shape, dtype=np.float32)
    for at, column in enumerate(columns.categories):
        counts = np.zeros(column.size)
        counts[MISSING], counts[FIRST:] = column.missing, list(column.counts.values())
        found[:, at] = (_RARE / (_RARE + counts))[ids[:, at]]
    return found


def _features(data: DataConfig, train: Table, label: str) -> list[str]:
    names = (
        list(data.features) if data.features else [name for name in train.columns if name not in (label, data.group)]
    )
    if label in names or not names:
        what = f"the label {label!r} is one of them" if names else f"{train.source} has no columns but the label"
        raise DataError("data.features", what)
    for name in data.categories or ():
        if name not in names:
            raise ConfigError("data.categories", f"{name!r} is not one of the columns used", suggest(name, names))
    return names


def columns_from(facts: Mapping[str, Any]) -> Columns:
    """What was learnt, from JSON."""
    numbers = tuple(Numbers(**{**column, "knots": tuple(column["knots"])}) for column in facts["numbers"])
    return Columns(numbers, tuple(Categories(**column) for column in facts["categories"]))
