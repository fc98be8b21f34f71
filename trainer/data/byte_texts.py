"""Texts as a flat array of bytes, for what evaluation compares with as it was written."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


def pack(texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """UTF-8 of all texts end to end, uint8, and where each begins: offsets ``(texts + 1,)``, int64."""
    import numpy as np

    pieces = [text.encode() for text in texts]
    counts = np.array([0, *map(len, pieces)], dtype=np.int64)
    return np.frombuffer(b"".join(pieces), dtype=np.uint8), np.cumsum(counts)


def unpack(content: np.ndarray, offsets: np.ndarray) -> list[str]:
    """The texts that ``pack`` was given."""
    whole = content.tobytes()
    bounds = offsets.tolist()
    return [whole[start:end].decode() for start, end in itertools.pairwise(bounds)]
