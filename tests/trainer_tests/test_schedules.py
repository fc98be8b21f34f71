from typing import Any

import pytest
import torch
from torch.optim.lr_scheduler import OneCycleLR
from transformers import (
    get_constant_schedule_with_warmup,
    get_cosine_schedule_with_warmup,
    get_cosine_with_hard_restarts_schedule_with_warmup,
    get_cosine_with_min_lr_schedule_with_warmup,
    get_inverse_sqrt_schedule,
    get_linear_schedule_with_warmup,
    get_polynomial_decay_schedule_with_warmup,
    get_wsd_schedule,
)

from tests.trainer_tests.toy import settings
from trainer.config import TrainConfig
from trainer.errors import ConfigError
from trainer.optim.names import SCHEDULES
from trainer.optim.schedules import lr_at
from trainer.plan import Plan


def rates(make: Any, steps: int) -> list[float]:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.3)
    scheduler = make(optimizer)
    seen = []
    for _ in range(steps):
        seen.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return seen


@pytest.mark.parametrize("warmup", [0, 1, 7])
@pytest.mark.parametrize("schedule", ["linear", "cosine", "constant"])
def test_schedules_equal_those_of_transformers(schedule: Any, warmup: int) -> None:
    total = 40
    reference = {
        "linear": lambda o: get_linear_schedule_with_warmup(o, warmup, total),
        "cosine": lambda o: get_cosine_schedule_with_warmup(o, warmup, total),
        "constant": lambda o: get_constant_schedule_with_warmup(o, warmup),
    }[schedule]
    ours = [lr_at(step, schedule=schedule, peak=0.3, warmup=warmup, total=total) for step in range(total + 1)]
    assert ours == pytest.approx(rates(reference, total + 1), abs=1e-12)


@pytest.mark.parametrize(("decay", "falls"), [(0.25, 10), (0.5, 20), (1.0, 40)])
def test_stable_schedule_equals_that_of_transformers(decay: float, falls: int) -> None:
    warmup, total = 0 if decay == 1 else 5, 40
    reference = rates(lambda o: get_wsd_schedule(o, warmup, falls, total, decay_type="linear"), total + 1)
    ours = [lr_at(step, schedule="wsd", peak=0.3, warmup=warmup, total=total, decay=decay) for step in range(total + 1)]
    assert ours == pytest.approx(reference, abs=1e-12)


def test_under_a_stable_schedule_a_longer_run_begins_like_a_shorter_one() -> None:
    short = [lr_at(step, schedule="wsd", peak=0.3, warmup=3, total=20) for step in range(16)]
    assert short == [lr_at(step, schedule="wsd", peak=0.3, warmup=3, total=60) for step in range(16)]


@pytest.mark.parametrize("step_size", [1, 3, 10])
def test_step_schedule_equals_that_of_torch(step_size: int) -> None:
    reference = rates(lambda o: torch.optim.lr_scheduler.StepLR(o, step_size, gamma=0.5), 30)
    ours = [lr_at(step, schedule="step", peak=0.3, step_size=step_size, gamma=0.5) for step in range(30)]
    assert ours == pytest.approx(reference)


def test_step_schedule_takes_parts_of_an_update() -> None:
    ours = [lr_at(step, schedule="step", peak=1.0, step_size=2.5, gamma=0.5) for step in range(6)]
    assert ours == [1.0, 1.0, 1.0, 0.5, 0.5, 0.25]


@pytest.mark.parametrize("schedule", ["linear", "cosine"])
def test_stays_at_zero_past_the_end(schedule: Any) -> None:
    assert lr_at(120, schedule=schedule, peak=1.0, warmup=10, total=100) == 0.0


@pytest.mark.parametrize("warmup", [0, 7])
@pytest.mark.parametrize("cycles", [1, 2, 3])
def test_restarts_equal_those_of_transformers(cycles: int, warmup: int) -> None:
    reference = rates(lambda o: get_cosine_with_hard_restarts_schedule_with_warmup(o, warmup, 40, cycles), 41)
    ours = [
        lr_at(step, schedule="cosine_with_restarts", peak=0.3, warmup=warmup, total=40, cycles=cycles)
        for step in range(41)
    ]
    assert ours == pytest.approx(reference, abs=1e-12)


@pytest.mark.parametrize("warmup", [0, 7])
@pytest.mark.parametrize(("power", "end"), [(1.0, 1e-7), (2.0, 0.01), (0.5, 0.0)])
def test_polynomials_equal_those_of_transformers(power: float, end: float, warmup: int) -> None:
    make = get_polynomial_decay_schedule_with_warmup
    reference = rates(lambda o: make(o, warmup, 40, lr_end=end, power=power), 45)
    ours = [
        lr_at(step, schedule="polynomial", peak=0.3, warmup=warmup, total=40, power=power, lr_end=end)
        for step in range(45)
    ]
    assert ours == pytest.approx(reference, abs=1e-12)


