"""Results in a file of JSON lines: what was measured once is not measured again."""

from __future__ import annotations

import json
from pathlib import Path

from scripts.benchmarks.search.measure import Record, Unit

Key = tuple[str, str, str, str, str, int]


class Cache:
    """Appended a record at a time, so that an interrupted run goes on where it was."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.records: dict[Key, Record] = {}
        for line in path.read_text().splitlines() if path.exists() else []:
            try:
                record = json.loads(line)
            except json.JSONDecodeError:
                continue  # a run was killed while it wrote this line
            self.records[_key(record)] = record

    def get(self, unit: Unit) -> Record | None:
        """What was measured, by these very sources."""
        return self.records.get(unit.key)

    def add(self, record: Record) -> None:
        """Keep a record, on disk too."""
        self.records[_key(record)] = record
        self._path.parent.mkdir(parents=True, exist_ok=True)
        torn = self._path.exists() and not self._path.read_bytes().endswith(b"\n") and self._path.stat().st_size > 0
        with self._path.open("a") as file:
            file.write(("\n" if torn else "") + json.dumps(record) + "\n")


def _key(record: Record) -> Key:
    return (
        record["row"],
        record["version"],
        record["condition"],
        record["family"],
        record["task"],
        record["seed"],
    )
