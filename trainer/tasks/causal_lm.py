"""Texts, completions of prompts and conversations, by any Hugging Face decoder."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from trainer.data import chat, report, sources, splitting, storage, token_rows, windows
from trainer.data.cleaning import for_measuring
from trainer.data.tables import Table
from trainer.errors import ConfigError
from trainer.tasks.base import PAD, Batch, Predictor, Prepared, Split, Task
from trainer.tasks.common import OF_NUMBERS, check_metric, refuse
from trainer.tasks.language import (
    LANGUAGE_GOALS,
    check_vocabulary,
    language_metrics,
    token_losses,
)
from trainer.tasks.pretrained_checks import check_model, length_within

if TYPE_CHECKING:
    import numpy as np
    import torch

    from trainer.config import Goal, TrainConfig

_UNUSED = {
    **OF_NUMBERS,
    "data.text_pair": None,
    "data.label_names": None,
    "data.label_separator": None,
}
_OF_KIND = {
    "text": ("data.text", "packing"),
    "prompt": ("data.label", "data.prefix", "data.suffix", "completion_only"),
    "messages": ("data.chat_template", "completion_only"),
}
_AUTO = "AutoModelForCausalLM"
_USUAL_LENGTH = 1024
_MOST_SCORES = 2**27
"""Scores (rows x tokens x vocabulary) that evaluation has at once: half a gigabyte in float32, a few times over."""


class CausalLM(Task):
    """``config.model`` is a hub name or a local folder. The loss is a mean over the tokens that count.

    Rows are documents (``data.text``), prompts with completions (``data.prompt``, ``data.label``) or conversations
    (``data.messages``). Documents are packed into blocks of ``max_length`` tokens and every token counts; of the others
    what the prompt or the user says does not count, unless ``completion_only`` is false.
    """

    name: ClassVar[str] = "causal-lm"
    goals: ClassVar[Mapping[str, Goal]] = {**LANGUAGE_GOALS, "bits_per_byte": "minimize"}

    def check(self, config: TrainConfig) -> None:
        """Refuse settings that cannot be used; the model itself is looked at by ``prepare``."""
        check_metric(config, self)
        refuse(config, self, _UNUSED)
        _check_kind(config)
        check_model(config)
        sources.check(config.data)

    def prepare(self, config: TrainConfig, cache: Path) -> Prepared:
        """Arrays as ``trainer.data.token_rows`` makes them, of full length; packed blocks are cut from them."""
        from trainer import pretrained

        tokenizer = pretrained.tokenizer(config.model)
        meta = self.meta(config, tokenizer)
        template = _template(config, tokenizer)
        facts = sources.facts(config.data)
        # By its content, wherever its file lies.
        facts["data"] = {**facts["data"], "chat_template": template}
        digest = pretrained.tokenizer_digest(config.model)
        name = storage.fingerprint({"task": self.name, "tokenizer": digest, "meta": meta, **facts})
        stored = storage.open_or_make(cache, name, lambda: _make(config, tokenizer, meta, template))
        return _cut(config, stored)

    def build_model(self, config: TrainConfig, prepared: Prepared) -> torch.nn.Module:
        """See ``trainer.pretrained.build``."""
        from trainer import pretrained

        _length(config, prepared)
        return pretrained.build(config.model, config.model_args, pretrained.Head(_AUTO), config.dropout, config.init)

    def skeleton(self, config: TrainConfig, prepared: Prepared) -> torch.nn.Module:  # noqa: ARG002
        """By the model's configuration alone: no weights are read."""
        from trainer import pretrained

        return pretrained.skeleton(config.model, config.model_args, pretrained.Head(_AUTO))

    def collate(self, split: Split, rows: np.ndarray, config: TrainConfig, prepared: Prepared) -> Batch:
        """``input_ids``, ``attention_mask`` and ``labels``, each (rows, longest of them), padded on the right.

        ``labels`` are the tokens after those of ``input_ids``, and ``PAD`` where they do not count.
        """
        import torch

        length, pad = _length(config, prepared), prepared.meta["frame"]["pad"]
        if packs(config):
            batch = windows.block_batch(split.arrays["ids"], rows, length, pad)
        else:
            marked = "marks" in split.arrays and config.completion_only is not False
            batch = windows.row_batch(split.arrays, rows, length, pad, marked=marked)
        return {name: torch.from_numpy(array) for name, array in batch.items()}

    def units(self, batch: Batch) -> int:
        """Tokens that count."""
        return int((batch["labels"] != PAD).sum())

    def loss(
        self, model: torch.nn.Module, batch: Batch, *, label_smoothing: float = 0.0
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Summed cross entropy in float32, and the scores of the next tokens ``(rows, longest, vocabulary)``."""
        scores = _scores(model, batch)
        return token_losses(scores, batch["labels"], label_smoothing).sum(), scores

    def observe(
        self,
        model: torch.nn.Module,
        batch: Batch,
        config: TrainConfig,  # noqa: ARG002
        prepared: Prepared,  # noqa: ARG002
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """The loss, and per row how many tokens count and how many were foretold rightly ``(rows, 2)``, int64.

        A few rows at a time where the vocabulary is large, whatever the batch: their scores are the most of it.
        """
        import torch

        network: Any = model
        tokens = batch["labels"].shape[1] * int(network.config.get_text_config().vocab_size)
        losses, kept = [], []
        for part in _parts(batch, max(1, _MOST_SCORES // tokens)):
            scores, labels = _scores(model, part), part["labels"]
            counts = labels != PAD
            losses.append(token_losses(scores, labels).sum())
            kept.append(torch.stack([counts.sum(1), ((scores.argmax(-1) == labels) & counts).sum(1)], dim=1))
        return torch.stack(losses).sum(), torch.cat(kept)

    def evaluate(
        self,
        outputs: np.ndarray,
        split: Split,
        loss: float,
        config: TrainConfig,
        prepared: Prepared,  # noqa: ARG002
    ) -> dict[str, float]:
        """``loss``, ``perplexity`` and ``token_accuracy`` of the tokens that count.

        Of packed documents also ``bits_per_byte``: what all their tokens cost, in bits, for each byte of UTF-8. It
        compares models whatever their tokenizers are (Gao et al. 2020, "The Pile", section 3.1).
        """
        counted, right = (int(total) for total in outputs.sum(axis=0))
        found = language_metrics(loss, right=right, counted=counted)
        if packs(config):
            found["bits_per_byte"] = loss * counted / math.log(2) / int(split.arrays["bytes"][0])
        return found

    def export(self, model: torch.nn.Module, config: TrainConfig, prepared: Prepared, out: Path) -> None:
        """A Hugging Face folder with the tokenizer, its chat template and the settings of generation, and
        ``sweepwright.json``."""
        from trainer.tasks import language_export

        language_export.write(self, model, config, prepared, out)

    def restore(self, folder: Path, facts: Mapping[str, Any], device: torch.device) -> Predictor:
        """The model by ``AutoModelForCausalLM``; rows are prompts or conversations, answers what it goes on with."""
        from trainer.tasks.causal_predictor import CausalPredictor

        return CausalPredictor(self, folder, facts, device)

    def split_of(self, table: Table, config: TrainConfig, tokenizer: Any) -> tuple[Split, Prepared]:
        """All rows of a table as an evaluation split, in memory."""
        meta = self.meta(config, tokenizer)
        cleaned = token_rows.cleaned(for_measuring(config.data), {"train": table})
        template = _template(config, tokenizer)
        stored = token_rows.arrays(config.data, cleaned, "train", tokenizer, meta["frame"], template)(
            range(cleaned.tables["train"].rows)
        )
        split = Split(len(stored["lengths"]), stored, stored["lengths"])
        prepared = _cut(config, Prepared(Path(config.model), {"validation": split}, (), meta))
        return prepared.splits["validation"], prepared

    def meta(self, config: TrainConfig, tokenizer: Any) -> dict[str, Any]:
        """What ``Prepared.meta`` holds, from model and tokenizer alone.

        Raises:
            ConfigError: they are not of this task's kind, or do not fit each other.
        """
        from trainer import pretrained

        found = pretrained.settings(config.model, config.model_args)
        if getattr(found, "is_encoder_decoder", False):
            what = f"{config.model} ({found.model_type}) is an encoder-decoder"
            raise ConfigError("model", what, "the task for these is seq2seq")
        check_vocabulary(config, found, tokenizer)
        default, most = pretrained.lengths(found, tokenizer)
        return {
            "frame": token_rows.frame(tokenizer),
            "max_length": min(default, _USUAL_LENGTH),
            "positions": most,
            "columns": token_rows.columns(config.data),
        }


def packs(config: TrainConfig) -> bool:
    """Whether rows are blocks of a stream of documents."""
    return token_rows.kind(config.data) == "text" and config.packing is not False


def _scores(model: Any, batch: Batch) -> torch.Tensor:
    inputs = {name: tensor for name, tensor in batch.items() if name != "labels"}
    scores: torch.Tensor = model(**inputs, use_cache=False).logits
    return scores


def _parts(batch: Batch, rows: int) -> list[Batch]:
    count = len(batch["labels"])
    return [{name: tensor[start : start + rows] for name, tensor in batch.items()} for start in range(0, count, rows)]


def _check_kind(config: TrainConfig) -> None:
    kind = token_rows.kind(config.data)
    if config.data.messages and config.data.prompt:
        raise ConfigError("data.prompt", "stands beside data.messages", "one of the two")
    for other, keys in _OF_KIND.items():
        for key in keys:
            if other == kind or key in _OF_KIND[kind]:
                continue
            inner = key.removeprefix("data.")
            value = getattr(config if inner == key else config.data, inner)
            if value is not None:
                column = "data.text" if other == "text" else f"data.{other}"
                raise ConfigError(key, f"{value!r} means nothing without {column}", f"rows are those of data.{kind}")
    if config.generation is not None and config.generation.always:
        raise ConfigError("generation.always", "means nothing to causal-lm, whose evaluation generates nothing")
    if config.metric == "bits_per_byte" and not packs(config):
        raise ConfigError("metric", "bits_per_byte is of packed documents, which these are not", "take loss")


def _template(config: TrainConfig, tokenizer: Any) -> str | None:
    return chat.template_of(config.data, tokenizer) if config.data.messages else None


def _length(config: TrainConfig, prepared: Prepared) -> int:
    return length_within("max_length", config.max_length, config, prepared, 2)


def _cut(config: TrainConfig, stored: Prepared) -> Prepared:
    """As many rows as there are blocks: how long a block is may differ from trial to trial."""
    length = _length(config, stored)
    if not packs(config):
        return stored
    splits = {
        name: Split(windows.blocks(len(split.arrays["ids"]), length), split.arrays)
        for name, split in stored.splits.items()
    }
    return replace(stored, splits=splits)


def _make(config: TrainConfig, tokenizer: Any, meta: Mapping[str, Any], template: str | None) -> storage.Bundle:
    data = config.data
    only = [*token_rows.columns(data).values(), *([data.group] if data.group else [])]
    tables = sources.tables(data, only=only)
    if token_rows.kind(data) == "text" and tables["train"].rows == 1 and data.folds is None:
        tables = token_rows.parts(tables, data)
    cleaned = token_rows.cleaned(data, tables)
    given = {
        split: token_rows.arrays(data, cleaned, split, tokenizer, meta["frame"], template) for split in cleaned.tables
    }
    chosen, done = splitting.choose(data, cleaned, None)
    arrays = {split: given[selection.source](selection.rows.tolist()) for split, selection in chosen.items()}
    lengths = {split: stored["lengths"] for split, stored in arrays.items()}
    said = report.describe(cleaned, chosen, done, lengths=lengths)
    rows = {split: len(selection.rows) for split, selection in chosen.items()}
    return storage.Bundle(arrays, (), meta, rows, said)
