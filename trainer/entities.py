"""Metrics of entities: precision, recall and F1 of whole entities, with seqeval's definitions, over whole arrays.

The tests hold each number to ``seqeval`` (its default mode), which is the definition of the CoNLL evaluation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from trainer.data.tagging import Scheme
from trainer.per_class import ClassScore, of_counts

if TYPE_CHECKING:
    import numpy as np

    from trainer.config import Goal

ENTITY_GOALS: Mapping[str, Goal] = {
    "loss": "minimize",
    "f1": "maximize",
    "precision": "maximize",
    "recall": "maximize",
    "f1_macro": "maximize",
    "accuracy": "maximize",
}


def entity_metrics(
    predicted: np.ndarray, truth: np.ndarray, offsets: np.ndarray, names: Sequence[str], loss: float
) -> dict[str, float]:
    """Every metric of :data:`ENTITY_GOALS` over one split.

    Args:
        predicted: tag ids ``(words,)``; ``tagging.UNTAGGED`` where there is no prediction.
        truth: tag ids ``(words,)``.
        offsets: where each row begins, ``(rows + 1,)``.
        names: of the tags, in the order of their ids.
        loss: mean loss over the words, as the task computes it.

    Returns:
        ``loss`` as given;
        ``precision``, ``recall``, ``f1``: over all entities (micro); one counts where first word, last word and kind
        agree, and 0 where there is nothing to divide by;
        ``f1_macro``: the mean of the kinds' F1, over kinds that some row has or is predicted to have;
        ``accuracy``: the share of words whose tag is right.
    """
    right, there, said = _counts(predicted, truth, offsets, Scheme.of(names))
    seen = (there + said) > 0
    by_kind = 2 * right[seen] / (there + said)[seen]
    return {
        "loss": float(loss),
        "f1": float(2 * right.sum() / max(1, there.sum() + said.sum())),
        "precision": float(right.sum() / max(1, said.sum())),
        "recall": float(right.sum() / max(1, there.sum())),
        "f1_macro": float(by_kind.mean()) if len(by_kind) else 0.0,
        "accuracy": float((predicted == truth).mean()),
    }


def per_kind(
    predicted: np.ndarray, truth: np.ndarray, offsets: np.ndarray, names: Sequence[str]
) -> dict[str, ClassScore]:
    """How well each kind of entity is found, by its name: seqeval's ``classification_report``. Takes what
    ``entity_metrics`` takes; ``support`` counts entities."""
    scheme = Scheme.of(names)
    counts = zip(*_counts(predicted, truth, offsets, scheme), strict=True)
    return {kind: of_counts(*numbers) for kind, numbers in zip(scheme.kinds, counts, strict=True)}


def _counts(
    predicted: np.ndarray, truth: np.ndarray, offsets: np.ndarray, scheme: Scheme
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of each kind ``(kinds,)``: entities found rightly, those that are there, those that are said to be."""
    import numpy as np

    given, found = scheme.entities(truth, offsets), scheme.entities(predicted, offsets)
    # A word begins one entity at most, so both sides can be matched by it.
    _, ours, theirs = np.intersect1d(found.first, given.first, assume_unique=True, return_indices=True)
    hit = (found.last[ours] == given.last[theirs]) & (found.kind[ours] == given.kind[theirs])
    kinds = len(scheme.kinds)
    return (
        np.bincount(given.kind[theirs][hit], minlength=kinds),
        np.bincount(given.kind, minlength=kinds),
        np.bincount(found.kind, minlength=kinds),
    )
