"""Our own searchers and schedulers, made as the study makes them."""

from __future__ import annotations

from typing import Any

from scripts.benchmarks.search.row import Pair, Row, Setting
from sweeps.schedule import make_scheduler
from sweeps.search import make_searcher


def ours(name: str, label: str, method: str, scheduler: str = "none", **options: Any) -> Row:
    """The row of a ``method`` with a ``scheduler``; ``options`` are the scheduler's."""

    def make(setting: Setting) -> Pair:
        policy = make_scheduler(scheduler, reports=setting.reports, **options)
        return Pair(make_searcher(method, setting.space, seed=setting.seed, rungs=policy.rungs), policy)

    return Row(name, label, make)
