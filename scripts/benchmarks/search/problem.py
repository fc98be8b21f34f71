"""What a simulated sweep needs to know of the world: learning curves that are known in advance."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from sweeps.search import Outcome, Params, Searcher


class Problem(Protocol):
    """Known learning curves."""

    @property
    def reports(self) -> int:
        """How many reports a full training has."""

    def score(self, params: Params, report: int) -> float:
        """The score at ``report`` (from 1), larger is better; a trial fails where it is not finite."""

    def seconds(self, params: Params, report: int) -> float:
        """Virtual seconds of training between the report before (or the start) and ``report``."""


@runtime_checkable
class Table(Protocol):
    """A problem that knows some configurations only. Room is left here for scoring candidates over unused rows."""

    def place(self, params: Params) -> Params | None:
        """The nearest configuration of the table, used up from here on; ``None`` where none is left."""


def placed(searcher: Searcher, number: int, problem: Problem) -> Params | None:
    """The configuration of trial ``number``: what ``searcher`` suggests, moved to where ``problem`` knows a curve.

    A searcher is told the configuration that it got instead of its suggestion. In the words of the searchers'
    contract: the suggestion came to no result at all, and the trial's further attempt has another configuration.
    """
    params = searcher.ask(number)
    if params is None or not isinstance(problem, Table):
        return params
    row = problem.place(params)
    if row != params:
        searcher.end(number, Outcome.FAILED)
        if row is not None:
            searcher.replay(number, row)
    return row
