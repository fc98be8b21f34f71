"""What tasks that foretell tokens have in common."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from trainer.errors import ConfigError
from trainer.tasks.base import PAD

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


def check_vocabulary(config: TrainConfig, found: Any, tokenizer: Any) -> None:
    """Refuse a model that embeds fewer tokens than its tokenizer makes.

    Raises:
        ConfigError: gives both numbers.
    """
    embedded = getattr(found.get_text_config(), "vocab_size", None)
    if embedded is not None and len(tokenizer) > embedded:
        what = f"{config.model} embeds {embedded} tokens, its tokenizer makes {len(tokenizer)}"
        raise ConfigError("model", what, "save it resized, or draw it anew: init: random and model_args.vocab_size")


def decode(tokenizer: Any, rows: Sequence[Sequence[int]]) -> list[str]:
    """Ids as texts, without special tokens. One by one: of no rows ``batch_decode`` makes one text."""
    return [str(tokenizer.decode(ids, skip_special_tokens=True)) for ids in rows]
