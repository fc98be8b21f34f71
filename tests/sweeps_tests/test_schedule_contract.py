"""Every scheduler passes the conformance suite; names and bad settings."""

from __future__ import annotations

import pytest

from sweeps.errors import InputError
from sweeps.schedule import SCHEDULERS, Scheduler, make_scheduler
from sweeps.schedule.asha import AshaScheduler
from tests.conformance.schedule_suite import SchedulerSuite


class TestNone(SchedulerSuite):
    stops = False

    def make(self) -> Scheduler:
        return make_scheduler("none")


class TestAsha(SchedulerSuite):
    def make(self) -> Scheduler:
        return make_scheduler("asha", grace=1, reduction_factor=3, mode="stopping")


class TestAshaWithGraceAndASmallFractionalFactor(SchedulerSuite):
    def make(self) -> Scheduler:
        return AshaScheduler(grace=2, reduction_factor=1.5, min_trials=4)


class TestAshaWithPromotion(SchedulerSuite):
    stops, pauses = False, True

    def make(self) -> Scheduler:
        return make_scheduler("asha", grace=1, reduction_factor=3, mode="promotion")


class TestAshaWithPromotionAndASmallFractionalFactor(SchedulerSuite):
    stops, pauses = False, True

    def make(self) -> Scheduler:
        return AshaScheduler(grace=2, reduction_factor=1.5, min_trials=4, mode="promotion")


class TestAshaByCost(SchedulerSuite):
    pauses = True

    def make(self) -> Scheduler:
        return make_scheduler("asha", grace=1, reduction_factor=3, mode="auto")


class TestHyperband(SchedulerSuite):
    def make(self) -> Scheduler:
        return make_scheduler("hyperband", grace=1, reduction_factor=3, reports=12, mode="stopping")


class TestHyperbandWithPromotion(SchedulerSuite):
    stops, pauses = False, True

    def make(self) -> Scheduler:
        return make_scheduler("hyperband", grace=1, reduction_factor=2, reports=12, mode="promotion")


class TestHyperbandByCost(SchedulerSuite):
    pauses = True

    def make(self) -> Scheduler:
        return make_scheduler("hyperband", grace=2, reduction_factor=2, reports=12, mode="auto")


class TestPasha(SchedulerSuite):
    stops, pauses = False, True

    def make(self) -> Scheduler:
        return make_scheduler("pasha", grace=1, reduction_factor=2)


class TestMedian(SchedulerSuite):
    def make(self) -> Scheduler:
        return make_scheduler("median", grace=2)


class TestPatience(SchedulerSuite):
    def make(self) -> Scheduler:
        return make_scheduler("patience", grace=2, patience=2, min_delta=0.005)


def test_every_scheduler_is_made_by_its_name() -> None:
    assert [make_scheduler(name, reports=9).name for name in SCHEDULERS] == list(SCHEDULERS)


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        ({"name": "hyperbland"}, "early_stopping.scheduler"),
        ({"name": "asha", "grace": 0}, "early_stopping.grace"),
        ({"name": "asha", "reduction_factor": 1}, "early_stopping.reduction_factor"),
        ({"name": "asha", "reduction_factor": float("nan")}, "early_stopping.reduction_factor"),
        ({"name": "asha", "mode": "promoting"}, "early_stopping.mode"),
        ({"name": "median", "min_trials": 0}, "early_stopping.min_trials"),
        ({"name": "hyperband"}, "early_stopping.reports"),
        ({"name": "hyperband", "reports": 0}, "early_stopping.reports"),
        ({"name": "hyperband", "reports": 9, "reduction_factor": 0.5}, "early_stopping.reduction_factor"),
        ({"name": "pasha", "grace": -1}, "early_stopping.grace"),
        ({"name": "patience", "patience": 0}, "early_stopping.patience"),
        ({"name": "patience", "min_delta": -0.1}, "early_stopping.min_delta"),
        ({"name": "patience", "min_delta": float("nan")}, "early_stopping.min_delta"),
    ],
)
def test_settings_that_cannot_work_are_refused_with_their_key(settings: dict[str, float], key: str) -> None:
    with pytest.raises(InputError) as error:
        make_scheduler(**settings)  # type: ignore[arg-type]
    assert error.value.key == key
