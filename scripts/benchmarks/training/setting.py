"""What both loops are given: rows, model and settings. Each is run in a process of its own, on one thread."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

LABELS = ("ham", "spam")


@dataclass(frozen=True)
class Setting:
    """One training.

    Attributes:
        data: the folder with ``train.jsonl`` and ``validation.jsonl``.
        model: a model folder.
        rows: of the training file, the first so many; ``validation_rows`` likewise.
        seed: of the head, the order of rows and dropout.
    """

    data: str
    model: str
    rows: int
    seed: int
    validation_rows: int = 500
    epochs: float = 1.0
    batch_size: int = 32
    eval_batch_size: int = 64
    learning_rate: float = 1e-4
    weight_decay: float = 0.01
    max_length: int = 128

    def dumps(self) -> str:
        """As JSON, for a command line."""
        return json.dumps(asdict(self))

    @classmethod
    def loads(cls, text: str) -> Setting:
        """What ``dumps`` wrote."""
        return cls(**json.loads(text))

    def read(self, split: str) -> list[dict[str, Any]]:
        """The rows of a split, as objects with ``text`` and ``label``."""
        most = self.rows if split == "train" else self.validation_rows
        lines = (Path(self.data) / f"{split}.jsonl").read_text("utf-8").splitlines()
        return [json.loads(line) for line in lines[:most]]


@dataclass(frozen=True)
class Outcome:
    """What one training came to: seconds inside training steps, and the score afterwards."""

    steps: int
    seconds: float
    f1_macro: float
    loss: float

    @property
    def rate(self) -> float:
        """Updates per second."""
        return self.steps / self.seconds


def say(outcome: Outcome) -> None:
    """Print it as the last line, for the process that waits."""
    print(json.dumps(asdict(outcome)))


def heard(lines: Sequence[str]) -> Outcome:
    """What ``say`` printed."""
    return Outcome(**json.loads(lines[-1]))
