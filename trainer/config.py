"""The settings of one training run: frozen, typed, every searchable name a field."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, ValidationInfo, field_validator, model_validator

from trainer.adapt import settings as adaptation
from trainer.errors import ConfigError
from trainer.explaining import as_written, explain
from trainer.familiar import rename
from trainer.familiar_names import KNOWN
from trainer.optim.names import Optimizer, Schedule, check_course
from trainer.requirement import Bounds
from trainer.sections import SECTIONS, AugmentConfig, DataConfig, Frozen, Generation, Share, Steps
from trainer.sharding import check as check_sharding

Precision = Literal["auto", "fp32", "bf16", "fp16"]
Goal = Literal["minimize", "maximize"]
_LENGTHS = ("epochs", "report_every", "warmup")
_IN_STEPS = ("epochs.steps", "report_every.steps", "report_every.fraction", "warmup.steps")
"""Inner names of settings that are a number, or a mapping of one of these."""
USUAL_MODELS = {"tabular": "mlp"}
"""What ``model`` is where a task has one of its own and none is given."""
_USUAL_MISSING = {"tabular": "impute"}


class TrainConfig(Frozen):
    """Everything one run needs to know. Fractions of an epoch where not said otherwise.

    ``batch_size`` is the effective batch: rows per optimizer update. ``micro_batch_size`` is what goes
    through the device at once (``None``: as much of the batch as fits; halved on out-of-memory).
    ``epochs`` and ``report_every`` are numbers of epochs or ``{steps: n}``, the latter also ``{fraction: f}`` of the
    run. ``warmup`` is a fraction of all updates or ``{steps: n}``. What belongs to one optimizer or one schedule is
    ``None`` for its own default (:mod:`trainer.optim.names`), and refused with another; ``step_size`` is in epochs,
    ``timescale`` in updates, ``decay`` a fraction of all updates. ``layer_decay`` is the factor of the learning rate
    from each layer to the one below, ``ema`` the decay of the weights' moving average.
    ``class_weights`` weigh rows in the training loss; ``sampling: balanced`` shows every class equally often.
    ``max_length`` and ``max_target_length`` are in tokens; ``patience`` counts reports without improvement.
    ``init: random`` takes a model's configuration and tokenizer, and draws its weights from ``seed``.
    ``weights`` is the folder of an exported plain module, whose weights training begins with:
    :mod:`trainer.continuing`.
    ``doc_stride`` is how many tokens two windows of a long row share, ``max_answer_length`` how many an answer has at
    most.

    ``sharding: full`` spreads the model, its gradients and the optimizer's state over the processes that train one
    model together.

    ``peft`` trains adapters in place of the weights: ``lora_targets`` are ``default``, ``attention``, ``all-linear`` or
    endings of layers' names, ``lora_alpha`` twice the rank if absent. ``freeze`` holds the backbone, the embeddings, or
    these and the first n layers; ``unfreeze_every`` so many epochs one more part of it trains, from the top down.
    ``compile`` is ``torch.compile``, and gives up exactness: :mod:`trainer.compiled`.
    ``require`` bounds metrics: a report that does not fulfil it is never the best, nor is its checkpoint kept for that.
    ``loss`` and ``metrics`` are functions of one's own, ``module:function``: :mod:`trainer.own_functions`.
    """

    task: str = "text-classification"
    model: str
    model_args: dict[str, Any] = Field(default_factory=dict)
    init: Literal["pretrained", "random"] = "pretrained"
    weights: str | None = None
    data: DataConfig
    loss: str | None = None
    metrics: str | None = None
    metric: str = "loss"
    goal: Goal | None = None
    require: dict[str, Bounds] = Field(default_factory=dict)
    epochs: float | Steps = 3.0
    report_every: float | Steps | Share = 1.0
    batch_size: int = Field(32, ge=1)
    micro_batch_size: int | None = Field(None, ge=1)
    eval_batch_size: int = Field(64, ge=1)
    learning_rate: float = Field(5e-5, gt=0)
    layer_decay: float | None = Field(None, gt=0, le=1)
    head_learning_rate: float | None = Field(None, gt=0)
    weight_decay: float = Field(0.0, ge=0)
    optimizer: Optimizer = "adamw"
    momentum: float | None = Field(None, ge=0, lt=1)
    nesterov: bool | None = None
    beta1: float | None = Field(None, ge=0, lt=1)
    beta2: float | None = Field(None, ge=0, lt=1)
    epsilon: float | None = Field(None, gt=0)
    schedule: Schedule = "linear"
    warmup: float | Steps | None = None
    decay: float | None = Field(None, gt=0, le=1)
    step_size: float | None = Field(None, gt=0)
    gamma: float | None = Field(None, gt=0, le=1)
    cycles: int | None = Field(None, ge=1)
    power: float | None = Field(None, gt=0)
    lr_end: float | None = Field(None, ge=0)
    timescale: int | None = Field(None, ge=1)
    div_factor: float | None = Field(None, ge=1)
    final_div_factor: float | None = Field(None, ge=1)
    ema: float | None = Field(None, gt=0, lt=1)
    max_grad_norm: float | None = Field(1.0, gt=0)
    gradient_checkpointing: bool = False
    compile: bool = False
    sharding: Literal["none", "full"] = "none"
    dropout: float | None = Field(None, ge=0, lt=1)
    peft: Literal["none", "lora", "dora"] = "none"
    lora_rank: int = Field(8, ge=1)
    lora_alpha: float | None = Field(None, gt=0)
    lora_dropout: float = Field(0.0, ge=0, lt=1)
    lora_targets: str | tuple[str, ...] = Field("default", min_length=1)
    quantize: Literal["none", "4bit", "8bit"] = "none"
    freeze: Literal["none", "backbone", "embeddings"] | int = "none"
    unfreeze_every: float | None = Field(None, gt=0)
    augment: AugmentConfig = Field(default_factory=lambda: AugmentConfig.model_validate({}))
    label_smoothing: float = Field(0.0, ge=0, lt=1)
    class_weights: Literal["none", "balanced"] | dict[str, Annotated[float, Field(ge=0)]] = "none"
    sampling: Literal["shuffle", "balanced"] = "shuffle"
    patience: int | None = Field(None, ge=1)
    max_length: int | None = Field(None, ge=1)
    max_target_length: int | None = Field(None, ge=1)
    packing: bool | None = None
    completion_only: bool | None = None
    generation: Generation | None = None
    doc_stride: int | None = Field(None, ge=0)
    max_answer_length: int | None = Field(None, ge=1)
    precision: Precision = "auto"
    seed: int = Field(0, ge=0, lt=2**32)

    @model_validator(mode="before")
    @classmethod
    def _usual(cls, values: Any) -> Any:
        task = values.get("task") if isinstance(values, dict) else None
        if task in USUAL_MODELS and values.get("model") is None:
            values = {**values, "model": USUAL_MODELS[task]}
        if task in _USUAL_MISSING and isinstance(values.get("data"), dict):
            values = {**values, "data": {"missing": _USUAL_MISSING[task], **values["data"]}}
        return values

    @field_validator("epochs", "report_every")
    @classmethod
    def _positive(cls, value: float | Steps | Share, info: ValidationInfo) -> float | Steps | Share:
        if isinstance(value, Steps) and value.steps < 1:
            raise ConfigError(f"{info.field_name}.steps", f"expected updates, got {value.steps}", "give at least 1")
        if not isinstance(value, Steps | Share) and value <= 0:
            message = f"expected a number of epochs above 0, got {value}"
            raise ConfigError(str(info.field_name), message, "give a number above 0")
        return value

    @field_validator("freeze", mode="before")
    @classmethod
    def _part(cls, value: object) -> object:
        if value in ("none", "backbone", "embeddings") or (type(value) is int and value >= 0):
            return value
        raise ValueError("expected none, backbone, embeddings or a number of layers")

    @field_validator("class_weights", mode="before")
    @classmethod
    def _names_as_text(cls, value: object) -> object:
        # YAML reads 0: as a number, and labels go by their names.
        return {str(name): weight for name, weight in value.items()} if isinstance(value, Mapping) else value

    @field_validator("warmup")
    @classmethod
    def _fraction(cls, value: float | Steps | None) -> float | Steps | None:
        if not isinstance(value, Steps | None) and not 0 <= value < 1:
            raise ConfigError("warmup", f"expected a fraction of all updates, got {value}", "for updates {steps: 100}")
        return value

    @model_validator(mode="after")
    def _course(self) -> Self:
        check_course(self)
        return self

    @classmethod
    def build(cls, settings: Mapping[str, Any], params: Mapping[str, Any] | None = None) -> TrainConfig:
        """Settings with a trial's parameters laid over them; a dotted name reaches inside.

        The names of transformers' ``TrainingArguments`` are taken for the same things: :mod:`trainer.familiar`.

        Raises:
            ConfigError: one line for the first setting that is unknown, mistyped, out of range, or means nothing
                beside the others; by the name that was written.
        """
        merged: dict[str, Any] = {k: dict(v) if isinstance(v, Mapping) else v for k, v in settings.items()}
        for name, value in (params or {}).items():
            head, _, rest = name.partition(".")
            if rest:
                inner = merged[head] = {} if merged.get(head) is None else merged[head]
                if not isinstance(inner, dict):
                    raise ConfigError(name, f"{head} is {inner!r}, not a mapping")
                inner[rest] = value
            else:
                merged[head] = value
        renamed = rename(merged)
        for name in _LENGTHS:
            if renamed.get(name) == {}:  # it held an inner parameter that is not active
                del renamed[name]
        try:
            config = cls.model_validate(dict(renamed))
        except ValidationError as error:
            raise as_written(explain(error, [*cls.model_fields, *KNOWN]), renamed.written) from None
        adaptation.check(config)
        check_sharding(config)
        return config

    def resolve_paths(self, base: Path) -> TrainConfig:
        """The same settings with relative files resolved from ``base``; names that are no path stay."""
        data = self.data
        files = {
            key: str((base / value).resolve())
            for key in (("retain",) if data.name else ("train", "validation", "test", "retain"))
            if (value := getattr(data, key)) is not None
        }
        if data.name and (base / data.name).is_dir():
            files["name"] = str((base / data.name).resolve())
        data = data.model_copy(update=files)
        if data.chat_template is not None and (template := base / data.chat_template).is_file():
            data = data.model_copy(update={"chat_template": str(template.resolve())})
        local = base / self.model
        named = ":" in self.model or self.model == USUAL_MODELS.get(self.task)
        model = str(local.resolve()) if not named and local.is_dir() else self.model
        weights = self.weights
        if weights is not None and (base / weights).is_dir():
            weights = str((base / weights).resolve())
        return self.model_copy(update={"data": data, "model": model, "weights": weights})


def field_names() -> tuple[str, ...]:
    """Every name that a sweep may fix or search, inner ones dotted."""
    inner = (f"{section}.{name}" for section, fields in SECTIONS.items() for name in fields)
    return (*TrainConfig.model_fields, *inner, *_IN_STEPS)
