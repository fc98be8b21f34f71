"""Results in a file of JSON lines: what was run once is not run again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scripts.benchmarks.real.problems import Problem

Record = dict[str, Any]


def version(problem: Problem, trainings: float) -> str:
    """Changes with the settings of a problem or the budget, so that results of different ones are never mixed."""
    trainer = {key: value for key, value in problem.trainer.items() if key not in {"model", "data"}}
    data = {key: value for key, value in problem.trainer["data"].items() if key not in {"train", "validation", "test"}}
    said: Mapping[str, Any] = {"trainer": trainer, "data": data, "parameters": problem.parameters, "budget": trainings}
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:12]


class Records:
    """The file ``path``, appended a record at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: list[Record] = []
        for line in path.read_text().splitlines() if path.exists() else []:
            try:
                self._known.append(json.loads(line))
            except json.JSONDecodeError:
                continue  # killed while this line was written

    def of(self, problem: str, version: str) -> list[Record]:
        """Those of one problem as it is now."""
        return [one for one in self._known if (one["problem"], one["version"]) == (problem, version)]

    def add(self, record: Record) -> None:
        """Keep a record, on disk too."""
        self._known.append(record)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        torn = self._path.exists() and not self._path.read_bytes().endswith(b"\n") and self._path.stat().st_size > 0
        with self._path.open("a") as file:
            file.write(("\n" if torn else "") + json.dumps(record) + "\n")
