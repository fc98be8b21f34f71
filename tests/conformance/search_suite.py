"""What every searcher must do. Subclass `SearcherSuite`, say how to make one, and all of it is tested."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from scripts.benchmarks.search.problem import Problem
from scripts.benchmarks.search.simulator import simulate
from search_spaces import Categorical, Constant, Float, Int, Normal, SearchSpace
from sweeps.errors import InputError
from sweeps.schedule import make_scheduler
from sweeps.search import Outcome, Params, Searcher

RUNGS = (1, 3, 9)
MIXED = SearchSpace(
    [
        Float("learning_rate", 1e-6, 1e-2, log=True, points=2),
        Float("weight_decay", 0.0, 0.3, points=2),
        Float("dropout", 0.0, 0.5, step=0.1, points=2),
        Float("warmup", 1e-3, 1e-1, log=True, step=1e-3, points=2),
        Int("layers", 1, 3),
        Int("hidden", 16, 512, log=True, points=2),
        Int("heads", 2, 10, step=4, points=2),
        Normal("shift", 0.0, 1.0, points=2),
        Normal("scale", 0.0, 0.5, log=True, points=2),
        Categorical("optimizer", ["adamw", "sgd", None, True, [0.9, 0.99], {"name": "lion"}]),
        Categorical("batch_size", [8, 16, 32, 64], probabilities=[0.4, 0.3, 0.3, 0.0]),
        Constant("seed", 7),
    ]
)
TINY = SearchSpace([Int("a", -1, 1), Categorical("b", ["x", "y", "z"]), Int("c", 0, 1)])  # 18 configurations

CONDITIONED = SearchSpace(
    [
        Float("learning_rate", 1e-6, 1e-2, log=True, points=3),
        Categorical("peft", ["none", "lora", "prefix"]),
        Int("lora_rank", 4, 16, step=4, when={"peft": "lora"}),
        Float("lora_dropout", 0.0, 0.5, points=2, when={"lora_rank": {"min": 8}}),
        Int("prefix_length", 8, 64, log=True, points=3, when={"peft": "prefix"}),
        Constant("lora_scale", 2.0, when={"peft": "lora"}),
        Categorical("batch_size", [8, 16, 32]),
        Int("accumulation", 1, 8),
    ],
    ["batch_size * accumulation <= 64", "lora_rank <= 8 or learning_rate < 1e-3"],
)

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
class _Curves:
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
    problem: Problem = _Curves(space)
    simulate(recorder, make_scheduler("asha"), problem, workers=4, trials=trials)
    return recorder.events


class SearcherSuite:
    """The contract of `Searcher`, for one of them. Rungs, where it wants them, are `RUNGS`."""

    seeded = True  # whether its suggestions depend on the seed
    learns = False  # whether they depend on scores

    def make(self, space: SearchSpace, seed: int = 1) -> Searcher:
        raise NotImplementedError

    def test_suggestions_lie_inside_the_space_with_exact_types(self) -> None:
        asked = [event[2] for event in recorded_events(self.make(MIXED), MIXED, 50) if event[0] == "ask"]
        assert len(asked) == 50
        for params in asked:
            assert MIXED.contains(params), params
            assert list(params) == list(MIXED.names)
            assert type(params["layers"]) is int

    def test_choices_that_never_occur_are_never_suggested(self) -> None:
        if not self.seeded:
            return  # a grid takes every choice, whatever its probability
        asked = [event[2] for event in recorded_events(self.make(MIXED), MIXED, 50) if event[0] == "ask"]
        assert {params["batch_size"] for params in asked} == {8, 16, 32}

    def test_both_inclusive_ends_are_reached(self) -> None:
        asked = [event[2] for event in recorded_events(self.make(TINY), TINY, 18) if event[0] == "ask"]
        assert {params["a"] for params in asked} == {-1, 0, 1}
        assert {params["b"] for params in asked} == {"x", "y", "z"}
        assert {params["c"] for params in asked} == {0, 1}

    def test_the_same_seed_gives_the_same_list_and_another_seed_another(self) -> None:
        once = recorded_events(self.make(MIXED, seed=4), MIXED, 30)
        assert recorded_events(self.make(MIXED, seed=4), MIXED, 30) == once
        assert (recorded_events(self.make(MIXED, seed=5), MIXED, 30) != once) is self.seeded

    def test_interrupted_and_replayed_equals_uninterrupted(self) -> None:
        events = recorded_events(self.make(MIXED), MIXED, 40)
        for cut in (3, len(events) // 2, len(events) * 4 // 5):
            resumed = self.make(MIXED)
            tell_again(resumed, events[:cut])
            for then, now in suggestions(resumed, events[cut:]):
                assert now == then

    def test_reports_repeated_after_a_resume_change_nothing(self) -> None:
        events = recorded_events(self.make(MIXED), MIXED, 30)
        resumed = self.make(MIXED)
        for event in events[: len(events) // 2]:
            tell_again(resumed, [event])
            if event[0] == "report":
                tell_again(resumed, [event, ("report", event[1], 1, 99.0)])
        for then, now in suggestions(resumed, events[len(events) // 2 :]):
            assert now == then

    def test_a_failed_trial_is_no_result_rather_than_a_bad_one(self) -> None:
        with_failures, without = self.make(MIXED), self.make(MIXED)
        curves = _Curves(MIXED)
        for number in range(1, 31):
            params = with_failures.ask(number)
            assert params is not None
            fails = number % 3 == 0
            if not fails:
                without.replay(number, params)
            for searcher in (with_failures, without) if not fails else (with_failures,):
                for report in range(1, 10):
                    searcher.report(number, report, curves.score({**params, "learning_rate": 1e-4}, report))
                searcher.end(number, Outcome.FAILED if fails else Outcome.STOPPED)
        assert with_failures.ask(31) == without.ask(31)

    def test_scores_that_are_not_finite_change_nothing(self) -> None:
        events = recorded_events(self.make(MIXED), MIXED, 20)
        resumed = self.make(MIXED)
        for event in events:
            if event[0] == "end":
                tell_again(resumed, [("report", event[1], 9, math.nan), ("report", event[1], 9, math.inf)])
            tell_again(resumed, [event])
        whole = self.make(MIXED)
        tell_again(whole, events)
        assert resumed.ask(21) == whole.ask(21)

    def test_conditions_and_constraints_are_kept_or_the_space_is_refused(self) -> None:
        if (searcher := self.conditioned()) is None:
            return
        asked = [event[2] for event in recorded_events(searcher, CONDITIONED, 60) if event[0] == "ask"]
        assert len(asked) == 60
        assert [params for params in asked if not CONDITIONED.contains(params)] == []
        assert {params["peft"] for params in asked} == {"none", "lora", "prefix"} or not self.seeded

    def test_a_conditioned_search_goes_on_after_a_resume_as_it_would_have(self) -> None:
        if (searcher := self.conditioned()) is None:
            return
        events = recorded_events(searcher, CONDITIONED, 40)
        resumed = self.conditioned()
        assert resumed is not None
        tell_again(resumed, events[: len(events) // 2])
        for then, now in suggestions(resumed, events[len(events) // 2 :]):
            assert now == then

    def conditioned(self) -> Searcher | None:
        """A searcher over a space with conditions and constraints, or ``None`` where it is refused with a reason."""
        try:
            return self.make(CONDITIONED)
        except InputError as error:
            if "cannot search this space: " not in error.message:
                raise
            return None

    def test_parallel_workers_are_not_offered_the_same_point(self) -> None:
        searcher = self.make(MIXED)
        curves = _Curves(MIXED)
        for number in range(1, 25):
            params = searcher.ask(number)
            assert params is not None
            searcher.report(number, 1, curves.score(params, 1))
            searcher.end(number, Outcome.STOPPED)
        pending = [json.dumps(searcher.ask(number)) for number in range(25, 41)]
        assert len(set(pending)) == 16

    def test_scores_matter_to_those_who_learn_and_to_no_one_else(self) -> None:
        high, low = self.make(MIXED), self.make(MIXED)
        for searcher, sign in ((high, 1.0), (low, -1.0)):
            for number in range(1, 25):
                params = searcher.ask(number)
                assert params is not None
                searcher.report(number, 1, sign * MIXED["weight_decay"].to_unit(params["weight_decay"]))
                searcher.end(number, Outcome.STOPPED)
        after = [[searcher.ask(number) for number in range(25, 33)] for searcher in (high, low)]
        assert (after[0] != after[1]) is self.learns
        if self.learns:
            means = [sum(params["weight_decay"] for params in asked if params) / len(asked) for asked in after]
            assert means[0] > means[1] + 0.1
