"""The settings that are mappings with fields of their own: where rows come from, how texts are generated, and so on."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from trainer.data.cleaning_steps import parse as parse_cleaning
from trainer.errors import ConfigError


class Frozen(BaseModel):
    """Settings that cannot be changed, and have no fields but those named."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=(), allow_inf_nan=False)


class Steps(Frozen):
    """A length in optimizer updates: ``{steps: 50}``."""

    steps: int = Field(ge=0)


class Share(Frozen):
    """A report interval as a share of the whole run: ``{fraction: 0.1}`` gives ten reports, however long it is."""

    fraction: float = Field(gt=0, le=1)


class Generation(Frozen):
    """How texts are generated: names and meanings of transformers' ``GenerationConfig``, never by sampling.

    What is ``None`` is as the model's own ``generation_config`` has it. ``max_new_tokens`` is one limit for all models,
    since theirs is often 20. ``always``: generate in every evaluation, not only where the metric is of generated texts.
    """

    max_new_tokens: int = Field(default=128, ge=1)
    min_new_tokens: int | None = Field(default=None, ge=0)
    num_beams: int = Field(default=1, ge=1)
    length_penalty: float | None = None
    repetition_penalty: float | None = Field(default=None, gt=0)
    no_repeat_ngram_size: int | None = Field(default=None, ge=0)
    always: bool = False


class DataConfig(Frozen):
    """Where the rows come from and how they are split.

    Exactly one source: ``name`` (a hub data set, or a folder that ``datasets`` can load), ``sklearn`` (a bundled set),
    ``function`` (``module:function`` that returns arrays), or files named by ``train``/``validation``/``test``.
    With ``name``, the three name splits of that data set instead. ``retain`` is a file: a second set to evaluate.
    ``validation_fraction`` and ``test_fraction`` are shares of the rows given as train. ``image`` names a column;
    ``categories`` columns of a table that are none of numbers; ``target_kind`` what its label is. ``missing`` is
    ``impute`` for tables where it is not given.
    """

    name: str | None = None
    config: str | None = None
    sklearn: Literal["digits", "iris", "wine", "breast_cancer"] | None = None
    function: str | None = None
    train: str | None = None
    validation: str | None = None
    test: str | None = None
    retain: str | None = None
    text: str | None = None
    text_pair: str | None = None
    label: str | None = None
    references: str | None = None
    prompt: str | None = None
    messages: str | None = None
    prefix: str | None = None
    suffix: str | None = None
    chat_template: str | None = None
    sample_by: Literal["document", "line"] | None = None
    features: tuple[str, ...] | None = None
    label_names: tuple[str, ...] | None = None
    label_separator: str | None = Field(None, min_length=1)
    clean: tuple[str | dict[str, str], ...] = ()
    missing: Literal["error", "drop", "impute"] = "error"
    validation_fraction: float | None = Field(None, ge=0.0, lt=1.0)
    test_fraction: float | None = Field(None, ge=0.0, lt=1.0)
    stratify: bool = True
    group: str | None = None
    folds: int | None = Field(None, ge=2)
    fold: int | None = Field(None, ge=0)
    split_seed: int = 0
    limit: int | None = Field(None, ge=1)
    limit_validation: int | None = Field(None, ge=1)
    scaling: Literal["none", "standard", "minmax"] = "none"
    shape: tuple[int, ...] | None = None
    image: str | None = None
    categories: tuple[str, ...] | None = None
    target_kind: Literal["classes", "number"] | None = None

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        sources = [key for key in ("name", "sklearn", "function") if getattr(self, key)]
        if not sources and not self.train:
            raise ValueError("no data: give one of name, sklearn, function, or train as a file")
        if len(sources) > 1:
            raise ValueError(f"one source only, got {' and '.join(sources)}")
        return self

    @field_validator("clean", mode="before")
    @classmethod
    def _known_steps(cls, value: object) -> object:
        named = tuple(value) if isinstance(value, list | tuple) else (value,)
        parse_cleaning(named)
        return named

    @model_validator(mode="after")
    def _one_fold(self) -> Self:
        if self.folds is None and self.fold is not None:
            raise ConfigError("data.fold", f"{self.fold} of how many?", "give data.folds too, as in folds: 5")
        if self.folds is not None and self.fold is None:
            every = f"{{data.fold: {{values: {list(range(self.folds))}}}}}"
            mend = f"write data.fold: 0, or search it: parameters: {every}"
            raise ConfigError("data.folds", f"{self.folds} folds, and none is said to validate", mend)
        if self.folds is not None and self.fold is not None and self.fold >= self.folds:
            raise ConfigError("data.fold", f"{self.fold} is not one of {self.folds} folds", f"0 to {self.folds - 1}")
        if self.folds is not None and (self.validation or self.validation_fraction is not None):
            key = "data.validation" if self.validation else "data.validation_fraction"
            raise ConfigError(key, "stands beside data.folds, of which one validates", "give one of the two")
        if (self.validation_fraction or 0.0) + (self.test_fraction or 0.0) >= 1:
            said = f"{self.validation_fraction} beside a test_fraction of {self.test_fraction}"
            raise ConfigError("data.validation_fraction", f"{said} leaves no rows to train on", "give smaller ones")
        return self


class AugmentConfig(Frozen):
    """Changes to training rows, drawn anew each time a row is trained on. 0 leaves a step out.

    ``flip``, ``erase`` and ``token_dropout`` are probabilities; ``crop`` and ``zoom`` shares of the sides and of the
    area; ``rotate`` degrees either way; ``color_jitter`` how far brightness, contrast and saturation may be from 1;
    ``randaugment`` how many random steps, each of ``magnitude`` (30 is the strongest); ``function`` a step of one's
    own, ``module:function``, and ``strength`` what it is called with.
    """

    flip: float = Field(0.0, ge=0, le=1)
    crop: float = Field(0.0, ge=0, lt=1)
    zoom: float = Field(0.0, ge=0, lt=1)
    rotate: float = Field(0.0, ge=0, le=180)
    color_jitter: float = Field(0.0, ge=0, le=1)
    randaugment: int = Field(0, ge=0)
    magnitude: int = Field(9, ge=0, le=30)
    erase: float = Field(0.0, ge=0, le=1)
    token_dropout: float = Field(0.0, ge=0, lt=1)
    function: str | None = None
    strength: float | None = None


SECTIONS = {
    "data": DataConfig.model_fields,
    "generation": Generation.model_fields,
    "augment": AugmentConfig.model_fields,
}
"""The settings that are mappings with fields of their own."""
