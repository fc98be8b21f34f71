"""Which rows are there more than once, in a split or in two of them.

A row is known by its key: its texts, as cleaned, or its numbers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


def repeated(keys: Sequence[Hashable]) -> np.ndarray:
    """Which rows repeat an earlier one, ``(rows,)`` bool: all of a kind but the first."""
    import numpy as np

    seen: set[Hashable] = set()
    out = np.zeros(len(keys), dtype=bool)
    for row, key in enumerate(keys):
        out[row] = key in seen
        seen.add(key)
    return out


def contradicting(keys: Sequence[Hashable], labels: Sequence[Hashable]) -> int:
    """How many rows have the key of a row with another label."""
    found: dict[Hashable, set[Hashable]] = defaultdict(set)
    for key, label in zip(keys, labels, strict=True):
        found[key].add(label)
    return sum(len(found[key]) > 1 for key in keys)


def shared(keys: Sequence[Hashable], others: Iterable[Hashable]) -> np.ndarray:
    """Which rows have the key of one of the others, ``(rows,)`` bool."""
    import numpy as np

    known = set(others)
    return np.fromiter((key in known for key in keys), dtype=bool, count=len(keys))
