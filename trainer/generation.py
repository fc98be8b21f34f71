"""Texts that models generate: greedily or by beams, never by sampling."""

from __future__ import annotations

import copy
import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from trainer.errors import ConfigError
from trainer.hub_access import quiet
from trainer.sections import Generation

if TYPE_CHECKING:
    import torch

    from trainer.tasks.base import Batch

_SAMPLING = ("temperature", "top_p", "top_k", "min_p", "typical_p", "epsilon_cutoff", "eta_cutoff")


def fitting(settings: Generation | None, positions: int | None) -> Generation:
    """The settings, or the usual ones, with room for a prompt among the model's positions.

    Raises:
        ConfigError: more new tokens are asked for than the model has positions for.
    """
    if settings is None or "max_new_tokens" not in settings.model_fields_set:
        chosen = settings or Generation()
        # The usual number, or half of the positions of a model that has few.
        most = min(chosen.max_new_tokens, max(1, (positions or 2 * chosen.max_new_tokens) // 2))
        return chosen.model_copy(update={"max_new_tokens": most})
    if positions is not None and settings.max_new_tokens >= positions:
        what = f"{settings.max_new_tokens} leaves no room among the model's {positions} positions"
        raise ConfigError("generation.max_new_tokens", what)
    return settings


def configured(model: Any, settings: Generation, frame: Mapping[str, Any]) -> Any:
    """The model's ``generation_config`` with these settings laid over it.

    Args:
        model: any of transformers that generates.
        settings: from ``fitting``.
        frame: ``pad``, the token that fills rows that are done, and ``end``, one that ends a text, beside those that
            the model names.
    """
    config = copy.deepcopy(model.generation_config)
    # One length for all: max_new_tokens. What belongs to sampling would only warn.
    for name in ("max_length", "min_length", *_SAMPLING):
        setattr(config, name, None)
    for name, value in settings.model_dump(exclude={"always"}).items():
        if value is not None:
            setattr(config, name, value)
    config.do_sample = False
    config.pad_token_id = frame["pad"]
    # What the model's folder says may be of another tokenizer, or lack the one that ended the texts trained on.
    ends = config.eos_token_id if isinstance(config.eos_token_id, list) else [config.eos_token_id]
    ends = [token for token in dict.fromkeys([*ends, frame["end"]]) if token is not None]
    config.eos_token_id = ends[0] if len(ends) == 1 else ends or None
    if config.num_beams == 1:
        config.length_penalty = config.early_stopping = None
    return config


def generate(model: Any, batch: Batch, config: Any) -> torch.Tensor:
    """New tokens ``(rows, longest)``: without the prompt of a decoder, and without the first token of an
    encoder-decoder, which only starts it. Rows that are done are filled with ``config.pad_token_id``.

    Args:
        model: in evaluation mode.
        batch: ``input_ids`` and ``attention_mask``, on the model's device; prompts of a decoder padded on the left.
        config: from ``configured``.
    """
    with _quiet():
        # A copy: it is filled in with the length of this batch's prompts.
        found: torch.Tensor = model.generate(**batch, generation_config=copy.deepcopy(config))
    return found[:, 1:] if model.config.is_encoder_decoder else found[:, batch["input_ids"].shape[1] :]


@contextmanager
def _quiet() -> Iterator[None]:
    with quiet(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logger = logging.getLogger("transformers.generation")
        level = logger.level
        logger.setLevel(logging.ERROR)
        try:
            yield
        finally:
            logger.setLevel(level)
