"""Texts by an exported encoder-decoder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from trainer.data import tokens
from trainer.tasks.language import decode
from trainer.tasks.language_export import TextPredictor, checked_rows


class Seq2SeqPredictor(TextPredictor):
    """Rows are source texts, or mappings with the column of these; answers are the texts that the model writes."""

    auto: ClassVar[str] = "AutoModelForSeq2SeqLM"

    def predict(self, rows: Sequence[Any], *, batch_size: int = 64) -> list[str]:
        """The text that the model writes for each row, greedily or by beams as ``generation`` says.

        Raises:
            DataError: a row that is no text.
        """
        texts = checked_rows(rows, self._columns["text"], str, "a text")
        prefix, frame = self._config.data.prefix or "", self._meta["frame"]
        bodies = tokens.tokenise(self.tokenizer, [prefix + self._clean(text) for text in texts])
        longest = self._config.max_length or int(self._meta["max_length"])
        # One by one, so without padding: they are padded when they are sorted.
        alone = (tokens.assemble(frame, [bodies], np.array([row]), longest) for row in range(len(texts)))
        written = self._write([row["input_ids"][0].tolist() for row in alone], batch_size)
        return [text.strip() for text in decode(self.tokenizer, written)]
