"""Random numbers that depend on nothing but their place: seed, update, row, and what they are for."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

_GOLDEN = 0x9E3779B97F4A7C15
_MIXES = ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB))


@dataclass(frozen=True)
class Draws:
    """The draws for some rows in one update.

    A generator's next number depends on how many were drawn before; these do not. So a resume jumps to them, rows
    draw the same whichever micro-batch they are in, and one step of augmentation leaves the draws of another alone.

    Attributes:
        seed: of the run.
        step: the update, from 0.
        rows: numbers of the rows, ``(rows,)``.
    """

    seed: int
    step: int
    rows: np.ndarray

    def uniform(self, purpose: str, count: int = 1) -> np.ndarray:
        """Numbers from 0 up to but not 1, ``(rows, count)``, float64; the first ones of more are the same.

        Source: SplitMix64 (Steele, Lea, Flood 2014, "Fast splittable pseudorandom number generators"), a stream for
        each row whose start is mixed from the row's place.
        """
        import numpy as np

        state = np.zeros(len(self.rows), dtype=np.uint64)
        for part in (self.seed, self.step, zlib.crc32(purpose.encode()), self.rows):
            state = _mixed(state + np.asarray(part).astype(np.uint64) + np.uint64(_GOLDEN))
        steps = np.arange(1, count + 1, dtype=np.uint64) * np.uint64(_GOLDEN)
        # The upper 53 bits fill a float64.
        found: np.ndarray = (_mixed(state[:, None] + steps) >> np.uint64(11)) * 2.0**-53
        return found


def _mixed(state: np.ndarray) -> np.ndarray:
    import numpy as np

    for shift, factor in _MIXES:
        state = (state ^ (state >> np.uint64(shift))) * np.uint64(factor)
    mixed: np.ndarray = state ^ (state >> np.uint64(31))
    return mixed