def test_a_cosine_that_ends_above_zero_equals_that_of_transformers() -> None:
    reference = rates(lambda o: get_cosine_with_min_lr_schedule_with_warmup(o, 5, 40, min_lr=0.03), 41)
    ours = [lr_at(step, schedule="cosine", peak=0.3, warmup=5, total=40, lr_end=0.03) for step in range(41)]
    assert ours == pytest.approx(reference, abs=1e-12)


@pytest.mark.parametrize(("warmup", "timescale"), [(0, None), (7, None), (7, 20), (0, 3)])
def test_inverse_square_root_equals_that_of_transformers(warmup: int, timescale: int | None) -> None:
    reference = rates(lambda o: get_inverse_sqrt_schedule(o, warmup, timescale), 60)
    ours = [lr_at(step, schedule="inverse_sqrt", peak=0.3, warmup=warmup, timescale=timescale) for step in range(60)]
    assert ours == pytest.approx(reference, abs=1e-12)


@pytest.mark.parametrize(("rise", "total"), [(0.0, 2), (0.3, 2), (0.0, 5), (0.5, 5), (0.25, 40), (0.3, 40), (0.5, 40)])
def test_one_cycle_equals_that_of_torch(rise: float, total: int) -> None:
    reference = rates(lambda o: OneCycleLR(o, 0.3, total, pct_start=rise, cycle_momentum=False), total)
    ours = [lr_at(step, schedule="one_cycle", peak=0.3, warmup=rise * total, total=total) for step in range(total)]
    assert ours == pytest.approx(reference, abs=1e-12)
    reference = rates(
        lambda o: OneCycleLR(o, 0.3, total, pct_start=rise, cycle_momentum=False, div_factor=4, final_div_factor=9),
        total,
    )
    shape = {"div_factor": 4.0, "final_div_factor": 9.0}
    ours = [
        lr_at(step, schedule="one_cycle", peak=0.3, warmup=rise * total, total=total, **shape) for step in range(total)
    ]
    assert ours == pytest.approx(reference, abs=1e-12)


def test_one_cycle_whose_rise_is_one_update_begins_at_the_peak() -> None:
    assert lr_at(0, schedule="one_cycle", peak=0.3, warmup=1.0, total=10) == 0.3


def course(**changes: Any) -> list[float]:
    plan = Plan.of(settings(batch_size=10, epochs=4, learning_rate=0.3, **changes), rows=100)
    return [plan.learning_rate(step) for step in range(plan.total)]


@pytest.mark.parametrize("schedule", sorted(SCHEDULES))
def test_every_schedule_runs_with_its_defaults_and_never_above_the_peak(schedule: str) -> None:
    found = course(schedule=schedule)
    assert len(found) == 40
    assert max(found) <= 0.3 * (1 + 1e-9)
    assert min(found) >= 0


def test_a_run_reads_what_its_schedule_is_given() -> None:
    assert course(schedule="step", step_size=2, gamma=0.5)[19:21] == [0.3, 0.15]
    assert course(schedule="cosine_with_restarts", cycles=2)[20] == 0.3
    assert course(schedule="one_cycle") == pytest.approx(
        rates(lambda o: OneCycleLR(o, 0.3, 40, cycle_momentum=False), 40), abs=1e-12
    )
    assert course(warmup=0.25) == course(warmup={"steps": 10}) != course()
    assert course(warmup=None) == course(warmup={"steps": 0})


def test_epochs_and_warm_up_in_updates() -> None:
    plan = Plan.of(settings(batch_size=10, epochs={"steps": 7}, warmup={"steps": 3}, report_every=0.5), rows=100)
    assert (plan.total, plan.report_steps()) == (7, [5, 7])
    assert plan.learning_rate(3) == 0.01


@pytest.mark.parametrize(
    ("changes", "key", "said"),
    [
        (
            {"cycles": 2},
            "cycles",
            "2 means nothing to schedule linear (leave it out; it belongs to cosine_with_restarts",
        ),
        ({"schedule": "constant", "decay": 0.1}, "decay", "when: {schedule: [wsd]}"),
        ({"schedule": "polynomial", "lr_end": 0.5}, "lr_end", "falls to 0.5, but begins at 0.01"),
        ({"momentum": 0.5}, "momentum", "0.5 means nothing to optimizer adamw"),
        ({"optimizer": "lion", "epsilon": 0.5}, "epsilon", "it belongs to adamw, adam, muon"),
        ({"optimizer": "sgd", "nesterov": True, "momentum": 0.0}, "nesterov", "needs a momentum above 0"),
        ({"model": "nets:mlp", "layer_decay": 0.9}, "layer_decay", "needs a Hugging Face model, nets:mlp builds one"),
        ({"warmup": 1.5}, "warmup", "a fraction of all updates, got 1.5 (for updates {steps: 100})"),
        ({"epochs": 0}, "epochs", "expected a number of epochs above 0, got 0"),
        ({"epochs": {"steps": 0}}, "epochs.steps", "expected updates, got 0 (give at least 1)"),
    ],
)
def test_settings_that_would_do_nothing_are_refused(changes: dict[str, Any], key: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        TrainConfig.build(settings().model_dump(mode="json"), changes)
    assert caught.value.key == key
    assert said in str(caught.value)
