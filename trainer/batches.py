"""The order of rows: a pure function of seed and epoch, so that a resume is a jump and not a replay."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

MEGABATCH = 50
"""Batches that are sorted by length together: alike enough to save padding, mixed enough to stay random."""


def epoch_order(rows: int, batch_size: int, *, seed: int, epoch: int, lengths: np.ndarray | None = None) -> np.ndarray:
    """How one epoch visits the rows, ``(rows,)``; batch ``k`` is ``order[k * batch_size:][:batch_size]``.

    Shuffled. With ``lengths`` (tokens, ``(rows,)``) rows of like length share a batch: shuffled rows are sorted within
    megabatches of 50 batches, then the batches are shuffled. The partial batch always comes last.

    Source: transformers' ``LengthGroupedSampler``, made to depend on nothing but its arguments.
    """
    generator = np.random.default_rng([seed, epoch])
    order = generator.permutation(rows)
    if lengths is None:
        return order
    for start in range(0, rows, MEGABATCH * batch_size):
        block = order[start : start + MEGABATCH * batch_size]
        order[start : start + len(block)] = block[np.argsort(-lengths[block].astype(np.int64), kind="stable")]
    whole = rows // batch_size
    batches = order[: whole * batch_size].reshape(whole, batch_size)
    return np.concatenate([generator.permutation(batches).reshape(-1), order[whole * batch_size :]])


def batches_from(
    step: int, total: int, *, rows: int, batch_size: int, seed: int, lengths: np.ndarray | None = None
) -> Iterator[np.ndarray]:
    """Row numbers of each update from ``step`` (counted from 0) to ``total``, over as many epochs as that takes."""
    per_epoch = -(-rows // batch_size)
    while step < total:
        epoch, first = divmod(step, per_epoch)
        order = epoch_order(rows, batch_size, seed=seed, epoch=epoch, lengths=lengths)
        for batch in range(first, min(per_epoch, first + total - step)):
            yield order[batch * batch_size : (batch + 1) * batch_size]
        step += per_epoch - first


def evaluation_order(rows: int, lengths: np.ndarray | None = None) -> np.ndarray:
    """Every row once, the longest first: little padding, and a batch that does not fit shows at once."""
    if lengths is None:
        return np.arange(rows)
    return np.argsort(-lengths.astype(np.int64), kind="stable")
