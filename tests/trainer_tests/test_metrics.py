import time

import numpy as np
import pytest
from sklearn import metrics as reference

from trainer.metrics import BINARY_GOALS, CLASSIFICATION_GOALS, classification_metrics, softmax


def scikit(logits: np.ndarray, labels: np.ndarray, loss: float) -> dict[str, float]:
    probabilities = softmax(logits)
    guess = logits.argmax(axis=1)
    classes = range(logits.shape[1])
    out = {
        "loss": loss,
        "accuracy": reference.accuracy_score(labels, guess),
        "precision_macro": reference.precision_score(labels, guess, average="macro", zero_division=0),
        "recall_macro": reference.recall_score(labels, guess, average="macro", zero_division=0),
        "f1_macro": reference.f1_score(labels, guess, average="macro", zero_division=0),
        "f1_micro": reference.f1_score(labels, guess, average="micro", zero_division=0),
        "f1_weighted": reference.f1_score(labels, guess, average="weighted", zero_division=0),
        "log_loss": reference.log_loss(labels, probabilities, labels=classes),
        "matthews_correlation": reference.matthews_corrcoef(labels, guess),
    }
    if len(classes) == 2:
        out["f1"] = reference.f1_score(labels, guess, zero_division=0)
        out["precision"] = reference.precision_score(labels, guess, zero_division=0)
        out["recall"] = reference.recall_score(labels, guess, zero_division=0)
    if len(set(labels.tolist())) == len(classes):
        scores = probabilities[:, 1] if len(classes) == 2 else probabilities
        out["roc_auc"] = reference.roc_auc_score(labels, scores, multi_class="ovr", average="macro")
        if len(classes) == 2:
            out["average_precision"] = reference.average_precision_score(labels, scores)
    return out


@pytest.mark.parametrize("classes", [2, 3, 10])
@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("kind", ["spread", "ties", "sharp", "never_predicted", "never_labelled"])
def test_equals_scikit_learn(classes: int, seed: int, kind: str) -> None:
    draw = np.random.default_rng(seed)
    labels = np.concatenate([np.arange(classes), draw.integers(0, classes, 90)])
    logits = draw.normal(size=(len(labels), classes)).astype(np.float32)
    if kind == "ties":
        logits = logits.round(0)
    if kind == "sharp":
        logits *= 60
    if kind == "never_predicted":
        logits[:, 0] = -30
    if kind == "never_labelled":
        labels = labels.clip(1)
    ours = classification_metrics(logits, labels, 0.7)
    theirs = scikit(logits, labels, 0.7)
    assert ours == pytest.approx(theirs, rel=1e-12, abs=1e-12)
    assert set(ours) <= set(CLASSIFICATION_GOALS)


def test_roc_auc_is_left_out_where_a_class_is_missing() -> None:
    logits = np.zeros((4, 3))
    assert "roc_auc" not in classification_metrics(logits, np.array([0, 1, 1, 0]), 1.0)
    assert "roc_auc" not in classification_metrics(np.zeros((4, 2)), np.ones(4, dtype=int), 1.0)
    three = set(CLASSIFICATION_GOALS) - set(BINARY_GOALS)
    assert set(classification_metrics(logits, np.array([0, 1, 2, 0]), 1.0)) == three
    assert set(classification_metrics(logits[:, :2], np.array([0, 1, 1, 0]), 1.0)) == set(CLASSIFICATION_GOALS)


def test_a_split_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match=r"\(rows, classes\)"):
        classification_metrics(np.zeros((3, 2)), np.zeros(4, dtype=int), 0.0)
    with pytest.raises(ValueError, match=r"0\.\.1, got 0\.\.2"):
        classification_metrics(np.zeros((2, 2)), np.array([0, 2]), 0.0)


def test_costs_little_at_every_report() -> None:
    draw = np.random.default_rng(0)
    logits, labels = draw.normal(size=(360, 10)), draw.integers(0, 10, 360)
    classification_metrics(logits, labels, 0.0)
    best = min(_seconds(logits, labels) for _ in range(20))
    assert best < 2e-3


def _seconds(logits: np.ndarray, labels: np.ndarray) -> float:
    started = time.perf_counter()
    classification_metrics(logits, labels, 0.0)
    return time.perf_counter() - started
