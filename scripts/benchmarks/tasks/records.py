"""Results in a file of JSON lines: what was run once is not run again."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from scripts.benchmarks.tasks.measure import Record
from scripts.benchmarks.tasks.problem import Problem


def version(problem: Problem) -> str:
    """Changes with the settings and the baseline, not with where files lie: different ones are never mixed."""
    settings = {key: value for key, value in problem.settings.items() if key not in {"model", "data"}}
    data = {key: _plain(value) for key, value in problem.settings["data"].items()}
    said = [problem.metric, problem.baseline, _plain(problem.settings["model"]), settings, data]
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:12]


def _plain(value: object) -> object:
    return Path(value).name if isinstance(value, str) and "/" in value else value


class Records:
    """The file `path`, appended a record at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: list[Record] = []
        for line in path.read_text().splitlines() if path.exists() else []:
            try:
                self._known.append(json.loads(line))
            except json.JSONDecodeError:
                continue  # killed while this line was written

    def of(self, problem: str, version: str) -> dict[int | None, Record]:
        """Those of one problem as it is now, by seed; the baseline's is `None`."""
        mine = [one for one in self._known if (one["problem"], one["version"]) == (problem, version)]
        return {one["seed"]: one for one in mine}

    def add(self, record: Record) -> None:
        """Keep a record, on disk too."""
        self._known.append(record)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        torn = self._path.exists() and not self._path.read_bytes().endswith(b"\n") and self._path.stat().st_size > 0
        with self._path.open("a") as file:
            file.write(("\n" if torn else "") + json.dumps(record) + "\n")
