"""A loss, gradient or metric that is not finite ends a run, and says what it was."""

import itertools
import math
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from tests.trainer_tests.toy import ToyTask, blobs, run
from trainer.errors import ConfigError, Diverged
from trainer.tasks.base import Batch


def test_an_exploding_loss_is_divergence() -> None:
    with pytest.raises(Diverged) as caught:
        list(run(learning_rate=1e30, optimizer="sgd", max_grad_norm=None, prepared=blobs(), dropout=0.0))
    assert not math.isfinite(caught.value.value)
    assert caught.value.step < 10


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_the_first_bad_loss_is_named(value: float) -> None:
    task, calls = ToyTask(), itertools.count(1)
    task.factor = lambda: value if next(calls) == 3 else 1.0
    with pytest.raises(Diverged) as caught:
        list(run(task))
    assert (caught.value.what, caught.value.step) == ("train_loss", 3)


def test_bad_gradients_are_divergence() -> None:
    class Kink(ToyTask):
        def loss(self, model: nn.Module, batch: Batch, *, label_smoothing: float = 0.0) -> Any:
            loss, logits = super().loss(model, batch, label_smoothing=label_smoothing)
            weight = next(model.parameters())
            return loss + torch.sqrt((weight - weight.detach()).abs().sum() * 0), logits

    with pytest.raises(Diverged) as caught:
        list(run(Kink()))
    assert (caught.value.what, caught.value.step) == ("grad_norm", 1)


def test_a_bad_metric_is_divergence_and_leaves_no_checkpoint(tmp_path: Path) -> None:
    class Broken(ToyTask):
        def evaluate(self, *args: Any) -> dict[str, float]:
            return {**super().evaluate(*args), "f1_macro": math.nan}

    with pytest.raises(Diverged, match="f1_macro is nan at step 5"):
        list(run(Broken(), tmp_path))
    assert not (tmp_path / "checkpoints").exists()


def test_a_missing_metric_says_what_there_is() -> None:
    class Silent(ToyTask):
        def evaluate(self, *args: Any) -> dict[str, float]:
            return {"loss": 1.0}

    with pytest.raises(ConfigError, match="accuracy is not among what evaluation gave: loss"):
        list(run(Silent()))
    with pytest.raises(ConfigError, match="toy does not give 'acuracy'"):
        list(run(metric="acuracy"))
