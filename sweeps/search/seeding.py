"""Generators that depend on the sweep's seed and the number of a suggestion, and on nothing else."""

from __future__ import annotations

import hashlib
import random


def stable_seed(*parts: int | str) -> int:
    """A seed of 32 bits from ``parts``: the same in every process, unlike Python's salted ``hash``."""
    digest = hashlib.blake2b("/".join(str(part) for part in parts).encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big")


def generator(*parts: int | str) -> random.Random:
    """A generator of its own for ``parts``, say ``generator(seed, "random", number)``."""
    return random.Random(stable_seed(*parts))
