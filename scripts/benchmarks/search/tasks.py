"""Which tasks a folder of published curves has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from scripts.benchmarks.search.curve import Task
from scripts.benchmarks.search.lcbench import LcbenchTask
from scripts.benchmarks.search.network import load_network
from scripts.benchmarks.search.taskset import TasksetTask

DEVELOPMENT = ("189908", "168330", "7593")  # OpenML ids that may be looked at; others are for judging


@dataclass(frozen=True)
class TaskPlace:
    """Where a task's curves are: what processes hand each other instead of the curves."""

    family: str
    name: str
    data: Path
    store: Path | None = None

    @property
    def timed(self) -> bool:
        """Whether its data has run times."""
        return self.family == "lcbench"


def find_tasks(data: Path, ids: Sequence[str] = DEVELOPMENT, store: Path | None = None) -> list[TaskPlace]:
    """Every table in ``data/taskset`` and the OpenML tasks ``ids`` of ``data/lcbench``.

    Raises:
        ValueError: the folder has neither.
    """
    tables = sorted(path.name.removesuffix(".json.gz") for path in (data / "taskset").glob("*.json.gz"))
    found = [TaskPlace("taskset", name, data) for name in tables]
    if (data / "lcbench" / "model.onnx").exists():
        found += [TaskPlace("lcbench", name, data, store) for name in ids]
    if not found:
        raise ValueError(f"{data}: neither taskset/*.json.gz nor lcbench/model.onnx; point --data at such a folder")
    return found


@lru_cache(maxsize=16)
def load_task(place: TaskPlace) -> Task:
    """The curves, once for each process."""
    folder = place.data / place.family
    if place.family == "taskset":
        return TasksetTask(folder / f"{place.name}.json.gz")
    return LcbenchTask(folder, place.name, load_network(folder / "model.onnx"), place.store)
