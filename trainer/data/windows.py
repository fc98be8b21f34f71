"""What a language model reads at once: blocks of a stream of documents, or rows cut to a length."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from trainer.tasks.base import PAD

if TYPE_CHECKING:
    import numpy as np


def blocks(stream: int, length: int) -> int:
    """How many blocks a stream of so many tokens gives: every token but the very first is foretold in one of them."""
    return max(1, -(-(stream - 1) // length))


def block_batch(ids: np.ndarray, rows: np.ndarray, length: int, pad: int) -> dict[str, np.ndarray]:
    """Blocks of a stream ``(tokens,)`` as a batch, int64, ``(len(rows), length)``; the last block may be shorter.

    ``labels`` are the tokens after those of ``input_ids``: the next block's first token is foretold by this one's last.
    """
    import numpy as np

    starts = rows.astype(np.int64) * length
    width = int(min(length, len(ids) - 1 - starts.min()))
    at = starts[:, None] + np.arange(width + 1)
    window = ids[np.minimum(at, len(ids) - 1)].astype(np.int64)
    inside = at[:, 1:] < len(ids)
    return _batch(window, inside, inside, pad)


def row_batch(
    arrays: Mapping[str, np.ndarray], rows: np.ndarray, length: int, pad: int, *, marked: bool
) -> dict[str, np.ndarray]:
    """Rows as a batch, int64, ``(len(rows), longest)``, padded on the right.

    A row of more than ``length`` tokens to read loses its end; where no token that counts would be left, it loses its
    beginning instead, and ends with the last one that counts.

    Args:
        arrays: as ``trainer.data.token_rows`` stores them.
        rows: row numbers.
        length: tokens read at most.
        pad: stands behind shorter rows.
        marked: whether marked tokens alone count.
    """
    import numpy as np

    spans = [_span(arrays, row, length, marked=marked) for row in rows.tolist()]
    width = max(end - start for start, end in spans)
    window = np.full((len(rows), width), pad, dtype=np.int64)
    inside = np.zeros((len(rows), width), dtype=bool)
    counts = np.zeros((len(rows), width), dtype=bool)
    for row, (start, end) in enumerate(spans):
        window[row, : end - start] = arrays["ids"][start:end]
        inside[row, : end - start] = True
        counts[row, : end - start] = arrays["marks"][start:end] if marked else True
    return _batch(window, inside[:, 1:], counts[:, 1:], pad)


def _span(arrays: Mapping[str, np.ndarray], row: int, length: int, *, marked: bool) -> tuple[int, int]:
    start, end = int(arrays["starts"][row]), int(arrays["ends"][row])
    most = length + 1  # the last one is foretold and not read
    if end - start <= most:
        return start, end
    if not marked or arrays["marks"][start + 1 : start + most].any():
        return start, start + most
    last = start + int(arrays["marks"][start:end].nonzero()[0][-1]) + 1
    return last - most, last


def _batch(window: np.ndarray, inside: np.ndarray, counts: np.ndarray, pad: int) -> dict[str, np.ndarray]:
    import numpy as np

    return {
        "input_ids": np.where(inside, window[:, :-1], pad),
        "attention_mask": inside.astype(np.int64),
        "labels": np.where(counts, window[:, 1:], PAD),
    }
