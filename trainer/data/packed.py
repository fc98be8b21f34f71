"""Texts as arrays, to lie beside others on disk."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


def pack(texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """UTF-8 bytes of all texts end to end, uint8, and where each begins: offsets ``(texts + 1,)``, int64."""
    import numpy as np

    encoded = [text.encode() for text in texts]
    return np.frombuffer(b"".join(encoded), dtype=np.uint8), np.cumsum([0, *map(len, encoded)], dtype=np.int64)


def at(content: np.ndarray, offsets: np.ndarray, rows: np.ndarray) -> list[str]:
    """These texts alone."""
    return [content[offsets[row] : offsets[row + 1]].tobytes().decode() for row in rows]


def unpack(content: np.ndarray, offsets: np.ndarray) -> list[str]:
    """What ``pack`` was given."""
    whole, ends = content.tobytes(), offsets.tolist()
    return [whole[start:end].decode() for start, end in pairwise(ends)]
