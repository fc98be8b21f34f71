"""Which rows train, which validate and which test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trainer.errors import DataError

if TYPE_CHECKING:
    import numpy as np

    from trainer.config import DataConfig


@dataclass(frozen=True)
class Selection:
    """The rows of one split: row numbers ``(rows,)``, ascending, of one given source."""

    source: str
    rows: np.ndarray


def select(data: DataConfig, counts: Mapping[str, int], train_labels: np.ndarray) -> dict[str, Selection]:
    """Rows of every split. What is given stays whole; what is missing is split off train, test first.

    Args:
        data: fractions, limits, ``stratify`` and the seed of the shuffles.
        counts: rows of each source given: ``train``, and ``validation`` and ``test`` where there are.
        train_labels: ids ``(rows of train,)`` to stratify by.

    Raises:
        DataError: no rows left for training or validation.
    """
    import numpy as np

    rest = np.arange(counts["train"])
    chosen: dict[str, Selection] = {}
    for stream, (name, fraction) in enumerate((("test", data.test_fraction), ("validation", data.validation_fraction))):
        if name in counts:
            chosen[name] = Selection(name, np.arange(counts[name]))
        elif fraction > 0:
            taken = split_off(
                train_labels[rest] if data.stratify else None, len(rest), fraction, (data.split_seed, stream)
            )
            chosen[name] = Selection("train", rest[taken])
            rest = np.delete(rest, taken)
    if "validation" not in chosen:
        raise DataError(
            "data.validation_fraction",
            "there are no validation rows",
            "a sweep without validation rows is refused rather than tuned on its test split: "
            "give data.validation or a fraction above 0",
        )
    chosen["train"] = Selection("train", rest)
    for stream, (name, limit) in enumerate((("train", data.limit), ("validation", data.limit_validation)), start=2):
        if limit is not None:
            rows = chosen[name].rows
            order = np.random.default_rng((data.split_seed, stream)).permutation(len(rows))
            chosen[name] = Selection(chosen[name].source, np.sort(rows[order[:limit]]))
    for name in ("train", "validation"):
        if not len(chosen[name].rows):
            raise DataError(f"data.{name}", f"no rows are left for {name}", "give more rows or smaller fractions")
    return {name: chosen[name] for name in ("train", "validation", "test") if name in chosen}


def split_off(labels: np.ndarray | None, rows: int, fraction: float, seed: tuple[int, ...]) -> np.ndarray:
    """Ascending row numbers of a random ``fraction``, at least one row.

    With labels ``(rows,)`` each class gives its share, by largest remainders, and never its last row.
    """
    import numpy as np

    generator = np.random.default_rng(seed)
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
