"""Columns of text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainer.data.tables import Table, shown

if TYPE_CHECKING:
    from trainer.sections import DataConfig


def columns(data: DataConfig) -> dict[str, str]:
    """The columns that are used, by role: ``text``, ``text_pair`` where there is one, ``label``."""
    found = {"text": data.text or "text", "label": data.label or "label"}
    if data.text_pair:
        found["text_pair"] = data.text_pair
    return found


def read(table: Table, column: str, setting: str) -> list[str]:
    """One column as text. Anything that UTF-8 can hold passes, NUL too.

    Raises:
        DataError: no such column; a value that is missing or not text, with its row.
    """
    values = table.column(column, setting)
    texts: list[str] = []
    for row, value in enumerate(values):
        if not isinstance(value, str):
            if value is None or value != value:
                raise table.bad(row, column, "the text is missing", "drop the row or fill it in")
            raise table.bad(row, column, f"{shown(value)} is not text")
        if not value.isascii():
            try:
                value.encode()
            except UnicodeEncodeError:
                raise table.bad(row, column, "half of a surrogate pair: this is no valid Unicode text") from None
        texts.append(value)
    return texts
