"""What tasks that give each row one class have in common."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from trainer.augmentation.names import OWN_STEP, PICTURE_STEPS, TOKEN_STEPS
from trainer.data.cleaning_steps import parse
from trainer.data.labels import Kind, Labels
from trainer.errors import ConfigError, DataError, suggest
from trainer.metrics import BINARY_GOALS, classification_metrics
from trainer.per_class import ClassScore, per_class
from trainer.requirement import RETAIN
from trainer.tasks import class_weights
from trainer.tasks.base import Batch, Prepared, Split, Task

if TYPE_CHECKING:
    import numpy as np
    import torch

    from trainer.config import TrainConfig
    from trainer.sections import DataConfig


class OneLabel(Task):
    """A task whose outputs are logits ``(rows, classes)`` and whose labels are class ids ``(rows,)``."""

    @abstractmethod
    def logits(self, model: torch.nn.Module, batch: Batch) -> torch.Tensor:
        """Scores before softmax ``(rows, classes)`` of a batch with or without labels."""

    def loss(
        self, model: torch.nn.Module, batch: Batch, *, label_smoothing: float = 0.0
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Summed cross entropy and the logits ``(rows, classes)``, both in float32 whatever the precision.

        Label smoothing as in ``torch.nn.functional.cross_entropy`` (Szegedy et al. 2016, section 7).
        """
        from torch.nn import functional

        scores = self.logits(model, batch).float()
        summed = functional.cross_entropy(scores, batch["labels"], reduction="sum", label_smoothing=label_smoothing)
        return summed, scores

    def training_loss(
        self, model: torch.nn.Module, batch: Batch, config: TrainConfig, prepared: Prepared
    ) -> torch.Tensor:
        """As ``loss``, each row weighted by its class; see ``class_weights``."""
        if config.class_weights == "none":
            return super().training_loss(model, batch, config, prepared)
        from torch.nn import functional

        scores = self.logits(model, batch).float()
        weights = class_weights.tensor(config, prepared, scores.device)
        return functional.cross_entropy(
            scores, batch["labels"], weight=weights, reduction="sum", label_smoothing=config.label_smoothing
        )

    def strata(self, split: Split) -> np.ndarray | None:
        """The class ids."""
        return split.arrays["labels"]

    def evaluate(
        self,
        outputs: np.ndarray,
        split: Split,
        loss: float,
        config: TrainConfig,  # noqa: ARG002
        prepared: Prepared,  # noqa: ARG002
    ) -> dict[str, float]:
        """The metrics of ``trainer.metrics.classification_metrics``."""
        return classification_metrics(outputs, split.arrays["labels"], loss)

    def per_class(self, outputs: np.ndarray, split: Split, prepared: Prepared) -> Mapping[str, ClassScore]:
        """See ``trainer.per_class``; the class with the highest score is the one that is predicted."""
        return per_class(split.arrays["labels"], outputs.argmax(axis=1), prepared.label_names)


def check_metric(config: TrainConfig, task: Task) -> None:
    """Refuse a metric that the task does not give.

    Raises:
        ConfigError: lists those it gives.
    """
    if config.metric not in task.goals:
        message = f"{config.metric!r} is not a metric of {task.name}"
        raise ConfigError("metric", message, suggest(config.metric, task.goals))
    check_requirement(config, task.goals)


def check_requirement(config: TrainConfig, known: Collection[str]) -> None:
    """Refuse bounds on a metric that no report has.

    Raises:
        ConfigError: names it.
    """
    for name in config.require:
        plain = name.removeprefix(RETAIN)
        if plain not in known:
            raise ConfigError(f"require.{name}", f"{plain!r} is not a metric of {config.task}", suggest(plain, known))
        # A function of one's own may return such a split.
        if plain != name and config.data.retain is None and config.data.function is None:
            raise ConfigError(f"require.{name}", "is of rows that are not there", "name them: data: {retain: FILE}")


