"""Rows of numbers and categories into classes, or to a number."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from trainer import continuing, hooks
from trainer.adapt import settings as adaptation
from trainer.config import USUAL_MODELS
from trainer.data import sources, storage
from trainer.data.mixed_columns import UNKNOWN
from trainer.draws import Draws
from trainer.errors import ConfigError, suggest
from trainer.metrics import CLASSIFICATION_GOALS
from trainer.optim.names import OF_PRETRAINED
from trainer.per_class import ClassScore
from trainer.regression import REGRESSION_GOALS, regression_metrics
from trainer.tasks import class_weights, plain_module
from trainer.tasks.base import Batch, Predictor, Prepared, Split
from trainer.tasks.common import OneLabel, check_metric, check_two, refuse, refuse_text_steps

if TYPE_CHECKING:
    import numpy as np
    import torch

    from trainer.config import Goal, TrainConfig

MLP = USUAL_MODELS["tabular"]
_BUILT_IN = "trainer.tabular_mlp:mlp"
_GIVEN = ("numbers", "categories", "outputs")
_UNUSED = {
    "max_length": None,
    "data.sklearn": None,
    "data.function": None,
    "data.shape": None,
    "data.text": None,
    "data.text_pair": None,
}

_OF_CLASSES = {"label_smoothing": 0.0, "class_weights": "none", "sampling": "shuffle"}


class Tabular(OneLabel):
    """``config.model`` is ``mlp``, see ``trainer.tabular_mlp``, or ``module:function``.

    A function is called with ``numbers`` (how many of a row, indicators of missing ones last), ``categories`` (how many
    ids each has; 0 is unknown, 1 missing), ``outputs`` and ``model_args``; its module with numbers ``(rows, numbers)``
    float32 and ids ``(rows, categories)`` int64.
    """

    name: ClassVar[str] = "tabular"
    goals: ClassVar[Mapping[str, Goal]] = {**CLASSIFICATION_GOALS, **REGRESSION_GOALS}

    def check(self, config: TrainConfig) -> None:
        """Refuse settings that cannot be used; whether a metric suits the labels is seen by ``prepare``."""
        check_metric(config, self)
        refuse(config, self, _UNUSED)
        refuse_text_steps(config.data, "no texts")
        sources.check(config.data)
        continuing.check(config)
        if config.model != MLP:
            mend = f"{MLP} is the one that is built in"
            plain_module.check_arguments(config, given=_GIVEN, mend=mend)
            return
        refuse(config, self, {"data.scaling": "none", **adaptation.OFF, **OF_PRETRAINED})
        if "knots" in config.model_args:
            raise ConfigError("model_args.knots", "comes from the data", "leave it out")
        plain_module.check_takes(config, hooks.parameters(_BUILT_IN), _GIVEN, MLP)

    def prepare(self, config: TrainConfig, cache: Path) -> Prepared:
        """Arrays ``numbers`` (rows, ...) float64, unscaled, ``categories`` (rows, ...) int32, ``labels`` (rows,)."""
        from trainer.tasks import tables

        facts = sources.facts(config.data)
        facts["data"] = {name: value for name, value in facts["data"].items() if name != "scaling"}
        past = tables.Learnt.of(continuing.taken_over(config))
        facts |= {} if past is None else {"learnt": past.facts}
        name = storage.fingerprint({"task": self.name, **facts})
        prepared = storage.open_or_make(cache, name, lambda: tables.make(config.data, past))
        self._check_kind(config, prepared)
        return prepared

    def build_model(self, config: TrainConfig, prepared: Prepared) -> torch.nn.Module:
        """See ``trainer.model.build``; tried on two rows of zeros."""
        from trainer import model as models
        from trainer.tasks import tables

        given = _arguments(config, prepared)
        function = _BUILT_IN if config.model == MLP else config.model
        model = models.build(function, given, probe=tables.probe(given))
        if config.model != MLP:
            plain_module.set_dropout(model, config, given)
        return model

    def collate(self, split: Split, rows: np.ndarray, config: TrainConfig, prepared: Prepared) -> Batch:
        """``numbers`` (rows, ...) float32, scaled, ``categories`` (rows, ...), and ``labels`` (rows,)."""
        import torch

        from trainer.tasks import tables

        arrays = split.arrays
        scaled = tables.scaled(arrays["numbers"][rows], tables.scaling(config, prepared))
        ids = arrays["categories"][rows].astype("int64")
        labels = tables.scaled_labels(arrays["labels"][rows], prepared)
        return {
            "numbers": torch.from_numpy(scaled),
            "categories": torch.from_numpy(ids),
            "labels": torch.from_numpy(labels),
        }

    def training_batch(
        self, split: Split, rows: np.ndarray, config: TrainConfig, prepared: Prepared, step: int
    ) -> Batch:
        """As ``collate``, a category now and then replaced by the unknown one, so that it is trained too.

        The rarer the likelier: with probability ``0.25 / (0.25 + count)``, Kiperwasser and Goldberg 2016, section 5.
        """
        import torch

        batch = self.collate(split, rows, config, prepared)
        chances = split.arrays["unknown"][rows]
        drawn = Draws(config.seed, step, rows).uniform("unknown", chances.shape[1])
        return {**batch, "categories": batch["categories"].masked_fill(torch.from_numpy(drawn < chances), UNKNOWN)}

    def logits(self, model: torch.nn.Module, batch: Batch) -> torch.Tensor:
        """Scores before softmax ``(rows, classes)``, or the number ``(rows, 1)``."""
        scores: torch.Tensor = model(batch["numbers"], batch["categories"])
        return scores

    def loss(
        self, model: torch.nn.Module, batch: Batch, *, label_smoothing: float = 0.0
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Of numbers the summed squared error on the scale of training, and the outputs ``(rows,)``; else as ever."""
        if not batch["labels"].is_floating_point():
            return super().loss(model, batch, label_smoothing=label_smoothing)
        outputs = self.logits(model, batch).float().squeeze(-1)
        return (outputs - batch["labels"]).square().sum(), outputs

    def evaluate(
        self, outputs: np.ndarray, split: Split, loss: float, config: TrainConfig, prepared: Prepared
    ) -> dict[str, float]:
        """Of classes ``trainer.metrics``, of numbers ``trainer.regression``, in the units of the data."""
        target = prepared.meta["target"]
        if target is None:
            return super().evaluate(outputs, split, loss, config, prepared)
        predicted = outputs.astype("float64") * target["std"] + target["mean"]
        return regression_metrics(predicted, split.arrays["labels"], loss)

    def per_class(self, outputs: np.ndarray, split: Split, prepared: Prepared) -> Mapping[str, ClassScore]:
        """Of classes see ``trainer.per_class``; numbers have none."""
        return super().per_class(outputs, split, prepared) if prepared.meta["target"] is None else {}

    def export(self, model: torch.nn.Module, config: TrainConfig, prepared: Prepared, out: Path) -> None:
        """``model.safetensors``, ``model.json`` (how to build it and what to feed it) and ``sweepwright.json``."""
        from trainer.tasks import exported, tables

        function = _BUILT_IN if config.model == MLP else config.model
        facts = {name: prepared.meta[name] for name in ("columns", "target")}
        facts |= {"scaling": tables.scaling(config, prepared), "missing": config.data.missing}
        plain_module.export(model, function, _arguments(config, prepared), out, **facts)
        label = {"label": prepared.meta["label"]}
        if prepared.meta["target"] is None:
            exported.write_labelled(out, self, prepared, label)
        else:
            exported.write(out, self, label)

    def restore(self, folder: Path, facts: Mapping[str, Any], device: torch.device) -> Predictor:
        """The module, built again, and rows by what was learnt of the train rows."""
        from trainer.tasks import table_models

        return table_models.restore(folder, facts, self.logits, device)

    def _check_kind(self, config: TrainConfig, prepared: Prepared) -> None:
        number = prepared.meta["target"] is not None
        goals, what = (REGRESSION_GOALS, "numbers") if number else (CLASSIFICATION_GOALS, "classes")
        if config.metric not in goals:
            message = f"{config.metric!r} is no metric of {what}, which {prepared.meta['label']!r} holds"
            raise ConfigError("metric", message, suggest(config.metric, goals))
        if not number:
            class_weights.check(config, prepared)
            check_two(config, prepared)
            return
        for name, absent in _OF_CLASSES.items():
            if (value := getattr(config, name)) != absent:
                raise ConfigError(name, f"{value!r} means nothing to numbers", "leave it out")


def _arguments(config: TrainConfig, prepared: Prepared) -> dict[str, Any]:
    """The keyword arguments that the model is built with."""
    from trainer.tasks import tables

    columns = tables.columns_of(prepared)
    given: dict[str, Any] = {
        "numbers": columns.width,
        "categories": [category.size for category in columns.categories],
        "outputs": len(prepared.label_names) or 1,
    }
    takes = hooks.parameters(_BUILT_IN if config.model == MLP else config.model)
    if config.model == MLP:
        given["knots"] = tables.knots(columns)
    if config.dropout is not None and takes.accepts("dropout"):
        given["dropout"] = config.dropout
    return {**given, **config.model_args}
