"""Predictions by models that tag words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from trainer import pretrained
from trainer.batches import evaluation_order
from trainer.config import TrainConfig
from trainer.data import tags, tokens, word_pieces, words
from trainer.data.as_written import complete
from trainer.data.readers import labelled_table
from trainer.data.tables import Table, shown
from trainer.data.tagging import UNTAGGED, Scheme
from trainer.errors import DataError
from trainer.evaluation import evaluate
from trainer.precision import Compute
from trainer.tasks.base import PAD, Predictor, Prepared, Split
from trainer.tasks.exported import chosen_columns

if TYPE_CHECKING:
    from trainer.tasks.token_classification import TokenClassification

Entity = dict[str, Any]


class EntityPredictor(Predictor):
    """An exported model on a device. Rows are texts, lists of words, or mappings by column.

    Rows go through the very windows and batches of training.
    """

    def __init__(self, task: TokenClassification, folder: Path, facts: Mapping[str, Any], device: torch.device) -> None:
        from trainer.tasks.token_classification import AUTO

        self.model, self.device = pretrained.load_exported(str(folder), AUTO).to(device).eval(), device
        self._task, self._columns, self._form = task, facts["columns"], facts["form"]
        self._missing = facts["missing"]
        self._tokenizer = pretrained.load_tokenizer(str(folder))
        lengths = {"max_length": facts["max_length"], "doc_stride": facts["doc_stride"]}
        self._config = TrainConfig.build(
            {"task": task.name, "model": str(folder), "data": {"train": str(folder)}, **lengths}
        )
        frame = tokens.frame(self._tokenizer, pair=False, pad=self._tokenizer.eos_token_id)
        meta = {"frame": frame, "max_length": facts["max_length"], "positions": None, "columns": self._columns}
        self._prepared = Prepared(folder, {}, tuple(facts["label_names"]), meta)
        self._scheme = Scheme.of(self.label_names)

    def __repr__(self) -> str:
        return f"Predictor({type(self.model).__name__}, {len(self.label_names)} tags)"

    @property
    def label_names(self) -> tuple[str, ...]:
        """The tags, in the order of their ids."""
        return self._prepared.label_names

    def predict(self, rows: Sequence[Any], *, batch_size: int = 64) -> list[list[Entity]]:
        """The entities of each row, in order: ``label``, ``start`` and ``end`` (exclusive), ``text`` and ``score``.

        Of a text start and end are characters, of a list of words they are words. The score is the mean, over the
        entity's words, of the probability of the word's tag.

        Raises:
            DataError: a row that is neither a text nor a list of words.
        """
        if isinstance(rows, str | bytes):
            raise DataError("rows", "expected a list of rows, got one text")
        given = [row.get(self._columns["text"]) if isinstance(row, Mapping) else row for row in rows]
        for number, row in enumerate(given, start=1):
            if not isinstance(row, str) and not (
                isinstance(row, list | tuple) and all(isinstance(word, str) for word in row)
            ):
                mapping = f"a mapping with {self._columns['text']}"
                raise DataError("rows", f"row {number} is {shown(row)}, expected a text, a list of words or {mapping}")
        answers: list[list[Entity]] = [[] for _ in given]
        forms: tuple[words.Form, words.Form] = ("texts", "words")
        for form in forms:
            numbers = [number for number, row in enumerate(given) if isinstance(row, str) == (form == "texts")]
            if numbers:
                table = Table("rows", "rows", {"text": [given[number] for number in numbers]}, len(numbers))
                found = self._entities(words.read(table, "text", form=form), batch_size)
                for number, entities in zip(numbers, found, strict=True):
                    answers[number] = entities
        return answers

    def evaluate(
        self,
        rows: str | Path | Sequence[Mapping[str, Any]],
        *,
        batch_size: int = 64,
        **columns: str | None,
    ) -> dict[str, float]:
        """Metrics as in training, over a file with tags or mappings of its columns; see ``Predictor.evaluate``."""
        known = chosen_columns(self._columns, columns)
        table = complete(labelled_table(rows), self._missing, known.values())
        read = words.read(table, known["text"], "text", self._form)
        found, _ = tags.read(read, table, known["label"], "label")
        split = self._split(read, tags.encode(found, self.label_names, table, known["label"]))
        if not split.rows:
            raise DataError("rows", "the tokenizer makes no tokens of any word")
        compute = Compute.choose("fp32", self.device)
        settings: dict[str, Any] = {"config": self._config, "prepared": self._prepared, "compute": compute}
        return evaluate(self.model, task=self._task, split=split, batch_size=batch_size, **settings).metrics

    def _split(self, rows: words.Rows, ids: list[list[int]]) -> Split:
        arrays = word_pieces.encode(self._tokenizer, rows, ids)
        split = Split(len(rows.words), arrays)
        return self._task.windows(split, self._config, self._prepared)

    def _entities(self, rows: words.Rows, batch_size: int) -> list[list[Entity]]:
        split = self._split(rows, [[0] * len(row) for row in rows.words])
        ids, scores = self._judged(split, batch_size)
        predicted = word_pieces.of_words(split.arrays, ids, UNTAGGED)
        certain = word_pieces.of_words(split.arrays, scores, 0.0)
        offsets = split.arrays["word_offsets"]
        found = self._scheme.entities(predicted, offsets)
        answers: list[list[Entity]] = [[] for _ in rows.words]
        for first, last, kind in zip(*(part.tolist() for part in found), strict=True):
            row = int(np.searchsorted(offsets, first, side="right")) - 1
            start, end = first - int(offsets[row]), last - int(offsets[row]) + 1
            if rows.texts is not None and rows.places is not None:
                start, end = rows.places[row][start][0], rows.places[row][end - 1][1]
                text = rows.texts[row][start:end]
            else:
                text = " ".join(rows.words[row][start:end])
            score = float(certain[first : last + 1].mean())
            label = self._scheme.kinds[kind]
            answers[row].append({"label": label, "start": start, "end": end, "text": text, "score": score})
        return answers

    @torch.inference_mode()
    def _judged(self, split: Split, batch_size: int) -> tuple[np.ndarray, np.ndarray]:
        """The tag of every labelled token and its probability, in the order of the tokens."""
        ids = np.zeros(len(split.arrays["labels"]), dtype=np.int64)
        scores = np.zeros(len(ids))
        order = evaluation_order(split.rows, split.lengths)
        for start in range(0, split.rows, batch_size):
            rows = order[start : start + batch_size]
            batch = self._task.collate(split, rows, self._config, self._prepared)
            _, logits = self._task.loss(self.model, {name: value.to(self.device) for name, value in batch.items()})
            best, tag = (part.cpu().numpy() for part in logits.softmax(dim=-1).max(dim=-1))
            labels = batch["labels"].numpy()
            for at, row in enumerate(rows):
                low, high = split.arrays["low"][row], split.arrays["high"][row]
                places = low + np.flatnonzero(split.arrays["labels"][low:high] != PAD)
                ids[places], scores[places] = tag[at][labels[at] != PAD], best[at][labels[at] != PAD]
        labelled = split.arrays["labels"] != PAD
        return ids[labelled], scores[labelled]
