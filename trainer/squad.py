"""Metrics of extracted answers: exact match and F1 of SQuAD.

Source: the official ``evaluate-v1.1.py`` of Rajpurkar et al. 2016, and for questions without an answer
``evaluate-v2.0.py`` of Rajpurkar et al. 2018, whose normalisation is the same.
"""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trainer.config import Goal

SQUAD_GOALS: Mapping[str, Goal] = {"loss": "minimize", "f1": "maximize", "exact_match": "maximize"}
_ARTICLES = re.compile(r"\b(a|an|the)\b")
_PUNCTUATION = str.maketrans("", "", string.punctuation)


@lru_cache(maxsize=2**16)
def normalised(text: str) -> str:
    """Lower case, without ASCII punctuation, without articles, single spaces: in this order."""
    return " ".join(_ARTICLES.sub(" ", text.lower().translate(_PUNCTUATION)).split())


def exact_match(answer: str, truth: str) -> float:
    """1 where both are the same once normalised."""
    return float(normalised(answer) == normalised(truth))


def f1(answer: str, truth: str) -> float:
    """F1 of the words that both have, each as often as it occurs. Where one of them has none: 1 if neither has."""
    said, right = normalised(answer).split(), normalised(truth).split()
    if not said or not right:
        return float(said == right)
    shared = (Counter(said) & Counter(right)).total()
    return 2 * shared / (len(said) + len(right))


def squad_metrics(answers: Sequence[str], truths: Sequence[Sequence[str]], loss: float) -> dict[str, float]:
    """Every metric of :data:`SQUAD_GOALS`, as shares of 1 (SQuAD's own script prints percent).

    Args:
        answers: one for each question; empty where none is given.
        truths: the answers that count as right; none: the question has no answer, and an empty one is right.
        loss: mean loss, as the task computes it.
    """
    # As in evaluate-v2.0: right answers that normalise to nothing do not count.
    right = [[truth for truth in given if normalised(truth)] or [""] for given in truths]
    both = list(zip(answers, right, strict=True))
    return {
        "loss": float(loss),
        "f1": sum(max(f1(answer, truth) for truth in given) for answer, given in both) / len(both),
        "exact_match": sum(max(exact_match(answer, truth) for truth in given) for answer, given in both) / len(both),
    }
