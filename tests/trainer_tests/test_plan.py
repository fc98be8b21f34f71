from typing import Any

import pytest

from tests.trainer_tests.toy import settings
from trainer.plan import Plan


def plan(rows: int = 320, **changes: Any) -> Plan:
    return Plan.of(settings(batch_size=32, **changes), rows)


def test_whole_epochs() -> None:
    assert plan(epochs=3, report_every=1.0).report_steps() == [10, 20, 30]


def test_the_last_partial_batch_is_an_update() -> None:
    assert plan(rows=321, epochs=1, report_every=1).report_steps() == [11]


def test_fractions_do_not_drift() -> None:
    points = plan(rows=32 * 7, epochs=100, report_every=0.1).report_steps()
    assert points == sorted({max(1, round(0.7 * k)) for k in range(1, 1001)})
    assert points[-1] == 700


def test_steps() -> None:
    assert plan(epochs=2, report_every={"steps": 8}).report_steps() == [8, 16, 20]


@pytest.mark.parametrize("epochs", [1, 2, 7.3])
def test_shares_of_the_run_are_as_many_however_long_it_is(epochs: float) -> None:
    made = plan(epochs=epochs, report_every={"fraction": 0.25})
    assert made.report_steps() == [round(made.total * share) for share in (0.25, 0.5, 0.75, 1.0)]


def test_the_end_is_always_a_report_point() -> None:
    assert plan(epochs=2.5, report_every=1.0).report_steps() == [10, 20, 25]
    assert plan(epochs=1, report_every=5.0).report_steps() == [10]


def test_finer_than_an_update_reports_after_each() -> None:
    assert plan(epochs=0.5, report_every=0.01).report_steps() == [1, 2, 3, 4, 5]


def test_less_than_an_update_is_one() -> None:
    assert plan(epochs=0.001).report_steps() == [1]


def test_float_noise_adds_no_update() -> None:
    assert plan(rows=32 * 30, epochs=0.1).total == 3


def test_warmup_and_drops_are_in_updates() -> None:
    made = plan(epochs=3, warmup=0.11, schedule="step", step_size=0.25)
    assert (made.course["warmup"], made.course["step_size"], made.epoch(15)) == (4, 2.5, 1.5)


@pytest.mark.parametrize("step", range(30))
def test_the_next_point_is_that_of_the_full_list(step: int) -> None:
    made = plan(epochs=3, report_every=0.7)
    assert made.next_report(step) == next(point for point in made.report_steps() if point > step)
