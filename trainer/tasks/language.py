"""What tasks that foretell tokens have in common."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from trainer import hooks
from trainer.errors import ConfigError
from trainer.tasks.base import PAD, Prepared

if TYPE_CHECKING:
    import torch

    from trainer.config import Goal, TrainConfig

LANGUAGE_GOALS: Mapping[str, Goal] = {"loss": "minimize", "perplexity": "minimize", "token_accuracy": "maximize"}


def language_metrics(loss: float, *, right: int, counted: int) -> dict[str, float]:
    """Metrics of :data:`LANGUAGE_GOALS`.

    Args:
        loss: mean cross entropy in nats per token that counts.
        right: tokens that were the likeliest where they stood.
        counted: tokens that count.

    Returns:
        ``perplexity`` is ``exp(loss)``, infinite where that overflows; ``token_accuracy`` a share, 0 to 1.
    """
    perplexity = math.exp(loss) if loss < 700 else math.inf
    return {"loss": loss, "perplexity": perplexity, "token_accuracy": right / counted}


def token_losses(scores: torch.Tensor, labels: torch.Tensor, label_smoothing: float = 0.0) -> torch.Tensor:
    """Cross entropy of each row ``(rows,)`` in float32, summed over its tokens, but for those with label ``PAD``.

    Args:
        scores: before softmax ``(rows, length, vocabulary)``.
        labels: ``(rows, length)``.
        label_smoothing: as in transformers' ``LabelSmoother`` and ``torch.nn.functional.cross_entropy``.
    """
    from torch.nn import functional

    each = functional.cross_entropy(
        scores.flatten(0, 1).float(),
        labels.flatten(),
        ignore_index=PAD,
        reduction="none",
        label_smoothing=label_smoothing,
    )
    return each.view(labels.shape).sum(1)


def check_model(config: TrainConfig) -> None:
    """Refuse a module of one's own, which knows nothing of tokens.

    Raises:
        ConfigError: with the task that it is for.
    """
    if hooks.is_hook(config.model):
        what = f"expected a hub name or a folder, got {config.model!r}"
        raise ConfigError("model", what, "for a module of your own the task is classification")


def check_vocabulary(config: TrainConfig, found: Any, tokenizer: Any) -> None:
    """Refuse a model that embeds fewer tokens than its tokenizer makes.

    Raises:
        ConfigError: gives both numbers.
    """
    embedded = getattr(found.get_text_config(), "vocab_size", None)
    if embedded is not None and len(tokenizer) > embedded:
        what = f"{config.model} embeds {embedded} tokens, its tokenizer makes {len(tokenizer)}"
        raise ConfigError("model", what, "save it resized, or draw it anew: init: random and model_args.vocab_size")


def length_within(key: str, asked: int | None, config: TrainConfig, prepared: Prepared, least: int) -> int:
    """A length in tokens: as asked for, or the model's own.

    Raises:
        ConfigError: more than the model has positions for, or fewer than ``least``.
    """
    if asked is None:
        default: int = prepared.meta["max_length"]
        return default
    most = prepared.meta["positions"]
    if most is not None and asked > most:
        raise ConfigError(key, f"{asked} is more than the {most} positions of {config.model}")
    if asked < least:
        raise ConfigError(key, f"{asked} leaves no room for text, {config.model} needs {least} or more")
    return asked


def decode(tokenizer: Any, rows: Sequence[Sequence[int]]) -> list[str]:
    """Ids as texts, without special tokens. One by one: of no rows ``batch_decode`` makes one text."""
    return [str(tokenizer.decode(ids, skip_special_tokens=True)) for ids in rows]
