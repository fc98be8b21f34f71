"""How well each class is told, with the definitions of scikit-learn's ``classification_report``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class ClassScore:
    """One class.

    Attributes:
        precision: of the rows said to be of it, those that are; 0 where none is said to be.
        recall: of the rows of it, those found; 0 where there are none.
        f1: their harmonic mean, or 0.
        support: rows of it.
    """

    precision: float
    recall: float
    f1: float
    support: int


def per_class(labels: np.ndarray, predictions: np.ndarray, names: Sequence[str]) -> dict[str, ClassScore]:
    """The score of every class, by name.

    Args:
        labels: class ids ``(rows,)``, or for rows of several classes 0 and 1 ``(rows, classes)``.
        predictions: of the same shape.
        names: of the classes, in the order of their ids.
    """
    import numpy as np

    if labels.ndim == 1:
        ids = np.arange(len(names))
        labels, predictions = labels[:, None] == ids, predictions[:, None] == ids
    true, said = labels.astype(bool), predictions.astype(bool)
    hit, support, found = (true & said).sum(axis=0), true.sum(axis=0), said.sum(axis=0)
    return {name: of_counts(hit[at], support[at], found[at]) for at, name in enumerate(names)}


def of_counts(hit: int, there: int, said: int) -> ClassScore:
    """The score of a class of which ``there`` rows are, ``said`` are said to be, and ``hit`` are both."""
    return ClassScore(
        precision=float(hit / max(said, 1)),
        recall=float(hit / max(there, 1)),
        f1=float(2 * hit / max(there + said, 1)),
        support=int(there),
    )
