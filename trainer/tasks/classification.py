"""Rows of numbers into classes, by a plain ``torch.nn.Module``."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from trainer import continuing
from trainer.data import features, report, sources, storage
from trainer.data.cleaning import clean_keys
from trainer.data.features import Source
from trainer.data.labels import Labels, find
from trainer.data.splitting import choose
from trainer.data.tables import Table, present
from trainer.errors import ConfigError, DataError
from trainer.metrics import CLASSIFICATION_GOALS
from trainer.tasks import class_weights, plain_module
from trainer.tasks.base import Batch, Predictor, Prepared, Split
from trainer.tasks.common import OneLabel, check_classes, check_metric, check_two, refuse, refuse_text_steps

if TYPE_CHECKING:
    import numpy as np
    import torch

    from trainer.config import Goal, TrainConfig
    from trainer.sections import DataConfig

_UNUSED = {
    "max_length": None,
    "data.text": None,
    "data.text_pair": None,
    "data.label_separator": None,
}


class Classification(OneLabel):
    """``config.model`` is ``module:function``, called with ``inputs``, ``classes`` and ``model_args``."""

    name: ClassVar[str] = "classification"
    goals: ClassVar[Mapping[str, Goal]] = CLASSIFICATION_GOALS

    def check(self, config: TrainConfig) -> None:
        """Refuse settings that cannot be used; the user's function is read, and imported only if it must be."""
        check_metric(config, self)
        refuse(config, self, _UNUSED)
        sources.check(config.data)
        _check_rows(config.data)
        _check_arguments(config)
        continuing.check(config)

    def prepare(self, config: TrainConfig, cache: Path) -> Prepared:
        """Arrays ``features`` (rows, ...) float32, scaled, and ``labels`` (rows,) int64."""
        _check_arguments(config)
        name = storage.fingerprint({"task": self.name, **sources.facts(config.data)})
        prepared = storage.open_or_make(cache, name, lambda: _make(config.data))
        class_weights.check(config, prepared)
        check_two(config, prepared)
        return prepared

    def build_model(self, config: TrainConfig, prepared: Prepared) -> torch.nn.Module:
        """What the function returns, tried on two rows of zeros; see ``trainer.model.build``."""
        from trainer import model as models

        given = models.arguments(config, tuple(prepared.meta["shape"]), len(prepared.label_names))
        model = models.build(config.model, given)
        plain_module.set_dropout(model, config, given)
        return model

    def collate(self, split: Split, rows: np.ndarray, config: TrainConfig, prepared: Prepared) -> Batch:  # noqa: ARG002
        """``features`` (rows, ...) and ``labels`` (rows,)."""
        import torch

        arrays = split.arrays
        return {
            "features": torch.from_numpy(arrays["features"][rows]),
            "labels": torch.from_numpy(arrays["labels"][rows]),
        }

    def logits(self, model: torch.nn.Module, batch: Batch) -> torch.Tensor:
        """The module's output."""
        scores: torch.Tensor = model(batch["features"])
        return scores

    def export(self, model: torch.nn.Module, config: TrainConfig, prepared: Prepared, out: Path) -> None:
        """``model.safetensors``, ``model.json`` (how to build it and what to feed it) and ``sweepwright.json``."""
        from trainer import model as models
        from trainer.tasks import exported

        meta = prepared.meta
        given = models.arguments(config, tuple(meta["shape"]), len(prepared.label_names))
        feed = {"features": meta["features"], "shape": meta["shape"], "scaling": meta["scaling"]}
        facts = {"task": self.name, **feed, "label_names": prepared.label_names}
        plain_module.export(model, config.model, given, out, **facts)
        exported.write_labelled(out, self, prepared, {"label": meta["label"]})

    def restore(self, folder: Path, facts: Mapping[str, Any], device: torch.device) -> Predictor:
        """The module, built by its function again; that is looked for here first, then where it was at the export."""
        import numpy as np
        import torch

        from trainer import model as models
        from trainer.tasks import exported
        from trainer.tasks.class_predictor import ClassPredictor, Feed

        build = exported.read_json(folder / plain_module.FILE)
        model = models.rebuild(build["function"], build["arguments"], build["folder"])
        plain_module.load_weights(model, folder, build["function"])
        names, shape = build["features"], tuple(build["shape"])

        def check(rows: Sequence[Any]) -> Sequence[Any]:
            return list(features.of_rows(rows, names, math.prod(shape)))

        def encode(rows: Sequence[Any]) -> Batch:
            scaled = features.scaled(np.stack(rows), build["scaling"])
            return {"features": torch.from_numpy(scaled.reshape(-1, *shape))}

        def read(table: Table, asked: Mapping[str, str]) -> Sequence[Any]:
            return list(features.finite(features.from_table(table, asked["label"], names or None)))

        feed = Feed(facts["columns"], check, encode, self.logits, read, missing=facts.get("missing", "error"))
        return ClassPredictor(model, feed, Labels(tuple(facts["label_names"]), facts["label_kind"]), device)


