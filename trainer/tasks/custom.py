"""A task of one's own: model, data, loss and metrics are functions that people write."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from trainer import continuing, hooks, own_functions
from trainer.data import own_rows, sources, storage
from trainer.data.own_rows import INPUTS, TARGETS, OwnRows
from trainer.data.splitting import select
from trainer.errors import ConfigError, suggest
from trainer.requirement import RETAIN
from trainer.tasks import plain_module
from trainer.tasks.base import Batch, Predictor, Prepared, Split, Task
from trainer.tasks.common import check_metric, refuse

if TYPE_CHECKING:
    import numpy as np
    import torch

    from trainer.config import Goal, TrainConfig
    from trainer.sections import DataConfig

_UNUSED = {
    "max_length": None,
    "label_smoothing": 0.0,
    "data.text": None,
    "data.text_pair": None,
    "data.label": None,
    "data.label_names": None,
    "data.label_separator": None,
    "data.features": None,
    "data.shape": None,
    "data.scaling": "none",
}
_REHEARSED = 64
"""Validation rows that metrics are tried on: some need rows of several kinds."""
_PER_CLASS = 10
"""Whole-number targets are stratified by where each comes so often on average: else they are no classes."""


class Custom(Task):
    """``config.model`` is ``module:function``, called with ``model_args``, and ``inputs`` where it takes it.

    The module gets the inputs as ``data.function`` returned them: an array as one tensor, a mapping as keywords.
    ``config.loss`` gets its outputs and the targets; without it the module is called with ``labels=`` besides and its
    outputs are to have a ``loss``, the mean over the rows, as the models of transformers do. ``config.metrics`` gets
    the outputs of a whole split (of several the ``logits``, or the first) and its targets as arrays.
    """

    name: ClassVar[str] = "custom"
    goals: ClassVar[Mapping[str, Goal]] = {"loss": "minimize"}

    def check(self, config: TrainConfig) -> None:
        """Refuse settings that cannot be used; the user's functions are read, and imported only if they must be."""
        if config.metrics is None:
            check_metric(config, self)
        elif config.metric != "loss" and config.goal is None:
            mend = "write goal: minimize or goal: maximize beside the metric's name"
            raise ConfigError("metric", f"nobody says whether a large {config.metric} is good", mend)
        refuse(config, self, _UNUSED)
        if config.data.function is None:
            mend = "name a function that returns x or (x, y): data: {function: module:function}"
            raise ConfigError("data.function", "is missing: a custom task has rows of its own", mend)
        sources.check(config.data)
        if not hooks.is_hook(config.model):
            what = f"expected module:function, a function that builds a torch.nn.Module, got {config.model!r}"
            raise ConfigError("model", what, "for a Hugging Face model, return it from such a function")
        plain_module.check_takes(config, hooks.parameters(config.model), (), config.model)
        for key in ("loss", "metrics"):
            if (spec := getattr(config, key)) is not None:
                own_functions.check(spec, key)
        continuing.check(config)

    def prepare(self, config: TrainConfig, cache: Path) -> Prepared:
        """Arrays ``inputs`` and ``labels`` as returned (floats as float32), or ``inputs.<name>`` of a mapping."""
        name = storage.fingerprint({"task": self.name, **sources.facts(config.data)})
        return storage.open_or_make(cache, name, lambda: _make(config.data))

    def rehearse(self, config: TrainConfig, prepared: Prepared) -> None:
        """The functions together, on some validation rows.

        Raises:
            ConfigError: one of them fails, or a metric that is asked for is not among what they give.
        """
        from trainer.tasks import own_module

        model, split = self.build_model(config, prepared), prepared.splits["validation"]
        rows = _first(split, _REHEARSED)
        outputs = own_module.outputs_of(model, self.collate(split, rows, config, prepared))
        few = Split(len(rows), {name: array[rows] for name, array in split.arrays.items()})
        try:
            found = self.evaluate(outputs, few, 0.0, config, prepared)
        except ConfigError:
            raise
        except Exception as error:
            what = f"{config.metrics} fails on {len(rows)} validation rows: {type(error).__name__}: {error}"
            raise ConfigError("metrics", what) from error
        retained = {f"{RETAIN}{name}" for name in found} if "retain" in prepared.splits else set()
        for key, name in (("metric", config.metric), *((f"require.{name}", name) for name in config.require)):
            if name not in {*found, *retained}:
                what = f"{name!r} is not among what {config.metrics} gives"
                raise ConfigError(key, what, suggest(name, found))

    def build_model(self, config: TrainConfig, prepared: Prepared) -> torch.nn.Module:
        """What the function returns; its loss is tried on two train rows.

        Raises:
            ConfigError: one of the functions fails, or returns something else than it should.
        """
        from trainer import model as models
        from trainer.tasks import own_module

        given = _arguments(config, prepared)
        model = models.construct(config.model, given)
        plain_module.set_dropout(model, config, given)
        own_module.attach_loss(model, config.loss)
        split = prepared.splits["train"]
        own_module.rehearse(model, self.collate(split, _first(split, 2), config, prepared), config.model, config.loss)
        return model

    def collate(self, split: Split, rows: np.ndarray, config: TrainConfig, prepared: Prepared) -> Batch:  # noqa: ARG002
        """Every array of the split, these rows of it."""
        import torch

        return {name: torch.from_numpy(array[rows]) for name, array in split.arrays.items()}

    def units(self, batch: Batch) -> int:
        """Rows."""
        return len(next(iter(batch.values())))

    def loss(
        self,
        model: torch.nn.Module,
        batch: Batch,
        *,
        label_smoothing: float = 0.0,  # noqa: ARG002 - refused by `check`
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """The user's loss, summed over the rows, and the outputs that metrics are made of."""
        from trainer.tasks import own_module

        return own_module.loss(model, batch)

    def evaluate(
        self,
        outputs: np.ndarray,
        split: Split,
        loss: float,
        config: TrainConfig,
        prepared: Prepared,  # noqa: ARG002
    ) -> dict[str, float]:
        """The mean loss, and the user's metrics."""
        if config.metrics is None:
            return {"loss": loss}
        inputs, targets = own_rows.part(split.arrays, INPUTS), own_rows.part(split.arrays, TARGETS)
        own = own_functions.OwnMetrics(config.metrics)
        return {"loss": loss, **own(outputs, inputs if targets is None else targets, inputs)}

    def export(self, model: torch.nn.Module, config: TrainConfig, prepared: Prepared, out: Path) -> None:
        """``model.safetensors``, ``model.json`` (how to build and to score it) and ``sweepwright.json``."""
        from trainer.tasks import exported

        functions = {"loss": config.loss, "metrics": config.metrics}
        plain_module.export(model, config.model, _arguments(config, prepared), out, task=self.name, **functions)
        exported.write(out, self, {})

    def restore(self, folder: Path, facts: Mapping[str, Any], device: torch.device) -> Predictor:  # noqa: ARG002
        """The module, built by its function again; rows are inputs as ``data.function`` returns them."""
        from trainer.tasks.own_predictor import OwnPredictor

        return OwnPredictor.of(folder, device)


def _arguments(config: TrainConfig, prepared: Prepared) -> dict[str, Any]:
    """The keyword arguments that the model is built with: ``inputs`` is the shape of a row, or one by name."""
    takes = hooks.parameters(config.model)
    given: dict[str, Any] = {}
    if "inputs" in takes.names:
        shapes = {name: list(array.shape[1:]) for name, array in prepared.splits["train"].arrays.items()}
        given["inputs"] = own_rows.part(shapes, INPUTS)
    if config.dropout is not None and takes.accepts("dropout"):
        given["dropout"] = config.dropout
    return {**given, **config.model_args}


def _first(split: Split, most: int) -> np.ndarray:
    import numpy as np

    return np.arange(min(most, split.rows))


def _make(data: DataConfig) -> storage.Bundle:
    given = own_rows.from_function(data)
    counts = {split: rows.rows for split, rows in given.items()}
    chosen = select(data, counts, _classes(given["train"]))
    arrays = {
        split: {name: array[selection.rows] for name, array in given[selection.source].arrays.items()}
        for split, selection in chosen.items()
    }
    return storage.Bundle(arrays, (), {}, rows={split: len(one.rows) for split, one in chosen.items()})


def _classes(train: OwnRows) -> np.ndarray | None:
    """The class of each train row, where its target looks like one."""
    import numpy as np

    target = train.arrays.get(TARGETS)
    if target is None or target.ndim != 1 or target.dtype.kind not in "iub":
        return None
    values, ids = np.unique(target, return_inverse=True)
    return ids if len(values) * _PER_CLASS <= len(target) else None
