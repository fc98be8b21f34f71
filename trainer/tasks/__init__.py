"""The tasks by name."""

from __future__ import annotations

import importlib
from functools import lru_cache

from trainer.errors import ConfigError, suggest
from trainer.tasks.base import Task

_TASKS = {
    "text-classification": "trainer.tasks.text_classification:TextClassification",
    "seq2seq": "trainer.tasks.seq2seq:Seq2Seq",
    "causal-lm": "trainer.tasks.causal_lm:CausalLM",
    "token-classification": "trainer.tasks.token_classification:TokenClassification",
    "question-answering": "trainer.tasks.question_answering:QuestionAnswering",
    "classification": "trainer.tasks.classification:Classification",
    "image-classification": "trainer.tasks.image_classification:ImageClassification",
    "tabular": "trainer.tasks.tabular:Tabular",
    "custom": "trainer.tasks.custom:Custom",
}


def task_names() -> tuple[str, ...]:
    """Every task there is."""
    return tuple(_TASKS)


@lru_cache
def get_task(name: str) -> Task:
    """The task of that name; always the same instance.

    Raises:
        ConfigError: there is none.
    """
    if name not in _TASKS:
        raise ConfigError("task", f"there is no task {name!r}", suggest(name, _TASKS))
    module, _, found = _TASKS[name].partition(":")
    task: Task = getattr(importlib.import_module(module), found)()
    return task
