"""Other packages' optimizers as rows: what they ask for, what they are told, what they pay."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from scripts.benchmarks.search.peer_rows import Jobs, PeerScheduler, PeerSearcher, legal
from scripts.benchmarks.search.simulator import Simulation, simulate
from search_spaces import Float, Int, SearchSpace
from sweeps.search import Params

SPACE = SearchSpace([Int("a", 1, 9), Float("b", 1e-3, 1.0, log=True)])


@dataclass
class FakePeer:
    """Asks for what it is given; ``None`` waits until something more was told."""

    wanted: list[tuple[int, float] | None]  # a, budget
    told: list[tuple[int, float]] = field(default_factory=list)
    asked: int = 0

    def ask(self) -> dict[str, Any]:
        if not self.wanted or self.wanted[0] is None:
            return {}
        a, budget = self.wanted.pop(0) or (0, 0)
        self.asked += 1
        return {"job": self.asked, "config": {"a": a, "b": 0.5}, "budget": budget}

    def tell(self, job: int, loss: float) -> None:
        self.told.append((job, loss))
        if self.wanted and self.wanted[0] is None:
            self.wanted.pop(0)

    def placed(self, job: int, config: dict[str, Any]) -> None: ...


@dataclass(frozen=True)
class Ramp:
    reports: int = 9

    def score(self, params: Params, report: int) -> float:
        return float(params["a"] + report / 10)

    def seconds(self, params: Params, report: int) -> float:
        return 1.0


def run(peer: FakePeer, workers: int = 1) -> Simulation:
    jobs = Jobs(peer, SPACE, 9)
    return simulate(PeerSearcher(jobs), PeerScheduler(jobs), Ramp(), workers=workers, budget=100)


def test_going_on_with_a_configuration_pays_for_what_it_has_not_had() -> None:
    peer = FakePeer([(1, 1.0), (2, 1.0), (2, 2.6), (1, 9.0)])
    result = run(peer)
    assert [len(trial.scores) for trial in result.trials] == [9, 3]  # 2.6 is report 3
    assert result.spent == 12.0
    assert peer.told == [(1, -1.1), (2, -2.1), (3, -2.3), (4, -1.9)]


def test_what_is_known_already_is_told_at_once() -> None:
    peer = FakePeer([(1, 5.0), (1, 2.0), (1, 5.0), (2, 1.0)])
    result = run(peer)
    assert result.spent == 6.0
    assert peer.told == [(1, -1.5), (2, -1.2), (3, -1.5), (4, -2.1)]


def test_two_jobs_for_one_configuration_that_is_training_share_it() -> None:
    peer = FakePeer([(1, 3.0), (1, 6.0), (2, 1.0)])
    result = run(peer, workers=2)
    assert [len(trial.scores) for trial in result.trials] == [6, 1]
    assert sorted(peer.told) == [(1, -1.3), (2, -1.6), (3, -2.1)]


def test_a_worker_waits_while_the_peer_waits_for_results() -> None:
    peer = FakePeer([(1, 2.0), None, (2, 1.0), (3, 1.0)])
    result = run(peer, workers=2)
    assert [len(trial.scores) for trial in result.trials] == [2, 1, 1]
    assert result.seconds == 3.0


def test_a_rounding_past_a_bound_is_drawn_in() -> None:
    params = legal(SPACE, {"a": 9.0, "b": 1e-3 - 1e-12})
    assert params == {"a": 9, "b": 1e-3}
    assert type(params["a"]) is int
    assert SPACE.contains(params)
