"""The problems by name. A file each; built only when asked for."""

from __future__ import annotations

import importlib
from collections.abc import Callable

from scripts.benchmarks.tasks.problem import Places, Problem

_PROBLEMS = {
    "sms_spam": "text_classification:sms_spam",
    "banking77": "text_classification:banking77",
    "clinc150": "text_classification:clinc150",
    "e2e_nlg": "language:e2e_nlg",
    "gsm8k": "language:gsm8k",
    "tinyshakespeare": "language:tinyshakespeare",
    "mnist_10k": "image_classification:mnist_cnn",
    "mnist_10k_vit": "image_classification:mnist_vit",
    "mnist_10k_resnet": "image_classification:mnist_resnet",
    "adult": "tabular:adult",
    "adult_logistic": "tabular:adult_logistic",
    "adult_hours": "tabular:adult_hours",
    "wnut17": "token_classification:wnut17",
    "restaurant8k": "token_classification:restaurant8k",
    "squad": "question_answering:squad",
}


def names() -> tuple[str, ...]:
    """All there are."""
    return tuple(_PROBLEMS)


def build(name: str, places: Places) -> Problem:
    """One problem.

    Raises:
        FileNotFoundError: its data set is not there.
    """
    module, _, function = _PROBLEMS[name].partition(":")
    make: Callable[[Places], Problem] = getattr(importlib.import_module(f"scripts.benchmarks.tasks.{module}"), function)
    return make(places)
