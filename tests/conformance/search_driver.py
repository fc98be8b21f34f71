"""What a searcher is told and asked in a sweep, as a ledger has it, and told again."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from scripts.benchmarks.search.problem import Problem
from scripts.benchmarks.search.simulator import simulate
from search_spaces import SearchSpace
from sweeps.schedule import make_scheduler
from sweeps.search import Outcome, Params, Searcher

Event = tuple[str, int, Any, Any]


@dataclass
class Recorder(Searcher):
    """Passes everything on and keeps it, as a ledger would."""

    searcher: Searcher
    events: list[Event] = field(default_factory=list)

    def ask(self, number: int) -> Params | None:
        params = self.searcher.ask(number)
        self.events.append(("ask", number, json.loads(json.dumps(params)), None))
        return params

    def report(self, number: int, report: int, score: float) -> None:
        self.events.append(("report", number, report, score))
        self.searcher.report(number, report, score)

    def end(self, number: int, outcome: Outcome) -> None:
        self.events.append(("end", number, outcome, None))
        self.searcher.end(number, outcome)


def tell_again(searcher: Searcher, events: Iterable[Event]) -> None:
    """What a resume does: the ledger is told again, in its order."""
    for kind, number, what, score in events:
        if kind == "ask" and what is not None:
            searcher.replay(number, what)
        elif kind == "report":
            searcher.report(number, what, score)
        elif kind == "end":
            searcher.end(number, what)


def suggestions(searcher: Searcher, events: Iterable[Event]) -> list[tuple[Params | None, Params | None]]:
    """Go on with ``events``, asking instead of replaying: pairs of what was suggested then and now."""
    pairs = []
    for event in events:
        if event[0] == "ask":
            pairs.append((event[2], searcher.ask(event[1])))
        else:
            tell_again(searcher, [event])
    return pairs


@dataclass(frozen=True)
class ThirdsAreBest:
    """Scores for any space: each parameter wants to be at a third of its range; some trials fail."""

    space: SearchSpace
    reports: int = 9

    def score(self, params: Params, report: int) -> float:
        at = [
            parameter.to_unit(params[parameter.name]) for parameter in self.space.searched if parameter.name in params
        ]
        distance = sum((position - 1 / 3) ** 2 for position in at) / len(at)
        return math.nan if at[0] > 0.9 and report == 4 else 1.0 - distance - 1.0 / (report + 1)

    def seconds(self, params: Params, report: int) -> float:
        return 1.0 + self.space.searched[0].to_unit(params[self.space.searched[0].name])


def recorded_events(searcher: Searcher, space: SearchSpace, trials: int) -> list[Event]:
    """A sweep with four workers and ASHA, as a ledger has it."""
    recorder = Recorder(searcher)
    problem: Problem = ThirdsAreBest(space)
    simulate(recorder, make_scheduler("asha"), problem, workers=4, trials=trials)
    return recorder.events
