from typing import Any

import pytest
import torch
from transformers import (
    get_constant_schedule_with_warmup,
    get_cosine_schedule_with_warmup,
    get_linear_schedule_with_warmup,
    get_wsd_schedule,
)

from tests.trainer_tests.toy import ToyTask, blobs, settings
from trainer.optim import build_optimizer, load_optimizer, lr_at, set_lr


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


@pytest.mark.parametrize("name", ["adamw", "sgd"])
def test_only_matrices_are_decayed_and_frozen_parameters_are_left_out(name: str) -> None:
    config = settings(optimizer=name, weight_decay=0.1)
    model = ToyTask().build_model(config, blobs())
    first = next(model.parameters())
    first.requires_grad_(False)
    optimizer = build_optimizer(model, config)
    decayed = {p for g in optimizer.param_groups if g["weight_decay"] for p in g["params"]}
    plain = {p for g in optimizer.param_groups if not g["weight_decay"] for p in g["params"]}
    assert decayed == {p for p in model.parameters() if p.ndim > 1 and p is not first}
    assert plain == {p for p in model.parameters() if p.ndim == 1}


def test_optimizers_take_the_steps_of_torch() -> None:
    for name, reference in (
        ("adamw", lambda p: torch.optim.AdamW(p, lr=0.01, betas=(0.8, 0.99), eps=1e-6, weight_decay=0.1)),
        ("sgd", lambda p: torch.optim.SGD(p, lr=0.01, momentum=0.7, weight_decay=0.1)),
    ):
        config = settings(optimizer=name, weight_decay=0.1, beta1=0.8, beta2=0.99, epsilon=1e-6, momentum=0.7)
        ours, theirs = (torch.nn.Linear(4, 4, bias=False) for _ in range(2))
        theirs.load_state_dict(ours.state_dict())
        a, b = build_optimizer(ours, config), reference(theirs.parameters())
        set_lr(a, 0.01)
        for step in range(5):
            for model, optimizer in ((ours, a), (theirs, b)):
                optimizer.zero_grad()
                model(torch.full((2, 4), float(step) - 2)).square().sum().backward()
                optimizer.step()
        torch.testing.assert_close(ours.weight, theirs.weight)


def test_loading_keeps_this_runs_settings_and_takes_the_moments() -> None:
    old, new = settings(weight_decay=0.1), settings(weight_decay=0.3)
    model = ToyTask().build_model(old, blobs())
    before, after = build_optimizer(model, old), build_optimizer(model, new)
    model(torch.ones(2, 8)).sum().backward()
    before.step()
    load_optimizer(after, before.state_dict())
    assert {g["weight_decay"] for g in after.param_groups} == {0.3, 0.0}
    for parameter in model.parameters():
        assert torch.equal(after.state[parameter]["exp_avg"], before.state[parameter]["exp_avg"])


def test_a_state_of_other_parameters_is_refused() -> None:
    config = settings()
    small, large = torch.nn.Linear(2, 2), ToyTask().build_model(config, blobs())
    with pytest.raises(ValueError, match="other parameters"):
        load_optimizer(build_optimizer(small, config), build_optimizer(large, config).state_dict())


@pytest.mark.parametrize("schedule", ["linear", "cosine"])
def test_stays_at_zero_past_the_end(schedule: Any) -> None:
    assert lr_at(120, schedule=schedule, peak=1.0, warmup=10, total=100) == 0.0
