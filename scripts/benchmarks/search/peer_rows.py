"""Rows of other packages: each asks for a configuration up to a budget, and pays for what that has not had yet.

That is generous: their own drivers train again from the start, or leave resuming to the user.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

from scripts.benchmarks.search.peer_process import PYTHON, PeerProcess
from scripts.benchmarks.search.row import HERE, Pair, Row, Setting
from search_spaces import Int, SearchSpace
from sweeps.schedule import Decision, Scheduler
from sweeps.search import Outcome, Params, Searcher


class Peer(Protocol):
    """What is asked and told; see `PeerProcess`."""

    def ask(self) -> dict[str, Any]: ...
    def tell(self, job: int, loss: float) -> None: ...
    def placed(self, job: int, config: dict[str, Any]) -> None: ...


@dataclass
class _Trained:
    """A configuration with its scores so far, and the jobs that wait for more of them: report -> jobs."""

    number: int
    scores: list[float] = field(default_factory=list)
    jobs: dict[int, list[int]] = field(default_factory=dict)


@dataclass
class Jobs:
    """What the peer has asked for and is not told yet; a job for a known configuration goes on with its trial."""

    peer: Peer
    space: SearchSpace
    reports: int
    trained: dict[int, _Trained] = field(default_factory=dict)
    known: dict[tuple[Any, ...], int] = field(default_factory=dict)
    next: tuple[int, Params, int] | None = None  # job, configuration, report

    def fetch(self) -> int | None:
        """See to it that ``next`` is a job to be done, if there is one; the number of its trial if that is known."""
        while True:
            if self.next is None:
                answer = self.peer.ask()
                if not answer:
                    return None
                report = min(max(round(answer["budget"]), 1), self.reports)
                self.next = (answer["job"], legal(self.space, answer["config"]), report)
            job, params, report = self.next
            number = self.known.get(self.key(params))
            if number is None:
                return None
            trial = self.trained[number]
            if len(trial.scores) < report:
                if not trial.jobs:
                    return number
                trial.jobs.setdefault(report, []).append(job)  # it is training: the answer will come
            else:
                self.peer.tell(job, -trial.scores[report - 1])
            self.next = None

    def begin(self, number: int) -> None:
        """Trial ``number`` does the next job."""
        assert self.next is not None
        job, params, report = self.next
        self.known[self.key(params)] = number
        self.trained.setdefault(number, _Trained(number)).jobs.setdefault(report, []).append(job)
        self.next = None

    def key(self, params: Params) -> tuple[Any, ...]:
        """A configuration as something to look up."""
        return tuple(params[name] for name in self.space.names)


class PeerSearcher(Searcher):
    """New configurations of the peer."""

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs

    def ask(self, number: int) -> Params | None:
        self._jobs.fetch()
        if self._jobs.next is None:
            return None
        params = self._jobs.next[1]
        self._jobs.begin(number)
        return params

    def replay(self, number: int, params: Params) -> None:
        """It got another configuration than it asked for; the peer may know it by both."""
        self._jobs.known[self._jobs.key(params)] = number
        for jobs in self._jobs.trained[number].jobs.values():
            for job in jobs:
                self._jobs.peer.placed(job, dict(params))

    def end(self, number: int, outcome: Outcome) -> None:
        """Nothing: the peer is told of scores, not of ends."""


class PeerScheduler(Scheduler):
    """Trains each trial as far as the peer asked for, then pauses it."""

    name = "peer"

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs

    def candidate(self, *, last: bool = False) -> str | None:
        number = self._jobs.fetch()
        return None if number is None else f"t{number:04d}"

    def start(self, trial: str) -> None:
        if not self._jobs.trained[int(trial[1:])].jobs:  # it goes on; a new one has its job from `ask`
            self._jobs.begin(int(trial[1:]))

    def report(self, trial: str, report: int, score: float) -> Decision:
        trained = self._jobs.trained[int(trial[1:])]
        trained.scores.append(score)
        for job in trained.jobs.pop(report, []):
            self._jobs.peer.tell(job, -score)
        return Decision.CONTINUE if trained.jobs else Decision.PAUSE


def legal(space: SearchSpace, config: dict[str, Any]) -> dict[str, Any]:
    """Their configuration as one of ours: roundings of theirs may lead past a bound."""
    values = {p.name: min(max(config[p.name], p.ends[0]), p.ends[-1]) for p in space}
    return {p.name: int(values[p.name]) if isinstance(p, Int) else float(values[p.name]) for p in space}


def peer(name: str, label: str) -> Row:
    """The row of a package; ``name`` is also its file in ``peers``."""

    def make(setting: Setting) -> Pair:
        process = PeerProcess(name, setting)
        jobs = Jobs(process, setting.space, setting.reports)
        return Pair(PeerSearcher(jobs), PeerScheduler(jobs), process.close)

    sources = (f"{HERE}/peer_rows.py", f"{HERE}/peer_process.py", f"{HERE}/peers")
    missing = "there is no .venv-peers; scripts/benchmark_search --peers makes it"
    return Row(name, label, make, sources, lambda: "" if PYTHON.exists() else missing)


PEER_ROWS = (
    peer("bohb", "BOHB (hpbandster 0.7.4)"),
    peer("dehb", "DEHB 0.1.2"),
    peer("smac", "SMAC 2.4.1, multi-fidelity facade"),
)
