"""A tag for every word, by any Hugging Face encoder: named entities, slots, parts of speech."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from trainer.data import as_written, report, sources, splitting, storage, tagging, tags, tokens, word_pieces, words
from trainer.data.cleaning import clean_keys
from trainer.entities import ENTITY_GOALS, entity_metrics, per_kind
from trainer.errors import DataError
from trainer.hub_access import quiet
from trainer.per_class import ClassScore
from trainer.tasks.base import PAD, Batch, Predictor, Prepared, Split, Task
from trainer.tasks.common import OF_NUMBERS, check_metric, refuse, refuse_text_steps
from trainer.tasks.pretrained_checks import check_model
from trainer.tasks.text_classification import max_length

if TYPE_CHECKING:
    import numpy as np
    import torch

    from trainer.config import Goal, TrainConfig
    from trainer.pretrained import Head

AUTO = "AutoModelForTokenClassification"
_UNUSED = {
    **OF_NUMBERS,
    "data.text_pair": None,
    "data.stratify": True,
}


class TokenClassification(Task):
    """``data.text`` names a column of words (``tokens``) and ``data.label`` their tags (``tags``), names or ids; or a
    column of texts and their entities as spans of characters.

    Long rows become overlapping windows, and these are what batches, epochs and ``Split.rows`` count. Prepared data
    hold whole rows: ``max_length`` and ``doc_stride`` may vary from trial to trial. A word is tagged by its first
    token, in the window that has the most context for it.
    """

    name: ClassVar[str] = "token-classification"
    goals: ClassVar[Mapping[str, Goal]] = ENTITY_GOALS

    def check(self, config: TrainConfig) -> None:
        """Refuse settings that cannot be used; the model itself is looked at by ``prepare``."""
        check_metric(config, self)
        refuse(config, self, _UNUSED)
        check_model(config, mend="")
        sources.check(config.data)
        refuse_text_steps(config.data, "what labels point at")

    def prepare(self, config: TrainConfig, cache: Path) -> Prepared:
        """The arrays of ``word_pieces.encode``, and windows over them, which are worked out anew each time."""
        from trainer import pretrained

        tokenizer = pretrained.tokenizer(config.model)
        default, most = pretrained.lengths(pretrained.settings(config.model, config.model_args), tokenizer)
        meta = {
            "frame": tokens.frame(tokenizer, pair=False, pad=tokenizer.eos_token_id),
            "max_length": default,
            "positions": most,
            "columns": words.columns(config.data),
            "missing": config.data.missing,
            "windows": True,
        }
        facts = {"tokenizer": pretrained.tokenizer_digest(config.model), "meta": meta, **sources.facts(config.data)}
        name = storage.fingerprint({"task": self.name, **facts})
        stored = storage.open_or_make(cache, name, lambda: _make(config, meta))
        splits = {split: self.windows(rows, config, stored) for split, rows in stored.splits.items()}
        for split, rows in splits.items():
            if not rows.rows:
                raise DataError(f"data.{split}", f"{config.model} makes no tokens of any word")
        return replace(stored, splits=splits)

    def windows(self, split: Split, config: TrainConfig, prepared: Prepared) -> Split:
        """A split of whole rows with windows for rows.

        Raises:
            ConfigError: ``max_length`` or ``doc_stride`` cannot be used.
        """
        specials = tokens.specials(prepared.meta["frame"])
        return word_pieces.windowed(split, config, max_length(config, prepared), specials)

    def build_model(self, config: TrainConfig, prepared: Prepared) -> torch.nn.Module:
        """See ``trainer.pretrained.build``."""
        from trainer import pretrained

        return pretrained.build(config.model, config.model_args, _head(prepared), config.dropout, config.init)

    def skeleton(self, config: TrainConfig, prepared: Prepared) -> torch.nn.Module:
        """By the model's configuration alone: no weights are read."""
        from trainer import pretrained

        return pretrained.skeleton(config.model, config.model_args, _head(prepared))

    def collate(self, split: Split, rows: np.ndarray, config: TrainConfig, prepared: Prepared) -> Batch:  # noqa: ARG002
        """``input_ids``, what else the model takes, and ``labels``: tag ids at the first tokens of the words that the
        window judges, ``PAD`` elsewhere; each (rows, longest of them)."""
        import numpy as np
        import torch

        arrays, frame = split.arrays, prepared.meta["frame"]
        begin, low, high = (arrays[name][rows] for name in ("begin", "low", "high"))
        counts = arrays["end"][rows] - begin
        batch = tokens.lay_out(frame, [arrays["ids"]], [begin], [counts])
        (place,) = tokens.body_places(frame, [counts])
        labels = np.full(batch["input_ids"].shape, PAD, dtype=np.int64)
        for row, (start, stop, shift) in enumerate(zip(low, high, place - begin, strict=True)):
            labels[row, start + shift : stop + shift] = arrays["labels"][start:stop]
        return {name: torch.from_numpy(array) for name, array in {**batch, "labels": labels}.items()}

    def units(self, batch: Batch) -> int:
        """Words that are judged."""
        return int((batch["labels"] != PAD).sum())

    def loss(
        self, model: torch.nn.Module, batch: Batch, *, label_smoothing: float = 0.0
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Cross entropy summed over the words that are judged, and the logits ``(rows, tokens, tags)``, in float32."""
        from torch.nn import functional

        inputs = {name: tensor for name, tensor in batch.items() if name != "labels"}
        scores: torch.Tensor = model(**inputs).logits.float()
        summed = functional.cross_entropy(
            scores.flatten(0, 1),
            batch["labels"].flatten(),
            ignore_index=PAD,
            reduction="sum",
            label_smoothing=label_smoothing,
        )
        return summed, scores

    def observe(
        self, model: torch.nn.Module, batch: Batch, config: TrainConfig, prepared: Prepared
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """The loss, and the likeliest tag at each token that is judged, ``PAD`` elsewhere ``(rows, tokens)``."""
        summed, scores = super().observe(model, batch, config, prepared)
        return summed, scores.argmax(dim=-1).masked_fill(batch["labels"] == PAD, PAD)

    def evaluate(
        self,
        outputs: np.ndarray,
        split: Split,
        loss: float,
        config: TrainConfig,  # noqa: ARG002
        prepared: Prepared,
    ) -> dict[str, float]:
        """The metrics of ``trainer.entities.entity_metrics`` over all words of the split."""
        arrays = split.arrays
        predicted = _tags_of_words(outputs, split)
        return entity_metrics(predicted, arrays["tags"], arrays["word_offsets"], prepared.label_names, loss)

    def per_class(self, outputs: np.ndarray, split: Split, prepared: Prepared) -> Mapping[str, ClassScore]:
        """Of each kind of entity; see ``trainer.entities.per_kind``."""
        arrays = split.arrays
        return per_kind(_tags_of_words(outputs, split), arrays["tags"], arrays["word_offsets"], prepared.label_names)

    def export(self, model: torch.nn.Module, config: TrainConfig, prepared: Prepared, out: Path) -> None:
        """A Hugging Face folder, tags inside, and ``sweepwright.json``."""
        from trainer.tasks import exported

        length = max_length(config, prepared)
        tokenizer = _tokenizer(config.model, prepared.meta["form"])
        tokenizer.model_max_length = length
        out.mkdir(parents=True, exist_ok=True)
        with quiet():
            model.save_pretrained(out)  # type: ignore[operator]
            tokenizer.save_pretrained(out)
        known = {name: prepared.meta[name] for name in ("form", "missing")}
        facts = {**known, "max_length": length, "doc_stride": config.doc_stride}
        exported.write(out, self, prepared.meta["columns"], label_names=prepared.label_names, **facts)

    def restore(self, folder: Path, facts: Mapping[str, Any], device: torch.device) -> Predictor:
        """See ``trainer.tasks.entity_predictor``."""
        from trainer.tasks.entity_predictor import EntityPredictor

        return EntityPredictor(self, folder, facts, device)


def _tags_of_words(outputs: np.ndarray, split: Split) -> np.ndarray:
    """The predicted tag of every word of the split ``(words,)``."""
    # Windows judge their words in order and each word once, so what is left are all words' tokens in order.
    return word_pieces.of_words(split.arrays, outputs[outputs != PAD], tagging.UNTAGGED)


def _head(prepared: Prepared) -> Head:
    from trainer import pretrained

    return pretrained.classifier(prepared.label_names, AUTO)


def _tokenizer(name: str, form: words.Form) -> Any:
    """Where rows are words, each is tokenised as one after a space: byte-level tokenizers have to be told."""
    from trainer import pretrained

    return pretrained.load_tokenizer(name, **({"add_prefix_space": True} if form == "words" else {}))


def _make(config: TrainConfig, meta: Mapping[str, Any]) -> storage.Bundle:
    columns = meta["columns"]
    text, label = columns["text"], columns["label"]
    data = config.data.model_copy(update=columns)
    given = as_written.tables(data, columns.values(), columns.values())
    form = words.read(given["train"], text).form
    read = {split: words.read(table, text, form=form) for split, table in given.items()}
    cleaned = clean_keys(data, given, {split: [tuple(row) for row in rows.words] for split, rows in read.items()})
    rows = {split: read[split].take(cleaned.rows[split].tolist()) for split in given}
    found = {split: tags.read(rows[split], table, label) for split, table in cleaned.tables.items()}
    names = tags.names(data, cleaned.tables["train"], label, found["train"][0], form)
    ids = {split: tags.encode(found[split][0], names, table, label) for split, table in cleaned.tables.items()}
    chosen, done = splitting.choose(data, cleaned, None)
    tokenizer = _tokenizer(config.model, form)
    arrays = {}
    for split, selection in chosen.items():
        numbers = selection.rows.tolist()
        taken = [ids[selection.source][row] for row in numbers]
        arrays[split] = word_pieces.encode(tokenizer, rows[selection.source].take(numbers), taken)
    if all(names[tag] == tagging.OUTSIDE for tag in set(arrays["train"]["tags"].tolist())):
        raise DataError("data.train", "no train row has an entity", "raise data.limit or give rows with tags")
    spans = {split: found[selection.source][1] for split, selection in chosen.items()}
    specials = tokens.specials(meta["frame"])
    lengths = {split: stored["offsets"][1:] - stored["offsets"][:-1] + specials for split, stored in arrays.items()}
    said = report.describe(cleaned, chosen, done, lengths=lengths)
    counts = {split: len(selection.rows) for split, selection in chosen.items()}
    return storage.Bundle(arrays, names, {**meta, "form": form, "spans": spans}, counts, said)
