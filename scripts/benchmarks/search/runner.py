"""Measures what is missing, in several processes."""

from __future__ import annotations

import itertools
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context

from scripts.benchmarks.search.cache import Cache
from scripts.benchmarks.search.conditions import Condition
from scripts.benchmarks.search.measure import Record, Unit, measure
from scripts.benchmarks.search.row import Row
from scripts.benchmarks.search.tasks import TaskPlace


def units(
    rows: Sequence[Row], conditions: Sequence[Condition], tasks: Sequence[TaskPlace], seeds: int
) -> Iterator[Unit]:
    """Seed by seed, so that an interrupted run has all rows on all tasks with the same seeds."""
    for seed, condition, task, row in itertools.product(range(1, seeds + 1), conditions, tasks, rows):
        if condition.suits(task.timed):
            yield Unit(row.name, row.version, condition.name, task, seed)


def run(wanted: Sequence[Unit], cache: Cache, jobs: int) -> list[Record]:
    """The records of all ``wanted``, measuring those that the cache does not have."""
    missing = [unit for unit in wanted if cache.get(unit) is None]
    print(f"{len(wanted)} sweeps, {len(wanted) - len(missing)} of them known", file=sys.stderr)
    since = time.monotonic()
    for count, record in enumerate(_measured(missing, jobs), start=1):
        cache.add(record)
        if count % 25 == 0 or count == len(missing):
            print(f"{count} of {len(missing)} after {time.monotonic() - since:.0f} s", file=sys.stderr)
    return known(wanted, cache)


def known(wanted: Sequence[Unit], cache: Cache) -> list[Record]:
    """The records that the cache has."""
    return [record for unit in wanted if (record := cache.get(unit)) is not None]


def _measured(missing: Sequence[Unit], jobs: int) -> Iterator[Record]:
    if jobs == 1:
        yield from map(measure, missing)
        return
    # Spawned, not forked: the thread pools of numerical libraries do not survive a fork.
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        futures = [pool.submit(measure, unit) for unit in missing]
        try:
            for future in as_completed(futures):
                yield future.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
