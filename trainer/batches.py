"""The order of rows: a pure function of seed and epoch, so that a resume is a jump and not a replay."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

MEGABATCH = 50
"""Batches that are sorted by length together: alike enough to save padding, mixed enough to stay random."""


def epoch_order(
    rows: int,
    batch_size: int,
    *,
    seed: int,
    epoch: int,
    lengths: np.ndarray | None = None,
    classes: np.ndarray | None = None,
) -> np.ndarray:
    """How one epoch visits the rows, ``(rows,)``; batch ``k`` is ``order[k * batch_size:][:batch_size]``.

    Shuffled. With ``classes`` (ids, ``(rows,)``) every class comes equally often; see ``balanced``. With ``lengths``
    (tokens, ``(rows,)``) rows of like length share a batch: shuffled rows are sorted within megabatches of 50 batches,
    then the batches are shuffled. The partial batch always comes last.

    Source: transformers' ``LengthGroupedSampler``, made to depend on nothing but its arguments.
    """
    generator = np.random.default_rng([seed, epoch])
    order = generator.permutation(rows) if classes is None else balanced(classes, generator)
    if lengths is None:
        return order
    for start in range(0, rows, MEGABATCH * batch_size):
        block = order[start : start + MEGABATCH * batch_size]
        order[start : start + len(block)] = block[np.argsort(-lengths[block].astype(np.int64), kind="stable")]
    whole = rows // batch_size
    batches = order[: whole * batch_size].reshape(whole, batch_size)
    return np.concatenate([generator.permutation(batches).reshape(-1), order[whole * batch_size :]])


def balanced(classes: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """As many row numbers as there are rows, in random order, every class equally often: a small one's rows come again
    once all of them were there, a large one shows a part of its rows, another in each epoch.

    Which classes come once more, where rows do not divide evenly, is drawn.
    """
    shuffled = generator.permutation(len(classes))
    ordered = shuffled[np.argsort(classes[shuffled], kind="stable")]
    sizes = np.unique(classes, return_counts=True)[1]
    wanted = np.full(len(sizes), len(classes) // len(sizes))
    wanted[generator.permutation(len(sizes))[: len(classes) % len(sizes)]] += 1
    starts = np.cumsum(sizes) - sizes
    taken = [
        np.resize(ordered[start : start + size], count)
        for start, size, count in zip(starts, sizes, wanted, strict=True)
    ]
    return generator.permutation(np.concatenate(taken))


def batches_from(
    step: int,
    total: int,
    *,
    rows: int,
    batch_size: int,
    seed: int,
    lengths: np.ndarray | None = None,
    classes: np.ndarray | None = None,
) -> Iterator[np.ndarray]:
    """Row numbers of each update from ``step`` (counted from 0) to ``total``, over as many epochs as that takes."""
    per_epoch = -(-rows // batch_size)
    while step < total:
        epoch, first = divmod(step, per_epoch)
        order = epoch_order(rows, batch_size, seed=seed, epoch=epoch, lengths=lengths, classes=classes)
        for batch in range(first, min(per_epoch, first + total - step)):
            yield order[batch * batch_size : (batch + 1) * batch_size]
        step += per_epoch - first


def evaluation_order(rows: int, lengths: np.ndarray | None = None) -> np.ndarray:
    """Every row once, the longest first: little padding, and a batch that does not fit shows at once."""
    if lengths is None:
        return np.arange(rows)
    return np.argsort(-lengths.astype(np.int64), kind="stable")
