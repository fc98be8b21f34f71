"""Files of plain text: a document, or a row a line."""

from __future__ import annotations

from trainer.data.tables import Table
from trainer.errors import DataError


def read(content: bytes, path: str, key: str, sample_by: str) -> Table:
    """The column ``text``: the whole ``document`` as one row, or each ``line`` that is not blank.

    Raises:
        DataError: it is not UTF-8, with the line.
    """
    try:
        whole = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise DataError(key, f"{path}: line {line} is not UTF-8: {error.reason}") from None
    if sample_by == "document":
        rows = [whole] if whole.strip() else []
        return Table(key, path, {"text": rows}, len(rows))
    numbered = [(number, line.rstrip("\r")) for number, line in enumerate(whole.split("\n"), start=1) if line.strip()]
    lines = [number for number, _ in numbered]
    return Table(key, path, {"text": [line for _, line in numbered]}, len(lines), lines.__getitem__)