_OF_TASKS: Mapping[str, tuple[str, ...]] = {
    "generation": ("seq2seq", "causal-lm"),
    "init": (
        *("text-classification", "token-classification", "question-answering"),
        *("seq2seq", "causal-lm", "image-classification"),
    ),
    "weights": ("classification", "image-classification", "tabular", "custom"),
    "doc_stride": ("token-classification", "question-answering"),
    "max_answer_length": ("question-answering",),
    "max_target_length": ("seq2seq",),
    "packing": ("causal-lm",),
    "loss": ("custom",),
    "metrics": ("custom",),
    "completion_only": ("causal-lm",),
    "data.prefix": ("seq2seq", "causal-lm"),
    "data.suffix": ("causal-lm",),
    "data.references": ("seq2seq",),
    "data.prompt": ("causal-lm",),
    "data.messages": ("causal-lm",),
    "data.chat_template": ("causal-lm",),
    "data.image": ("image-classification",),
    "data.categories": ("tabular",),
    "data.target_kind": ("tabular",),
    **{f"augment.{step}": ("image-classification",) for step in PICTURE_STEPS},
    **{f"augment.{step}": ("text-classification",) for step in TOKEN_STEPS},
    **{f"augment.{step}": ("image-classification", "text-classification") for step in OWN_STEP},
}
"""Settings that mean something to some tasks only."""
OF_NUMBERS: Mapping[str, object] = {
    "data.sklearn": None,
    "data.function": None,
    "data.features": None,
    "data.shape": None,
    "data.scaling": "none",
}
"""Settings of rows of numbers, which mean nothing to texts."""
_ABSENT: Mapping[str, object] = {
    "init": "pretrained",
    **{f"augment.{step}": 0 for step in (*PICTURE_STEPS, *TOKEN_STEPS)},
    "augment.magnitude": 9,
}


def refuse(config: TrainConfig, task: Task, unused: Mapping[str, object]) -> None:
    """Refuse settings, dotted, that differ from the value that stands for not given: they would do nothing.

    ``unused`` are those of this task alone; those that belong to other tasks are refused besides.
    Weights of classes and balanced sampling are refused of all tasks whose rows have no one class.

    Raises:
        ConfigError: names the first.
    """
    others = {key: _ABSENT.get(key) for key, tasks in _OF_TASKS.items() if task.name not in tasks}
    if not isinstance(task, OneLabel):
        others |= {"class_weights": "none", "sampling": "shuffle"}
    if config.data.missing == "impute" and task.name != "tabular":
        raise ConfigError("data.missing", f"'impute' means nothing to {task.name}", "give error or drop")
    for key, absent in {**unused, **others}.items():
        value: object = config
        for part in key.split("."):
            value = getattr(value, part)
        if value != absent:
            raise ConfigError(key, f"{value!r} means nothing to {task.name}", "leave it out")


def refuse_text_steps(data: DataConfig, rows: str) -> None:
    """Refuse cleaning steps that are for texts, where rows are something else.

    Raises:
        ConfigError: names the step.
    """
    for step in parse(data.clean):
        if step.change is not None or step.name == "drop_empty":
            raise ConfigError("data.clean", f"{step.name} is for texts, and rows are {rows} here", "leave it out")


def check_two(config: TrainConfig, prepared: Prepared) -> None:
    """Refuse a metric of the second of two classes where there are more.

    Raises:
        ConfigError: names the metric of them all.
    """
    count = len(prepared.label_names)
    for key, name in (("metric", config.metric), *((f"require.{name}", name) for name in config.require)):
        plain = name.removeprefix(RETAIN)
        if plain in BINARY_GOALS and count != 2:
            of_all = "roc_auc" if plain == "average_precision" else f"{plain}_macro"
            raise ConfigError(
                key, f"{name!r} is of the second of two classes, and there are {count}", f"write {of_all}"
            )


def check_classes(train: np.ndarray, labels: Labels) -> None:
    """Refuse train rows of a single class, as a limit or a split can leave them.

    Raises:
        DataError: names the class.
    """
    import numpy as np

    present = np.unique(train)
    if len(present) < 2:
        raise DataError(
            "data.train",
            f"all {len(train)} train rows are of class {labels.names[present[0]]!r}",
            "raise data.limit or give rows of at least two classes",
        )


def labels_of(prepared: Prepared) -> Labels:
    """The classes as ``trainer.data.labels`` knows them."""
    kind: Kind = prepared.meta["label_kind"]
    return Labels(prepared.label_names, kind)
