"""Texts into texts (summaries, translations, descriptions), by any Hugging Face encoder-decoder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from trainer.data import report, source_target, sources, splitting, storage, tokens
from trainer.data.cleaning import for_measuring
from trainer.errors import ConfigError
from trainer.sections import Generation
from trainer.tasks.base import PAD, Batch, Predictor, Prepared, Split, Task
from trainer.tasks.common import OF_NUMBERS, check_metric, refuse
from trainer.tasks.language import (
    LANGUAGE_GOALS,
    check_vocabulary,
    decode,
    language_metrics,
    token_losses,
)
from trainer.tasks.pretrained_checks import check_model, length_within
from trainer.text_metrics import TEXT_GOALS, text_metrics

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
_AUTO = "AutoModelForSeq2SeqLM"


class Seq2Seq(Task):
    """``config.model`` is a hub name or a local folder. The loss is a mean over the tokens of the targets.

    Greedy or beam-searched texts are compared with the references where the chosen metric is about them, or
    ``generation.always`` is set: generating costs many times what the loss does.
    """

    name: ClassVar[str] = "seq2seq"
    goals: ClassVar[Mapping[str, Goal]] = {**LANGUAGE_GOALS, **TEXT_GOALS}

    def check(self, config: TrainConfig) -> None:
        """Refuse settings that cannot be used; the model itself is looked at by ``prepare``."""
        check_metric(config, self)
        refuse(config, self, _UNUSED)
        if config.sharding != "none" and _generates(config):
            message = f"{config.sharding!r} leaves no process a whole model to generate texts by"
            raise ConfigError("sharding", message, "leave it out, or choose loss, perplexity or token_accuracy")
        check_model(config)
        sources.check(config.data)

    def prepare(self, config: TrainConfig, cache: Path) -> Prepared:
        """Arrays as ``trainer.data.source_target`` makes them; ids are of full length and without special tokens."""
        from trainer import pretrained

        tokenizer = pretrained.tokenizer(config.model)
        meta = self.meta(config, tokenizer)
        facts = {"tokenizer": pretrained.tokenizer_digest(config.model), "meta": meta, **sources.facts(config.data)}
        name = storage.fingerprint({"task": self.name, **facts})
        prepared = storage.open_or_make(cache, name, lambda: _make(config, tokenizer, meta))
        _lengths(config, prepared)
        return prepared

    def build_model(self, config: TrainConfig, prepared: Prepared) -> torch.nn.Module:
        """See ``trainer.pretrained.build``."""
        from trainer import pretrained

        _lengths(config, prepared)
        return pretrained.build(config.model, config.model_args, pretrained.Head(_AUTO), config.dropout, config.init)

    def skeleton(self, config: TrainConfig, prepared: Prepared) -> torch.nn.Module:  # noqa: ARG002
        """By the model's configuration alone: no weights are read."""
        from trainer import pretrained

        return pretrained.skeleton(config.model, config.model_args, pretrained.Head(_AUTO))

    def collate(self, split: Split, rows: np.ndarray, config: TrainConfig, prepared: Prepared) -> Batch:
        """``input_ids`` and what else the encoder takes, each (rows, longest source); ``labels`` (rows, longest
        target), ``PAD`` behind the shorter ones; ``asked`` (rows,), whether a text is to be generated."""
        import torch

        arrays, frame = split.arrays, prepared.meta["frame"]
        longest, longest_target = _lengths(config, prepared)
        batch = tokens.assemble(frame, [(arrays["ids"], arrays["offsets"])], rows, longest)
        # Padded on the right, whatever side the tokenizer pads on: a decoder starts at the left.
        right = {**frame, "pad": PAD, "padding_side": "right"}
        targets = (arrays["target_ids"], arrays["target_offsets"])
        batch["labels"] = tokens.assemble(right, [targets], rows, longest_target)["input_ids"]
        batch["asked"] = arrays["asked"][rows]
        batch.pop("token_type_ids", None)
        return {name: torch.from_numpy(array) for name, array in batch.items()}

    def units(self, batch: Batch) -> int:
        """Tokens of the targets, their end among them."""
        return int((batch["labels"] != PAD).sum())

    def loss(
        self, model: torch.nn.Module, batch: Batch, *, label_smoothing: float = 0.0
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Summed cross entropy in float32, and the scores of the tokens ``(rows, longest target, vocabulary)``.

        The decoder reads the targets as the model itself shifts them. Label smoothing as in transformers'
        ``LabelSmoother``.
        """
        network: Any = model
        read = network.prepare_decoder_input_ids_from_labels(labels=batch["labels"])
        scores = network(**_inputs(batch), decoder_input_ids=read, use_cache=False).logits
        return token_losses(scores, batch["labels"], label_smoothing).sum(), scores

    def observe(
        self, model: torch.nn.Module, batch: Batch, config: TrainConfig, prepared: Prepared
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """The loss, and per row how many tokens were foretold rightly, then the ids generated for it (int64)."""
        import torch

        loss, scores = self.loss(model, batch)
        right = ((scores.argmax(-1) == batch["labels"]) & (batch["labels"] != PAD)).sum(1, keepdim=True)
        if not _generates(config):
            return loss, right
        from trainer import generation

        asked = batch["asked"]
        if not asked.any():
            return loss, right
        settings = generation.fitting(config.generation, prepared.meta["positions"])
        how = generation.configured(model, settings, prepared.meta["frame"])
        written = generation.generate(model, {name: part[asked] for name, part in _inputs(batch).items()}, how)
        kept = torch.full((len(right), written.shape[1]), PAD, dtype=torch.int64, device=right.device)
        kept[asked] = written
        return loss, torch.cat([right, kept], dim=1)

    def evaluate(
        self, outputs: np.ndarray, split: Split, loss: float, config: TrainConfig, prepared: Prepared
    ) -> dict[str, float]:
        """``loss``, ``perplexity``, ``token_accuracy``; of generated texts those of ``trainer.text_metrics``.

        A source that several rows have is generated for once, and all their targets are its references.
        """
        import numpy as np

        specials = tokens.specials(prepared.meta["frame"])
        counts = np.minimum(np.diff(split.arrays["target_offsets"]) + specials, _lengths(config, prepared)[1])
        found = language_metrics(loss, right=int(outputs[:, 0].sum()), counted=int(counts.sum()))
        if not _generates(config):
            return found
        from trainer import pretrained

        tokenizer = pretrained.tokenizer(config.model)
        ids = outputs[split.arrays["asked"], 1:].astype(np.int64)
        written = [text.strip() for text in decode(tokenizer, [row[row != PAD].tolist() for row in ids])]
        return {**found, **text_metrics(written, source_target.references(split.arrays))}

    def in_full(self, config: TrainConfig) -> TrainConfig:
        """With texts generated, whatever the metric of the sweep is."""
        generation = config.generation or Generation()
        return config.model_copy(update={"generation": generation.model_copy(update={"always": True})})

    def export(self, model: torch.nn.Module, config: TrainConfig, prepared: Prepared, out: Path) -> None:
        """A Hugging Face folder with the tokenizer and the settings of generation, and ``sweepwright.json``."""
        from trainer.tasks import language_export

        language_export.write(self, model, config, prepared, out)

    def restore(self, folder: Path, facts: Mapping[str, Any], device: torch.device) -> Predictor:
        """The model by ``AutoModelForSeq2SeqLM``; rows are source texts, answers the texts it writes."""
        from trainer.tasks.seq2seq_predictor import Seq2SeqPredictor

        return Seq2SeqPredictor(self, folder, facts, device)

    def split_of(self, table: Any, config: TrainConfig, tokenizer: Any) -> tuple[Split, Prepared]:
        """All rows of a table as an evaluation split, in memory."""
        meta = self.meta(config, tokenizer)
        cleaned = source_target.cleaned(for_measuring(config.data), {"train": table})
        pairs = source_target.Pairs(config.data, cleaned, "train")
        arrays = pairs.arrays(range(len(pairs.sources)), tokenizer, meta["frame"], config.data.prefix or "")
        split = Split(len(pairs.sources), arrays, arrays["lengths"])
        return split, Prepared(Path(config.model), {"validation": split}, (), meta)

    def meta(self, config: TrainConfig, tokenizer: Any) -> dict[str, Any]:
        """What ``Prepared.meta`` holds, from model and tokenizer alone.

        Raises:
            ConfigError: they are not of this task's kind, or do not fit each other.
        """
        from trainer import pretrained

        found = pretrained.settings(config.model, config.model_args)
        if not getattr(found, "is_encoder_decoder", False):
            what = f"{config.model} ({found.model_type}) is no encoder-decoder"
            raise ConfigError("model", what, "for a decoder alone the task is causal-lm")
        check_vocabulary(config, found, tokenizer)
        default, most = pretrained.lengths(found, tokenizer)
        frame = {**tokens.frame(tokenizer, pair=False), "end": tokenizer.eos_token_id}
        return {
            "frame": frame,
            "max_length": default,
            "positions": most,
            "columns": source_target.columns(config.data),
        }


def _inputs(batch: Batch) -> Batch:
    return {name: tensor for name, tensor in batch.items() if name not in ("labels", "asked")}


def _generates(config: TrainConfig) -> bool:
    always = config.generation is not None and config.generation.always
    return always or config.metric in TEXT_GOALS


def _lengths(config: TrainConfig, prepared: Prepared) -> tuple[int, int]:
    least = tokens.specials(prepared.meta["frame"]) + 1
    return (
        length_within("max_length", config.max_length, config, prepared, least),
        length_within("max_target_length", config.max_target_length, config, prepared, least),
    )


def _make(config: TrainConfig, tokenizer: Any, meta: Mapping[str, Any]) -> storage.Bundle:
    data = config.data
    only = [*meta["columns"].values(), *([data.group] if data.group else [])]
    cleaned = source_target.cleaned(data, sources.tables(data, only=only))
    given = {split: source_target.Pairs(data, cleaned, split) for split in cleaned.tables}
    chosen, done = splitting.choose(data, cleaned, None)
    arrays = {
        split: given[selection.source].arrays(selection.rows.tolist(), tokenizer, meta["frame"], data.prefix or "")
        for split, selection in chosen.items()
    }
    lengths = {split: stored["lengths"] for split, stored in arrays.items()}
    said = report.describe(cleaned, chosen, done, lengths=lengths)
    rows = {split: len(selection.rows) for split, selection in chosen.items()}
    return storage.Bundle(arrays, (), meta, rows, said)
