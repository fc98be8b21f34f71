"""The tasks by name."""

from __future__ import annotations

import difflib
import importlib
from functools import lru_cache

from trainer.errors import ConfigError
from trainer.tasks.base import Task

_TASKS = {
    "text-classification": "trainer.tasks.text_classification:TextClassification",
    "classification": "trainer.tasks.classification:Classification",
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
        close = difflib.get_close_matches(name, _TASKS, n=1)
        mend = f"did you mean {close[0]}?" if close else f"known are {', '.join(_TASKS)}"
        raise ConfigError("task", f"there is no task {name!r}", mend)
    module, _, found = _TASKS[name].partition(":")
    task: Task = getattr(importlib.import_module(module), found)()
    return task
