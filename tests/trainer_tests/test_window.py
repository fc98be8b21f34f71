import math

import pytest
import torch

from trainer.errors import Diverged
from trainer.window import Window

CPU, GPU = torch.device("cpu"), torch.device("cuda")


def scalars(*values: float) -> tuple[torch.Tensor, ...]:
    return tuple(torch.tensor(value) for value in values)


@pytest.mark.parametrize("device", [CPU, GPU], ids=["cpu", "gpu"])
def test_means_over_updates(device: torch.device) -> None:
    window = Window(10, device)
    for update in range(250):
        window.add(*scalars(update % 5, 2.0), rows=4)
    means, seconds = window.close()
    assert (means["train_loss"], means["grad_norm"]) == (2.0, 2.0)
    assert means["samples_per_second"] == pytest.approx(1000 / seconds)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_gpu_is_read_seldom_and_the_first_bad_update_is_still_named(bad: float) -> None:
    window = Window(10, GPU)
    for update in range(1, 100):
        window.add(*scalars(bad if update >= 7 else 1.0, 1.0), rows=4)
    with pytest.raises(Diverged) as caught:
        window.add(*scalars(1.0, 1.0), rows=4)
    assert (caught.value.what, caught.value.step) == ("train_loss", 17)


def test_a_bad_update_is_found_at_the_report_at_the_latest() -> None:
    window = Window(0, GPU)
    window.add(*scalars(1.0, 1.0), rows=4)
    window.add(*scalars(1.0, math.nan), rows=4)
    with pytest.raises(Diverged, match="grad_norm is nan at step 2"):
        window.close()


def test_an_overflow_under_loss_scaling_is_normal_but_not_for_ever() -> None:
    window = Window(0, CPU, overflow_is_normal=True)
    for norm in (math.inf, math.inf, 3.0):
        window.add(*scalars(1.0, norm), rows=4)
    assert window.close()[0]["grad_norm"] == 3.0

    window = Window(0, CPU, overflow_is_normal=True)
    window.add(*scalars(1.0, math.inf), rows=4)
    assert "grad_norm" not in window.close()[0]

    window = Window(0, CPU, overflow_is_normal=True)
    for _ in range(40):
        window.add(*scalars(1.0, math.nan), rows=4)
    with pytest.raises(Diverged, match="grad_norm is nan at step 41"):
        window.add(*scalars(1.0, math.nan), rows=4)
