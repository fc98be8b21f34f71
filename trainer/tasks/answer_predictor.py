"""Predictions by models that find answers in contexts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from trainer import pretrained
from trainer.answer_spans import answers_of
from trainer.batches import evaluation_order
from trainer.config import TrainConfig
from trainer.data import qa_tokens, questions, tokens
from trainer.data.as_written import complete
from trainer.data.readers import labelled_table
from trainer.data.tables import shown
from trainer.errors import DataError
from trainer.evaluation import evaluate
from trainer.precision import Compute
from trainer.tasks.base import Predictor, Prepared, Split
from trainer.tasks.exported import chosen_columns

if TYPE_CHECKING:
    from trainer.tasks.question_answering import QuestionAnswering


class AnswerPredictor(Predictor):
    """An exported model on a device. Rows are pairs (question, context), or mappings by column.

    Rows go through the very windows and batches of training.
    """

    def __init__(self, task: QuestionAnswering, folder: Path, facts: Mapping[str, Any], device: torch.device) -> None:
        from trainer.tasks.question_answering import AUTO

        self.model, self.device = pretrained.load_exported(str(folder), AUTO).to(device).eval(), device
        self._task, self._columns = task, facts["columns"]
        self._missing = facts["missing"]
        self._tokenizer = pretrained.load_tokenizer(str(folder))
        lengths = {name: facts[name] for name in ("max_length", "doc_stride", "max_answer_length")}
        self._config = TrainConfig.build(
            {"task": task.name, "model": str(folder), "data": {"train": str(folder)}, **lengths}
        )
        frame = tokens.frame(self._tokenizer, pair=True, pad=self._tokenizer.eos_token_id)
        meta = {
            "frame": frame,
            "null": qa_tokens.null_place(self._tokenizer, frame),
            "max_length": facts["max_length"],
            "positions": None,
            "columns": self._columns,
            "unanswerable": facts["unanswerable"],
        }
        self._prepared = Prepared(folder, {}, (), meta)

    def __repr__(self) -> str:
        return f"Predictor({type(self.model).__name__})"

    def predict(self, rows: Sequence[Any], *, batch_size: int = 64) -> list[dict[str, Any]]:
        """The best answer to each row: ``answer``, ``start`` and ``end`` (exclusive), characters of the context, and
        ``score``, its probability among all spans that could be answers.

        An empty answer means that the context has none; only models that were trained on such questions give it.

        Raises:
            DataError: a row that is not a question with its context.
        """
        if isinstance(rows, str | bytes | Mapping):
            raise DataError("rows", "expected a list of rows, got one")
        if not len(rows):
            return []
        pairs = [self._pair(row, number) for number, row in enumerate(rows, start=1)]
        asked, contexts = (list(column) for column in zip(*pairs, strict=True))
        split = self._split(questions.Questions(asked, contexts, [[] for _ in pairs]))
        found = answers_of(
            self._found(split, batch_size), split.arrays, may_be_none=self._prepared.meta["unanswerable"]
        )
        columns = (found.texts, found.scores, found.begins, found.ends)
        return [
            {"answer": answer, "score": score, "start": start, "end": end}
            for answer, score, start, end in zip(*columns, strict=True)
        ]

    def evaluate(
        self,
        rows: str | Path | Sequence[Mapping[str, Any]],
        *,
        batch_size: int = 64,
        **columns: str | None,
    ) -> dict[str, float]:
        """Metrics as in training, over a file with answers or mappings of its columns; see ``Predictor.evaluate``."""
        known = chosen_columns(self._columns, columns)
        table = complete(labelled_table(rows), self._missing, [known["text"], known["text_pair"]])
        split = self._split(questions.read(table, known, prefix=""))
        compute = Compute.choose("fp32", self.device)
        settings: dict[str, Any] = {"config": self._config, "prepared": self._prepared, "compute": compute}
        return evaluate(self.model, task=self._task, split=split, batch_size=batch_size, **settings).metrics

    def _pair(self, row: Any, number: int) -> tuple[str, str]:
        names = [self._columns["text"], self._columns["text_pair"]]
        given = [row.get(name) for name in names] if isinstance(row, Mapping) else row
        if not isinstance(given, list | tuple) or [type(part) for part in given] != [str, str]:
            expected = f"expected a pair (question, context) or a mapping with {' and '.join(names)}"
            raise DataError("rows", f"row {number} is {shown(row)}, {expected}")
        return given[0], given[1]

    def _split(self, rows: questions.Questions) -> Split:
        arrays = qa_tokens.encode(self._tokenizer, rows)
        return self._task.windows(Split(len(rows.questions), arrays), self._config, self._prepared)

    @torch.inference_mode()
    def _found(self, split: Split, batch_size: int) -> np.ndarray:
        """The best span of every window."""
        found = np.empty((split.rows, 5), dtype=np.float32)
        order = evaluation_order(split.rows, split.lengths)
        for start in range(0, split.rows, batch_size):
            rows = order[start : start + batch_size]
            batch = self._task.collate(split, rows, self._config, self._prepared)
            moved = {name: value.to(self.device) for name, value in batch.items()}
            found[rows] = self._task.observe(self.model, moved, self._config, self._prepared)[1].cpu().numpy()
        return found
