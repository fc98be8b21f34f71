"""Texts, or pairs of texts, and their labels, made ready."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from trainer.data import label_sets, packed, report, sources, splitting, storage, texts, tokens
from trainer.data.cleaning import clean
from trainer.data.labels import find
from trainer.tasks.common import check_classes

if TYPE_CHECKING:
    import numpy as np

    from trainer.sections import DataConfig


def make(data: DataConfig, tokenizer: object, meta: Mapping[str, Any], *, keep_texts: bool = False) -> storage.Bundle:
    """Read, clean, split and tokenise.

    Args:
        data: the settings.
        tokenizer: of the model.
        meta: facts to keep beside the arrays; ``frame`` among them, what the tokenizer puts around texts.
        keep_texts: whether the texts of train rows are kept too, for steps that change them: ``text`` and
            ``text_offsets``, and those of a pair.

    Raises:
        DataError: rows, columns or labels that cannot be used, with file, column and row.
    """
    columns = texts.columns(data)
    label = columns["label"]
    roles = [role for role in ("text", "text_pair") if role in columns]
    only = [*columns.values(), *([data.group] if data.group else [])]
    cleaned = clean(data, sources.tables(data, only=only), {role: columns[role] for role in roles}, label)
    tables = cleaned.tables
    several = label_sets.are_sets(tables["train"].column(label, "data.label"), data.label_separator)
    if several:
        labels = label_sets.find(tables["train"], label, data.label_names, data.label_separator)
        ids = {split: label_sets.encode(labels, table, label, data.label_separator) for split, table in tables.items()}
    else:
        labels = find(tables["train"], label, data.label_names)
        ids = {split: labels.encode(table.column(label, "data.label"), table, label) for split, table in tables.items()}
    chosen, done = splitting.choose(data, cleaned, None if several else ids["train"])
    if not several:
        check_classes(ids["train"][chosen["train"].rows], labels)
    arrays: dict[str, dict[str, np.ndarray]] = {}
    for split, selection in chosen.items():
        stored = {"labels": ids[selection.source][selection.rows]}
        for role, prefix in zip(roles, ("", "pair_"), strict=False):
            column = cleaned.texts[selection.source][role]
            written = [column[row] for row in selection.rows]
            stored[f"{prefix}ids"], stored[f"{prefix}offsets"] = tokens.tokenise(tokenizer, written)
            if keep_texts and split == "train":
                stored[f"{prefix}text"], stored[f"{prefix}text_offsets"] = packed.pack(written)
        counts = [stored[name][1:] - stored[name][:-1] for name in ("offsets", "pair_offsets") if name in stored]
        stored["lengths"] = sum(counts) + tokens.specials(meta["frame"])
        arrays[split] = stored
    of_rows = {split: stored["labels"] for split, stored in arrays.items()}
    long = {split: stored["lengths"] for split, stored in arrays.items()}
    known = {**meta, "label_kind": labels.kind, "several": several, "label_separator": data.label_separator}
    said = report.describe(cleaned, chosen, done, labels=of_rows, names=labels.names, lengths=long)
    return storage.Bundle(arrays, labels.names, known, report=said)
