"""Texts, or pairs of texts, into classes, by any Hugging Face encoder or decoder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from trainer import multi_label
from trainer.augmentation import own
from trainer.data import packed, sources, storage, texts, tokens
from trainer.data.cleaning_steps import text_function
from trainer.data.labels import Labels
from trainer.data.tables import Table, shown
from trainer.draws import Draws
from trainer.errors import ConfigError, DataError, suggest
from trainer.hub_access import quiet
from trainer.metrics import CLASSIFICATION_GOALS
from trainer.multi_label import MULTI_LABEL_GOALS
from trainer.per_class import ClassScore, per_class
from trainer.tasks import class_weights, labelled_texts
from trainer.tasks.base import Batch, Predictor, Prepared, Split
from trainer.tasks.common import OF_NUMBERS, OneLabel, check_metric, check_two, refuse
from trainer.tasks.pretrained_checks import check_model, length_within

if TYPE_CHECKING:
    import numpy as np
    import torch

    from trainer.config import Goal, TrainConfig
    from trainer.pretrained import Head

_UNUSED = {
    **OF_NUMBERS,
}


class TextClassification(OneLabel):
    """``config.model`` is a hub name or a local folder."""

    name: ClassVar[str] = "text-classification"
    goals: ClassVar[Mapping[str, Goal]] = {**CLASSIFICATION_GOALS, **MULTI_LABEL_GOALS}

    def check(self, config: TrainConfig) -> None:
        """Refuse settings that cannot be used; the model itself is looked at by ``prepare``."""
        check_metric(config, self)
        refuse(config, self, _UNUSED)
        check_model(config)
        own.check(config.augment)
        sources.check(config.data)

    def prepare(self, config: TrainConfig, cache: Path) -> Prepared:
        """Arrays ``ids`` (int32, end to end), ``offsets`` (rows + 1) and ``labels``; for pairs ``pair_ids`` and more.

        Ids are without special tokens and of full length: ``collate`` frames and cuts them.
        """
        from trainer import pretrained

        tokenizer = pretrained.tokenizer(config.model)
        # Decoders have no padding token of their own: as in transformers' guides their end of text serves, and the
        # model is told, since it judges by the last token before the padding.
        frame = tokens.frame(tokenizer, pair=config.data.text_pair is not None, pad=tokenizer.eos_token_id)
        known = pretrained.settings(config.model, config.model_args)
        default, most = pretrained.lengths(known, tokenizer)
        pad = frame["pad"] if getattr(known, "pad_token_id", None) is None else None
        meta = {"frame": frame, "max_length": default, "positions": most, "columns": texts.columns(config.data)}
        meta |= {"clean": config.data.clean, "missing": config.data.missing, "pad": pad}
        facts = {"tokenizer": pretrained.tokenizer_digest(config.model), "meta": meta, **sources.facts(config.data)}
        keep = config.augment.function is not None
        name = storage.fingerprint({"task": self.name, **facts, **({"texts": "kept"} if keep else {})})
        prepared = storage.open_or_make(
            cache, name, lambda: labelled_texts.make(config.data, tokenizer, meta, keep_texts=keep)
        )
        max_length(config, prepared)
        class_weights.check(config, prepared)
        _check_metric_of(config, prepared)
        if not prepared.meta["several"]:
            check_two(config, prepared)
        if config.augment.token_dropout and frame["mask"] is None:
            what = f"{config.model} has no token for hidden or unknown ones"
            raise ConfigError("augment.token_dropout", what, "leave it out")
        return prepared

    def build_model(self, config: TrainConfig, prepared: Prepared) -> torch.nn.Module:
        """See ``trainer.pretrained.build``."""
        from trainer import pretrained

        max_length(config, prepared)
        return pretrained.build(config.model, config.model_args, _head(prepared), config.dropout, config.init)

    def skeleton(self, config: TrainConfig, prepared: Prepared) -> torch.nn.Module:
        """By the model's configuration alone: no weights are read."""
        from trainer import pretrained

        return pretrained.skeleton(config.model, config.model_args, _head(prepared))

    def collate(self, split: Split, rows: np.ndarray, config: TrainConfig, prepared: Prepared) -> Batch:
        """``input_ids``, what else the model takes, each (rows, longest of them), and ``labels`` (rows,)."""
        import torch

        arrays = split.arrays
        bodies = [(arrays["ids"], arrays["offsets"])]
        if "pair_ids" in arrays:
            bodies.append((arrays["pair_ids"], arrays["pair_offsets"]))
        batch = tokens.assemble(prepared.meta["frame"], bodies, rows, max_length(config, prepared))
        batch["labels"] = arrays["labels"][rows]
        return {name: torch.from_numpy(array) for name, array in batch.items()}

    def training_batch(
        self, split: Split, rows: np.ndarray, config: TrainConfig, prepared: Prepared, step: int
    ) -> Batch:
        """As ``collate``, texts changed by ``augment.function``, some tokens hidden by ``augment.token_dropout``."""
        draws = Draws(config.seed, step, rows)
        if config.augment.function is None:
            batch = self.collate(split, rows, config, prepared)
        else:
            batch = _rewritten(split, rows, config, prepared, draws)
        if not config.augment.token_dropout:
            return batch
        from trainer.augmentation.tokens import hidden

        frame = prepared.meta["frame"]
        special = {token for segment in frame["segments"] for token in segment}
        ids = hidden(
            batch["input_ids"],
            config.augment.token_dropout,
            draws,
            mask=frame["mask"],
            pad=frame["pad"],
            special=special,
        )
        return {**batch, "input_ids": ids}

    def logits(self, model: torch.nn.Module, batch: Batch) -> torch.Tensor:
        """The classifier's scores."""
        inputs = {name: tensor for name, tensor in batch.items() if name != "labels"}
        scores: torch.Tensor = model(**inputs).logits
        return scores

    def loss(
        self, model: torch.nn.Module, batch: Batch, *, label_smoothing: float = 0.0
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Cross entropy; of labels ``(rows, classes)`` binary cross entropy, see ``multi_label.loss``."""
        if batch["labels"].ndim == 1:
            return super().loss(model, batch, label_smoothing=label_smoothing)
        scores = self.logits(model, batch).float()
        return multi_label.loss(scores, batch["labels"], label_smoothing), scores

    def evaluate(
        self, outputs: np.ndarray, split: Split, loss: float, config: TrainConfig, prepared: Prepared
    ) -> dict[str, float]:
        """The metrics of ``trainer.metrics.classification_metrics``, or of ``multi_label.metrics``."""
        if prepared.meta["several"]:
            return multi_label.metrics(outputs, split.arrays["labels"], loss)
        return super().evaluate(outputs, split, loss, config, prepared)

    def per_class(self, outputs: np.ndarray, split: Split, prepared: Prepared) -> Mapping[str, ClassScore]:
        """See ``trainer.per_class``; of several classes those with a probability of 0.5 or more are predicted."""
        if prepared.meta["several"]:
            return per_class(split.arrays["labels"], outputs >= 0, prepared.label_names)
        return super().per_class(outputs, split, prepared)

    def export(self, model: torch.nn.Module, config: TrainConfig, prepared: Prepared, out: Path) -> None:
        """A Hugging Face folder, label names inside, and ``sweepwright.json``.

        ``model_max_length`` of the tokenizer is the length trained with: ``truncation=True`` cuts alike.
        """
        from trainer import pretrained
        from trainer.tasks import exported

        tokenizer = pretrained.load_tokenizer(config.model)
        tokenizer.model_max_length = max_length(config, prepared)
        tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
        out.mkdir(parents=True, exist_ok=True)
        with quiet():
            model.save_pretrained(out)  # type: ignore[operator]
            tokenizer.save_pretrained(out)
        exported.write_labelled(out, self, prepared, prepared.meta["columns"])

    def restore(self, folder: Path, facts: Mapping[str, Any], device: torch.device) -> Predictor:
        """The model by ``AutoModelForSequenceClassification``, its tokenizer with the length trained with."""
        from trainer import pretrained
        from trainer.tasks.class_predictor import ClassPredictor, Feed
        from trainer.tasks.label_set_predictor import LabelSetPredictor

        tokenizer = pretrained.load_tokenizer(str(folder))
        model = pretrained.load_exported(str(folder), "AutoModelForSequenceClassification")
        columns, clean_text = facts["columns"], text_function(facts.get("clean", ()))

        def check(rows: Sequence[Any]) -> Sequence[Any]:
            return list(zip(*([clean_text(text) for text in column] for column in _texts(rows, columns)), strict=True))

        def encode(rows: Sequence[Any]) -> Batch:
            batch = (list(column) for column in zip(*rows, strict=True))
            return _seen(
                dict(tokenizer(*batch, truncation=True, padding=True, return_tensors="pt")), tokenizer.pad_token_id
            )

        def size(row: Sequence[str]) -> int:
            return sum(len(text) for text in row)

        def read(table: Table, asked: Mapping[str, str]) -> Sequence[Any]:
            found = [texts.read(table, asked[role], role) for role in ("text", "text_pair") if role in asked]
            return found[0] if len(found) == 1 else list(zip(*found, strict=True))

        feed = Feed(columns, check, encode, self.logits, read, size, facts.get("missing", "error"))
        labels = Labels(tuple(facts["label_names"]), facts["label_kind"])
        if facts.get("several"):
            return LabelSetPredictor(model, feed, labels, device, facts["label_separator"])
        return ClassPredictor(model, feed, labels, device)


def _rewritten(split: Split, rows: np.ndarray, config: TrainConfig, prepared: Prepared, draws: Draws) -> Batch:
    """A batch of texts as ``augment.function`` changed them, tokenised now."""
    import numpy as np
    import torch

    from trainer import pretrained

    arrays, tokenizer = split.arrays, pretrained.tokenizer(config.model)
    bodies = []
    for prefix in ("", "pair_"):
        if f"{prefix}text" in arrays:
            written = packed.at(arrays[f"{prefix}text"], arrays[f"{prefix}text_offsets"], rows)
            bodies.append(tokens.tokenise(tokenizer, own.texts(written, config.augment, draws)))
    batch = tokens.assemble(prepared.meta["frame"], bodies, np.arange(len(rows)), max_length(config, prepared))
    return {name: torch.from_numpy(array) for name, array in batch.items()} | {
        "labels": torch.from_numpy(arrays["labels"][rows])
    }


def _head(prepared: Prepared) -> Head:
    from trainer import pretrained

    return pretrained.classifier(prepared.label_names, several=prepared.meta["several"], pad=prepared.meta["pad"])


def _seen(batch: Batch, pad: int) -> Batch:
    """Without rows that attention sees nothing of: empty texts, where a tokenizer puts nothing around them."""
    import torch

    ids, mask = batch["input_ids"], batch["attention_mask"]
    if not ids.shape[1]:
        ids = torch.full((len(ids), 1), pad)
        mask = torch.zeros_like(ids)
    mask[mask.sum(dim=1) == 0, 0] = 1
    return {**batch, "input_ids": ids.long(), "attention_mask": mask.long()}


def _check_metric_of(config: TrainConfig, prepared: Prepared) -> None:
    several = prepared.meta["several"]
    goals = MULTI_LABEL_GOALS if several else CLASSIFICATION_GOALS
    if config.metric not in goals:
        what = f"{config.metric!r} is not a metric of rows with {'any number of classes' if several else 'one class'}"
        raise ConfigError("metric", what, suggest(config.metric, goals))


def _texts(rows: Sequence[Any], columns: Mapping[str, str]) -> list[list[str]]:
    """Rows as lists of texts, one list, or two for pairs. A row is a text, a pair, or a mapping with the columns."""
    roles = [role for role in ("text", "text_pair") if role in columns]
    out: list[list[str]] = [[] for _ in roles]
    for number, row in enumerate(rows, start=1):
        given = [row.get(columns[role]) for role in roles] if isinstance(row, Mapping) else row
        parts = [given] if isinstance(given, str) else given
        if not isinstance(parts, list | tuple) or [type(part) for part in parts] != [str] * len(roles):
            expected = "a text" if len(roles) == 1 else "a pair of texts"
            names = ", ".join(columns[role] for role in roles)
            raise DataError("rows", f"row {number} is {shown(row)}, expected {expected} or a mapping with {names}")
        for texts_of_role, part in zip(out, parts, strict=True):
            texts_of_role.append(part)
    return out


def max_length(config: TrainConfig, prepared: Prepared) -> int:
    """Tokens per row at most: ``config.max_length``, or what the model was made for.

    Raises:
        ConfigError: more than the model has positions for, or no room beside the special tokens.
    """
    least = tokens.specials(prepared.meta["frame"]) + (2 if "text_pair" in prepared.meta["columns"] else 1)
    return length_within("max_length", config.max_length, config, prepared, least)
