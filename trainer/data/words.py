"""Rows of words: as lists, or as texts that are cut into words here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from trainer.data import segments
from trainer.data.tables import Table, shown

if TYPE_CHECKING:
    from trainer.sections import DataConfig

Form = Literal["words", "texts"]


@dataclass(frozen=True)
class Rows:
    """Rows of one split.

    Attributes:
        words: of each row; of a text, the pieces of it.
        texts: the texts; ``None`` where rows were words.
        places: from and to which character each word of a text goes; ``None`` where rows were words.
    """

    words: list[list[str]]
    texts: list[str] | None = None
    places: list[list[tuple[int, int]]] | None = None

    @property
    def form(self) -> Form:
        """What the rows were."""
        return "words" if self.texts is None else "texts"

    def take(self, rows: Sequence[int]) -> Rows:
        """These rows alone, in this order."""
        return Rows(
            [self.words[row] for row in rows],
            None if self.texts is None else [self.texts[row] for row in rows],
            None if self.places is None else [self.places[row] for row in rows],
        )


def columns(data: DataConfig) -> dict[str, str]:
    """The columns that are used, by role: ``text`` (words, or a text) and ``label`` (tags, or spans)."""
    return {"text": data.text or "tokens", "label": data.label or "tags"}


def read(table: Table, column: str, setting: str = "data.text", form: Form | None = None) -> Rows:
    """The words of every row. Where no ``form`` is asked for, the first row says which it is.

    Raises:
        DataError: no such column; a value that is neither words nor a text, or not of that form.
    """
    values = table.column(column, setting)
    if form is None:
        form = "texts" if isinstance(values[0], str) else "words"
    return (_of_texts if form == "texts" else _of_words)(values, table, column)


def _of_texts(values: Sequence[Any], table: Table, column: str) -> Rows:
    texts, places = [], []
    for row, value in enumerate(values):
        if not isinstance(value, str):
            raise table.bad(row, column, f"{shown(value)}, expected a text, as other rows are")
        _encodes(value, table, row, column)
        texts.append(value)
        places.append(segments.words(value))
    words = [[text[start:end] for start, end in found] for text, found in zip(texts, places, strict=True)]
    return Rows(words, texts, places)


def _of_words(values: Sequence[Any], table: Table, column: str) -> Rows:
    rows = []
    for row, value in enumerate(values):
        words = value.tolist() if hasattr(value, "tolist") else value
        if not isinstance(words, list | tuple) or not all(isinstance(word, str) for word in words):
            raise table.bad(row, column, f"{shown(value)}, expected a list of words")
        for word in words:
            _encodes(word, table, row, column)
        rows.append(list(words))
    return Rows(rows)


def _encodes(text: str, table: Table, row: int, column: str) -> None:
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise table.bad(row, column, "half of a surrogate pair: this is no valid Unicode text") from None
