"""Entities and slots, beside a dictionary of those in the train rows."""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from scripts.benchmarks.tasks.problem import Places, Problem, minilm

if TYPE_CHECKING:
    from trainer.config import TrainConfig
    from trainer.tasks.base import Prepared, Split

_BASELINE = (
    "a dictionary: word sequences that were entities of the train rows, the longest first, each as what it was oftenest"
)


def wnut17(places: Places) -> Problem:
    """Emerging entities: words and tags."""
    folder = places.set("wnut17")
    names = _names(folder)
    data = {"text": "tokens", "label": "ner_tags", "label_names": names, "limit": 1000, "limit_validation": 400}
    # A head that learns faster than the encoder: with one rate for both, one seed of two found no entity at all.
    course = {"epochs": 4, "learning_rate": 2e-4, "head_learning_rate": 2e-3, "max_length": 64}
    return _problem("wnut17", folder, data, course)


def restaurant8k(places: Places) -> Problem:
    """Slots of bookings: texts and spans of characters."""
    data = {"text": "text", "label": "spans", "limit": 300, "limit_validation": 400}
    return _problem(
        "restaurant8k", places.set("restaurant8k"), data, {"epochs": 6, "learning_rate": 5e-4, "max_length": 64}
    )


def _problem(name: str, folder: Path, data: dict[str, Any], settings: dict[str, Any]) -> Problem:
    files = {"train": str(folder / "train.jsonl"), "validation": str(folder / "test.jsonl")}
    common = {"report_every": {"fraction": 1.0}, "batch_size": 16, "warmup": 0.1}
    return Problem(
        title=f"MiniLM on {name}, scored on test rows",
        settings={
            "task": "token-classification",
            "model": minilm(),
            "data": {**files, **data},
            **common,
            **settings,
        },
        metric="f1",
        baseline=_BASELINE,
        baseline_value=dictionary,
    )


def _names(folder: Path) -> list[str]:
    import json

    names: list[str] = json.loads((folder / "labels.json").read_text())
    return names


def dictionary(config: TrainConfig, prepared: Prepared) -> float:
    """The metric of finding the entities of the train rows again, token by token as the tokenizer has it."""
    from trainer.entities import entity_metrics

    names = prepared.label_names
    known: dict[tuple[tuple[int, ...], ...], Counter[tuple[int, ...]]] = defaultdict(Counter)
    for words, tags in _rows(prepared.splits["train"]):
        start = 0
        while start < len(words):
            end = start + 1
            while end < len(words) and names[tags[start]] != "O" and names[tags[end]].startswith("I-"):
                end += 1
            if names[tags[start]] != "O":
                known[tuple(words[start:end])][tuple(tags[start:end])] += 1
            start = end
    longest = max(map(len, known))
    outside = names.index("O")
    found: list[int] = []
    for words, _ in _rows(prepared.splits["validation"]):
        start = 0
        while start < len(words):
            size = next((n for n in range(longest, 0, -1) if tuple(words[start : start + n]) in known), 0)
            key = tuple(words[start : start + size])
            found += known[key].most_common(1)[0][0] if size else [outside]
            start += max(1, size)
    arrays = prepared.splits["validation"].arrays
    predicted = np.array(found)
    return entity_metrics(predicted, arrays["tags"], arrays["word_offsets"], names, 0.0)[config.metric]


def _rows(split: Split) -> list[tuple[list[tuple[int, ...]], list[int]]]:
    """Each row's words, as the ids of their tokens, and tags."""
    arrays = split.arrays
    rows = []
    for row in range(len(arrays["offsets"]) - 1):
        first, last = arrays["word_offsets"][row : row + 2]
        heads = [int(head) for head in arrays["heads"][first:last]]
        ends = [*heads[1:], int(arrays["offsets"][row + 1])]
        words = [
            tuple(arrays["ids"][head:end].tolist()) if head >= 0 else () for head, end in zip(heads, ends, strict=True)
        ]
        rows.append((words, arrays["tags"][first:last].tolist()))
    return rows
