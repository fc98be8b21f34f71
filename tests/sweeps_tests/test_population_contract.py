"""PBT and PB2 pass the suite of schedulers, on curves that come in any order, with failures and gaps."""

from __future__ import annotations

import random

import numpy as np
import pytest

from sweeps.engine.population import TunePopulation
from sweeps.schedule import Decision
from tests.conformance.schedule_driver import drive, recorded_curves, tell, told
from tests.conformance.schedule_suite import SchedulerSuite
from tests.sweeps_tests.population_kit import SPACE, make


class Plain(TunePopulation):
    """For a suite that knows neither parameters nor copies: a trial that is replaced is stopped."""

    def start(self, trial: str) -> None:
        if trial not in self._params:
            self.made(trial, SPACE.sample(random.Random(trial)))
        super().start(trial)

    def report(self, trial: str, report: int, score: float) -> Decision:
        self.saved(trial, report)
        decision = super().report(trial, report, score)
        return Decision.STOP if decision is Decision.REPLACE else decision


def plain(name: str) -> TunePopulation:
    made = make(name, population=40)
    made.__class__ = Plain
    return made


class TestPbt(SchedulerSuite):
    pauses = True

    def make(self) -> TunePopulation:
        return plain("pbt")


@pytest.mark.slow
class TestPb2(SchedulerSuite):
    pauses = True

    @pytest.fixture(autouse=True)
    def _no_model(self, monkeypatch: pytest.MonkeyPatch) -> None:
        # Seconds each time, and hundreds of times here; what it suggests is compared with Tune's own above.
        monkeypatch.setattr(
            "ray.tune.schedulers.pb2._select_config",
            lambda X, y, current, point, bounds, num_f: np.random.uniform(*np.array(list(bounds.values())).T),
        )

    def make(self) -> TunePopulation:
        return plain("pb2")

    def test_a_ledger_read_again_at_any_point_gives_the_same_decisions_and_candidates(self) -> None:
        log = drive(self.make(), recorded_curves())
        for cut in (50, 300):  # each takes seconds: it keeps its data in tables
            resumed = self.make()
            for event, answer in told(log[:cut]):
                assert tell(resumed, event) is answer
            for event, answer in log[cut:]:
                assert tell(resumed, event) == answer
