"""Classification metrics from logits, with scikit-learn's definitions.

The formulas are written out in numpy: scikit-learn's checks of its arguments cost about 16 ms for one split of
360 rows and 10 classes, which tiny trials would pay at every report, and its import about a second in every
worker. The tests hold each number to scikit-learn's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from trainer.config import Goal

BINARY_GOALS: Mapping[str, Goal] = {
    "f1": "maximize",
    "precision": "maximize",
    "recall": "maximize",
    "average_precision": "maximize",
}
"""Metrics of the second of two classes, where there are two."""

CLASSIFICATION_GOALS: Mapping[str, Goal] = {
    "loss": "minimize",
    "accuracy": "maximize",
    "precision_macro": "maximize",
    "recall_macro": "maximize",
    "f1_macro": "maximize",
    "f1_micro": "maximize",
    "f1_weighted": "maximize",
    "roc_auc": "maximize",
    "log_loss": "minimize",
    "matthews_correlation": "maximize",
    **BINARY_GOALS,
}


def classification_metrics(logits: np.ndarray, labels: np.ndarray, loss: float) -> dict[str, float]:
    """Every metric of :data:`CLASSIFICATION_GOALS` over one split; :data:`BINARY_GOALS` with two classes only.

    Args:
        logits: ``(rows, classes)`` scores before softmax, any float type; computed in float64.
        labels: ``(rows,)`` class ids in ``0..classes-1``.
        loss: mean loss over the split as the task computes it, without label smoothing.

    Returns:
        ``loss`` as given, and scikit-learn's numbers for the others:

        - ``accuracy``: ``accuracy_score``; ``f1_micro`` equals it, one label a row.
        - ``precision_macro``, ``recall_macro``, ``f1_macro``: ``average="macro", zero_division=0``, an unweighted
          mean over the classes that are a label or a prediction of at least one row.
        - ``f1_weighted``: ``f1_score(average="weighted", zero_division=0)``, weighed by rows per label.
        - ``log_loss``: ``log_loss(labels, softmax(logits), labels=range(classes))``, so probabilities are
          clipped to machine epsilon.
        - ``roc_auc``: ``roc_auc_score`` on the probability of class 1 with two classes, one against the rest and
          macro-averaged with more. Left out unless every class is the label of some row: it is not defined then.
        - ``matthews_correlation``: ``matthews_corrcoef``.
        - ``f1``, ``precision``, ``recall``: ``average="binary", pos_label=1, zero_division=0``; ``average_precision``:
          ``average_precision_score`` on the probability of class 1, left out where ``roc_auc`` is.

    Raises:
        ValueError: shapes that do not fit each other, no rows, or a label out of range.
    """
    import numpy as np

    if logits.ndim != 2 or logits.shape[1] < 2 or labels.shape != logits.shape[:1] or not len(labels):
        raise ValueError(f"logits must be (rows, classes) and labels (rows,), got {logits.shape} and {labels.shape}")
    classes = logits.shape[1]
    if labels.min() < 0 or labels.max() >= classes:
        raise ValueError(f"labels must be in 0..{classes - 1}, got {labels.min()}..{labels.max()}")
    probabilities = softmax(logits)
    metrics = {"loss": float(loss), **_from_counts(labels, logits.argmax(axis=1), classes)}
    if np.bincount(labels, minlength=classes).all():
        metrics["roc_auc"] = _roc_auc(probabilities, labels)
        if classes == 2:
            metrics["average_precision"] = average_precision(probabilities[:, 1], labels == 1)
    true_class = probabilities[np.arange(len(labels)), labels]
    epsilon = np.finfo(np.float64).eps
    metrics["log_loss"] = float(-np.log(true_class.clip(epsilon, 1.0 - epsilon)).mean())
    return metrics


def softmax(logits: np.ndarray) -> np.ndarray:
    """Probabilities ``(rows, classes)`` in float64; rows sum to 1."""
    import numpy as np

    scores: np.ndarray = logits.astype(np.float64)
    scores -= scores.max(axis=1, keepdims=True)
    np.exp(scores, out=scores)
    scores /= scores.sum(axis=1, keepdims=True)
    return scores


def _from_counts(labels: np.ndarray, predictions: np.ndarray, classes: int) -> dict[str, float]:
    """What follows from how often each class was the label, was predicted, and was both."""
    import numpy as np

    hit = np.bincount(labels[labels == predictions], minlength=classes)
    labelled = np.bincount(labels, minlength=classes)
    predicted = np.bincount(predictions, minlength=classes)
    correlation = _matthews(hit.sum(), labelled, predicted)
    binary = _binary(int(hit[1]), int(labelled[1]), int(predicted[1])) if classes == 2 else {}
    seen = (labelled + predicted) > 0
    hit, labelled, predicted = hit[seen], labelled[seen], predicted[seen]
    # A hit needs both, so where a denominator is 0 its numerator is too: dividing by 1 gives zero_division=0.
    precision = hit / np.maximum(predicted, 1)
    recall = hit / np.maximum(labelled, 1)
    f1 = 2 * hit / (labelled + predicted)
    accuracy = float(hit.sum() / len(labels))
    return {
        "accuracy": accuracy,
        "precision_macro": float(precision.mean()),
        "recall_macro": float(recall.mean()),
        "f1_macro": float(f1.mean()),
        "f1_micro": accuracy,
        "f1_weighted": float((f1 * labelled).sum() / len(labels)),
        "matthews_correlation": correlation,
        **binary,
    }


def _binary(hit: int, labelled: int, predicted: int) -> dict[str, float]:
    return {
        "f1": 2 * hit / max(labelled + predicted, 1),
        "precision": hit / max(predicted, 1),
        "recall": hit / max(labelled, 1),
    }


def _matthews(hits: int, labelled: np.ndarray, predicted: np.ndarray) -> float:
    """Gorodkin 2004, "Comparing two K-category assignments by a K-category correlation coefficient"; 0 where it is not
    defined, as scikit-learn has it."""
    rows = float(labelled.sum())
    labels, guesses = labelled.astype("float64"), predicted.astype("float64")
    spread = (rows**2 - (labels**2).sum()) * (rows**2 - (guesses**2).sum())
    return float((hits * rows - (labels * guesses).sum()) / spread**0.5) if spread > 0 else 0.0


def _roc_auc(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """One class against the rest, macro-averaged; every class must be present."""
    import numpy as np

    classes = probabilities.shape[1]
    chosen = [1] if classes == 2 else range(classes)
    return float(np.mean([roc_auc_of_class(probabilities[:, label], labels == label) for label in chosen]))


def roc_auc_of_class(scores: np.ndarray, positives: np.ndarray) -> float:
    """Area under the ROC curve by ranks (Mann-Whitney U), ties counted half.

    Args:
        scores: ``(rows,)``, higher for rows of the class.
        positives: ``(rows,)`` bool: which are of it; some must be, and some not.
    """
    import numpy as np

    ordered, positive = np.sort(scores), scores[positives]
    below = np.searchsorted(ordered, positive, side="left")
    up_to = np.searchsorted(ordered, positive, side="right")
    # Mean rank, counted from 1, of a score that shares its place with others.
    ranks = (below + up_to + 1) / 2
    count = len(positive)
    return float(ranks.sum() - count * (count + 1) / 2) / (count * (len(scores) - count))


def average_precision(scores: np.ndarray, positives: np.ndarray) -> float:
    """Precision at each distinct score, weighed by what recall gains there: scikit-learn's ``average_precision_score``.

    Args:
        scores: ``(rows,)``, higher for rows of the class.
        positives: ``(rows,)`` bool: which are of it; some must be.
    """
    import numpy as np

    order = np.argsort(-scores, kind="stable")
    last_of_ties = np.append(np.flatnonzero(np.diff(scores[order])), len(scores) - 1)
    found = np.cumsum(positives[order])[last_of_ties]
    gained = np.diff(found, prepend=0) / positives.sum()
    return float((gained * found / (last_of_ties + 1)).sum())
