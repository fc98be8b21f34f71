"""Pictures into classes, by any Hugging Face image classifier or by a plain ``torch.nn.Module``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from trainer import continuing, hooks
from trainer.augmentation import own
from trainer.data import picture_sources, storage
from trainer.data.labels import Labels
from trainer.draws import Draws
from trainer.errors import ConfigError
from trainer.metrics import CLASSIFICATION_GOALS
from trainer.tasks import class_weights, plain_module
from trainer.tasks.base import Batch, Predictor, Prepared, Split
from trainer.tasks.common import OneLabel, check_metric, check_two, refuse, refuse_text_steps

if TYPE_CHECKING:
    import numpy as np
    import torch

    from trainer.config import Goal, TrainConfig

AUTO = "AutoModelForImageClassification"
_UNUSED = {
    "max_length": None,
    "data.sklearn": None,
    "data.function": None,
    "data.features": None,
    "data.text": None,
    "data.text_pair": None,
}


class ImageClassification(OneLabel):
    """``config.model`` is a hub name or a folder, or ``module:function``, called as in ``classification``."""

    name: ClassVar[str] = "image-classification"
    goals: ClassVar[Mapping[str, Goal]] = CLASSIFICATION_GOALS

    def check(self, config: TrainConfig) -> None:
        """Refuse settings that cannot be used; a Hugging Face model is looked at by ``prepare``."""
        check_metric(config, self)
        refuse(config, self, _UNUSED)
        shape = config.data.shape
        if shape is not None and (len(shape) != 3 or shape[0] not in (1, 3) or min(shape) < 1):
            what = f"expected channels (1 or 3), height and width, got {list(shape)}"
            raise ConfigError("data.shape", what, "for example [3, 224, 224]")
        if config.augment.magnitude != 9 and not config.augment.randaugment:
            raise ConfigError("augment.magnitude", "means nothing without augment.randaugment", "leave it out")
        own.check(config.augment)
        if hooks.is_hook(config.model):
            refuse(config, self, {"init": "pretrained"})
            plain_module.check_arguments(config, mend="")
        refuse_text_steps(config.data, "pictures")
        picture_sources.check(config.data)
        continuing.check(config)

    def prepare(self, config: TrainConfig, cache: Path) -> Prepared:
        """Arrays ``images`` (rows, channels, height, width) uint8, and ``labels`` (rows,) int64."""
        from trainer.tasks import pictures

        sight = pictures.sight(config)
        facts = {"task": self.name, "sight": sight.facts, **picture_sources.facts(config.data)}
        prepared = storage.open_or_make(cache, storage.fingerprint(facts), lambda: pictures.make(config, sight))
        class_weights.check(config, prepared)
        check_two(config, prepared)
        return prepared

    def build_model(self, config: TrainConfig, prepared: Prepared) -> torch.nn.Module:
        """See ``trainer.pretrained.build`` and ``trainer.model.build``."""
        from trainer import model as models
        from trainer import pretrained
        from trainer.tasks import pictures

        shape = tuple(prepared.meta["shape"])
        if not hooks.is_hook(config.model):
            head = pretrained.classifier(prepared.label_names, AUTO)
            model = pretrained.build(config.model, config.model_args, head, config.dropout, config.init)
            pictures.try_size(model, shape, config.model)
            return model
        given = models.arguments(config, shape, len(prepared.label_names))
        model = models.build(config.model, given)
        plain_module.set_dropout(model, config, given)
        return model

    def skeleton(self, config: TrainConfig, prepared: Prepared) -> torch.nn.Module:
        """Of a Hugging Face model by its configuration alone: no weights are read."""
        from trainer import pretrained

        if hooks.is_hook(config.model):
            return super().skeleton(config, prepared)
        return pretrained.skeleton(config.model, config.model_args, pretrained.classifier(prepared.label_names, AUTO))

    def collate(self, split: Split, rows: np.ndarray, config: TrainConfig, prepared: Prepared) -> Batch:
        """``pixel_values`` (rows, channels, height, width), normalised, and ``labels`` (rows,)."""
        from trainer.tasks import pictures

        return self._batch(split, rows, pictures.as_floats(split.arrays["images"][rows]), config, prepared)

    def training_batch(
        self, split: Split, rows: np.ndarray, config: TrainConfig, prepared: Prepared, step: int
    ) -> Batch:
        """As ``collate``, each picture changed by ``augment`` before it is normalised."""
        import torch

        from trainer.augmentation.pictures import augmented
        from trainer.tasks import pictures

        floats = pictures.as_floats(split.arrays["images"][rows])
        draws = Draws(config.seed, step, rows)
        if config.augment.function is not None:
            floats = torch.from_numpy(own.pictures(floats.numpy(), config.augment, draws))
        hole = pictures.numbers(config, prepared)["mean"]
        changed = augmented(floats, config.augment, draws, hole)
        return self._batch(split, rows, changed, config, prepared)

    def _batch(
        self, split: Split, rows: np.ndarray, floats: torch.Tensor, config: TrainConfig, prepared: Prepared
    ) -> Batch:
        import torch

        from trainer.tasks import pictures

        normalised = pictures.normalised(floats, pictures.numbers(config, prepared))
        return {"pixel_values": normalised, "labels": torch.from_numpy(split.arrays["labels"][rows])}

    def logits(self, model: torch.nn.Module, batch: Batch) -> torch.Tensor:
        """The classifier's scores."""
        out = model(batch["pixel_values"])
        scores: torch.Tensor = getattr(out, "logits", out)
        return scores

    def export(self, model: torch.nn.Module, config: TrainConfig, prepared: Prepared, out: Path) -> None:
        """A Hugging Face folder with its image processor, or a plain module's files; and ``sweepwright.json``."""
        from trainer.tasks import exported, picture_models

        picture_models.export(model, config, prepared, out)
        exported.write_labelled(out, self, prepared, prepared.meta["columns"])

    def restore(self, folder: Path, facts: Mapping[str, Any], device: torch.device) -> Predictor:
        """The model, and pictures brought to its size and normalised as in training."""
        from trainer.data.pictures import is_picture
        from trainer.tasks import picture_models
        from trainer.tasks.class_predictor import ClassPredictor, Feed

        model, look = picture_models.restore(folder)
        columns = facts["columns"]

        def check(rows: Sequence[Any]) -> Sequence[Any]:
            return picture_models.given(rows, columns["image"], is_picture)

        def encode(rows: Sequence[Any]) -> Batch:
            return {"pixel_values": look(rows)}

        feed = Feed(
            columns,
            check,
            encode,
            self.logits,
            picture_models.read,
            missing=facts["missing"],
            table=picture_sources.labelled,
        )
        return ClassPredictor(model, feed, Labels(tuple(facts["label_names"]), facts["label_kind"]), device)
