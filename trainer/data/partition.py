"""Rows dealt into parts: at random, by class, by group. Pure functions of their arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


def split_off(
    labels: np.ndarray | None, rows: int, fraction: float, seed: tuple[int, ...], *, groups: np.ndarray | None = None
) -> np.ndarray:
    """Ascending row numbers of a random ``fraction``, at least one row.

    Args:
        labels: ids ``(rows,)``: each class gives its share, by largest remainders, and never its last row.
        rows: how many there are.
        fraction: of them.
        seed: of the shuffle.
        groups: numbers ``(rows,)``: groups go whole, so that shares are met as nearly as they allow.
    """
    import numpy as np

    generator = np.random.default_rng(seed)
    if groups is not None:
        return np.flatnonzero(_deal_groups(labels, groups, [1 - fraction, fraction], generator) == 1)
    order = generator.permutation(rows)
    wanted = max(1, round(fraction * rows))
    if labels is None:
        return np.sort(order[: min(wanted, rows - 1)])
    classes, sizes = np.unique(labels, return_counts=True)
    shares = wanted * sizes / rows
    quota = np.minimum(np.floor(shares).astype(np.int64), sizes - 1)
    wanted = min(wanted, rows - len(classes))
    while (lacking := wanted - quota.sum()) > 0:  # once, but for classes that have no row to spare
        room = np.flatnonzero(quota < sizes - 1)
        quota[room[np.argsort((quota - shares)[room], kind="stable")][:lacking]] += 1
    shuffled = labels[order]
    taken = [order[shuffled == label][:count] for label, count in zip(classes, quota, strict=True)]
    return np.sort(np.concatenate(taken)) if taken else order[:0]


def folds(
    labels: np.ndarray | None, rows: int, count: int, seed: int, *, groups: np.ndarray | None = None
) -> np.ndarray:
    """The fold ``0..count-1`` of each row, ``(rows,)``, int64; folds differ by one row at most, and so do the rows of a
    class in them. Groups go whole.

    Shuffled, then dealt like cards, one class after another: where one class ends the next goes on.
    """
    import numpy as np

    generator = np.random.default_rng((seed, 0xF01D))
    if groups is not None:
        return _deal_groups(labels, groups, [1 / count] * count, generator)
    order = generator.permutation(rows)
    if labels is not None:
        order = order[np.argsort(labels[order], kind="stable")]
    out = np.empty(rows, dtype=np.int64)
    out[order] = np.arange(rows) % count
    return out


def _deal_groups(
    labels: np.ndarray | None, groups: np.ndarray, shares: list[float], generator: np.random.Generator
) -> np.ndarray:
    """The part of each row ``(rows,)``: groups, shuffled, the largest first, each to where it leaves the parts' classes
    the nearest to their shares by a sum of squares.

    The idea is that of scikit-learn's ``StratifiedGroupKFold``, with parts that need not be equal.
    """
    import numpy as np

    names, member = np.unique(groups, return_inverse=True)
    classes = np.zeros(len(groups), dtype=np.int64) if labels is None else np.unique(labels, return_inverse=True)[1]
    counts = np.zeros((len(names), int(classes.max(initial=0)) + 1))
    np.add.at(counts, (member, classes), 1)
    counts /= counts.sum(axis=0)
    order = generator.permutation(len(names))
    order = order[np.argsort(-counts[order].sum(axis=1), kind="stable")]
    wanted = np.array(shares)[:, None]
    filled = np.zeros((len(shares), counts.shape[1]))
    part = np.empty(len(names), dtype=np.int64)
    for group in order:
        more = counts[group]
        # How much the distance of each part from its share, relative to it, grows by this group.
        growth = ((more * (2 * (filled - wanted) + more)) / wanted).sum(axis=1)
        part[group] = int(growth.argmin())
        filled[part[group]] += more
    found: np.ndarray = part[member]
    return found
