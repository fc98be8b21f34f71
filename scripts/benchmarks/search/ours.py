"""Our own searchers and schedulers, made as the study makes them."""

from __future__ import annotations

from typing import Any

from scripts.benchmarks.search.row import Pair, Row, Setting
from sweeps.schedule import make_scheduler
from sweeps.search import Params, make_searcher
from sweeps.search.wrapper import Wrapper


class Silent(Wrapper):
    """A searcher that is not asked what it expects of trials: who is promoted then follows from scores alone."""

    def ask(self, number: int) -> Params | None:
        """The inner one's."""
        return self._inner.ask(number)

    def expected(self) -> None:
        """Nothing."""


def ours(name: str, label: str, method: str, scheduler: str = "none", *, silent: bool = False, **options: Any) -> Row:
    """The row of a ``method`` with a ``scheduler``; ``options`` are the scheduler's."""

    def make(setting: Setting) -> Pair:
        policy = make_scheduler(scheduler, reports=setting.reports, **options)
        searcher = make_searcher(
            method,
            setting.space,
            seed=setting.seed,
            trials=setting.trials,
            rungs=policy.rungs,
            past=setting.past,
        )
        return Pair(Silent(searcher) if silent else searcher, policy)

    return Row(name, label, make)