def _check_rows(data: DataConfig) -> None:
    refuse_text_steps(data, "numbers")
    if data.missing == "drop" and (data.sklearn or data.function):
        raise ConfigError("data.missing", "'drop' is for rows of files or a hub", "leave them out in the function")


def _check_arguments(config: TrainConfig) -> None:
    plain_module.check_arguments(config, mend="for a Hugging Face encoder the task is text-classification")


def _read(data: DataConfig) -> dict[str, Source]:
    if data.function:
        return features.from_function(data)
    if data.sklearn:
        return features.from_sklearn(data)
    label = data.label or "label"
    more = [data.group] if data.group else []
    tables = sources.tables(data, text=[label], only=[*data.features, label, *more] if data.features else None)
    if data.missing == "drop":
        needed = [*data.features, label] if data.features else list(tables["train"].columns)
        tables = {split: present(table, needed, blank=[label]) for split, table in tables.items()}
    train = features.from_table(tables["train"], label, data.features, group=data.group)
    others = {split: features.from_table(tables[split], label, train.names) for split in tables if split != "train"}
    return {"train": train, **others}


def _make(data: DataConfig) -> storage.Bundle:
    given = _read(data)
    train = given["train"]
    shape = features.shape_of(data, train.features)
    numbers = {}
    for split, source in given.items():
        if source.features.shape[1:] != train.features.shape[1:]:
            shapes = f"{source.features.shape[1:]} where train has {train.features.shape[1:]}"
            raise DataError(source.table.key, f"{source.table.source}: rows of shape {shapes}")
        numbers[split] = features.finite(source)
    keys = {split: [row.tobytes() for row in found] for split, found in numbers.items()}
    cleaned = clean_keys(data, {split: source.table for split, source in given.items()}, keys)
    tables = cleaned.tables
    labels = find(tables["train"], train.label, data.label_names)
    ids = {
        split: labels.encode(table.column(given[split].label, "data.label"), table, given[split].label)
        for split, table in tables.items()
    }
    selected, done = choose(data, cleaned, ids["train"])
    check_classes(ids["train"][selected["train"].rows], labels)
    rows = {split: numbers[one.source][cleaned.rows[one.source]][one.rows] for split, one in selected.items()}
    scaling = features.scaling(data.scaling, rows["train"])
    arrays = {
        split: {
            "features": features.scaled(rows[split], scaling).reshape(-1, *shape),
            "labels": ids[chosen.source][chosen.rows],
        }
        for split, chosen in selected.items()
    }
    said = report.describe(
        cleaned, selected, done, labels={split: one["labels"] for split, one in arrays.items()}, names=labels.names
    )
    meta = {
        "features": train.names,
        "shape": shape,
        "scaling": scaling,
        "label": train.label,
        "label_kind": labels.kind,
        "missing": data.missing,
    }
    return storage.Bundle(arrays, labels.names, meta, report=said)
