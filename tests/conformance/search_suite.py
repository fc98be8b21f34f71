"""What every searcher must do. Subclass `SearcherSuite`, say how to make one, and all of it is tested."""

from __future__ import annotations

import json
import math

from search_spaces import SearchSpace
from sweeps.errors import InputError
from sweeps.search import Outcome, Searcher
from tests.conformance.search_driver import ThirdsAreBest, recorded_events, suggestions, tell_again
from tests.conformance.spaces import CONDITIONED, MIXED, TINY

RUNGS = (1, 3, 9)


class SearcherSuite:
    """The contract of `Searcher`, for one of them. Rungs, where it wants them, are `RUNGS`."""

    seeded = True  # whether its suggestions depend on the seed
    learns = False  # whether they depend on scores
    trials = 30  # of a sweep that is long enough to show what there is to show

    def make(self, space: SearchSpace, seed: int = 1) -> Searcher:
        raise NotImplementedError

    def test_suggestions_lie_inside_the_space_with_exact_types(self) -> None:
        asked = [event[2] for event in recorded_events(self.make(MIXED), MIXED, self.trials) if event[0] == "ask"]
        assert len(asked) == self.trials
        for params in asked:
            assert MIXED.contains(params), params
            assert list(params) == list(MIXED.names)
            assert type(params["layers"]) is int

    def test_choices_that_never_occur_are_never_suggested(self) -> None:
        if not self.seeded:
            return  # a grid takes every choice, whatever its probability
        asked = [event[2] for event in recorded_events(self.make(MIXED), MIXED, self.trials) if event[0] == "ask"]
        assert {params["batch_size"] for params in asked} == {8, 16, 32}

    def test_both_inclusive_ends_are_reached(self) -> None:
        asked = [event[2] for event in recorded_events(self.make(TINY), TINY, 18) if event[0] == "ask"]
        assert {params["a"] for params in asked} == {-1, 0, 1}
        assert {params["b"] for params in asked} == {"x", "y", "z"}
        assert {params["c"] for params in asked} == {0, 1}

    def test_the_same_seed_gives_the_same_list_and_another_seed_another(self) -> None:
        once = recorded_events(self.make(MIXED, seed=4), MIXED, self.trials)
        assert recorded_events(self.make(MIXED, seed=4), MIXED, self.trials) == once
        assert (recorded_events(self.make(MIXED, seed=5), MIXED, self.trials) != once) is self.seeded

    def test_interrupted_and_replayed_equals_uninterrupted(self) -> None:
        events = recorded_events(self.make(MIXED), MIXED, self.trials)
        for cut in (3, len(events) // 2, len(events) * 4 // 5):
            resumed = self.make(MIXED)
            tell_again(resumed, events[:cut])
            for then, now in suggestions(resumed, events[cut:]):
                assert now == then

    def test_reports_repeated_after_a_resume_change_nothing(self) -> None:
        events = recorded_events(self.make(MIXED), MIXED, self.trials)
        resumed = self.make(MIXED)
        for event in events[: len(events) // 2]:
            tell_again(resumed, [event])
            if event[0] == "report":
                tell_again(resumed, [event, ("report", event[1], 1, 99.0)])
        for then, now in suggestions(resumed, events[len(events) // 2 :]):
            assert now == then

    def test_a_failed_trial_is_no_result_rather_than_a_bad_one(self) -> None:
        with_failures, without = self.make(MIXED), self.make(MIXED)
        curves = ThirdsAreBest(MIXED)
        for number in range(1, self.trials + 1):
            params = with_failures.ask(number)
            assert params is not None
            fails = number % 3 == 0
            if not fails:
                without.replay(number, params)
            for searcher in (with_failures, without) if not fails else (with_failures,):
                for report in range(1, 10):
                    searcher.report(number, report, curves.score({**params, "learning_rate": 1e-4}, report))
                searcher.end(number, Outcome.FAILED if fails else Outcome.STOPPED)
        assert with_failures.ask(self.trials + 1) == without.ask(self.trials + 1)

    def test_scores_that_are_not_finite_change_nothing(self) -> None:
        events = recorded_events(self.make(MIXED), MIXED, self.trials)
        resumed = self.make(MIXED)
        for event in events:
            if event[0] == "end":
                tell_again(resumed, [("report", event[1], 9, math.nan), ("report", event[1], 9, math.inf)])
            tell_again(resumed, [event])
        whole = self.make(MIXED)
        tell_again(whole, events)
        assert resumed.ask(self.trials + 1) == whole.ask(self.trials + 1)

    def test_conditions_and_constraints_are_kept_or_the_space_is_refused(self) -> None:
        if (searcher := self.conditioned()) is None:
            return
        asked = [event[2] for event in recorded_events(searcher, CONDITIONED, self.trials) if event[0] == "ask"]
        assert len(asked) == self.trials
        assert [params for params in asked if not CONDITIONED.contains(params)] == []
        assert {params["peft"] for params in asked} == {"none", "lora", "prefix"} or not self.seeded

    def test_a_conditioned_search_goes_on_after_a_resume_as_it_would_have(self) -> None:
        if (searcher := self.conditioned()) is None:
            return
        events = recorded_events(searcher, CONDITIONED, self.trials)
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
        curves = ThirdsAreBest(MIXED)
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
