import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from tests.trainer_tests.toy import ToyTask, blobs, settings
from trainer.loop import train
from trainer.precision import Compute
from trainer.progress import Progress
from trainer.report import Report
from trainer.run import Run
from trainer.tasks.base import Batch


def fits(rows: int, sizes: list[int] | None = None) -> Callable[[nn.Module, Batch], None]:
    """A device with memory for this many rows in training, any number in evaluation."""

    def hook(model: nn.Module, batch: Batch) -> None:
        if model.training:
            count = len(batch["labels"])
            if sizes is not None:
                sizes.append(count)
            if count > rows:
                raise torch.OutOfMemoryError("toy device: out of memory")

    return hook


def gradients(micro: int, rows: int, **changes: Any) -> dict[str, torch.Tensor]:
    """Those of one update, caught before they are dropped."""
    config = settings(batch_size=32, micro_batch_size=micro, max_grad_norm=None, dropout=0.0, **changes)
    run = Run(config, prepared=blobs(lengths=True), task=ToyTask(), folder=None, compute=Compute.choose("fp32", "cpu"))
    caught: dict[str, torch.Tensor] = {}

    def catch(*_: Any) -> None:
        caught.update({n: p.grad.clone() for n, p in run.model.named_parameters() if p.grad is not None})

    run.optimizer.register_step_pre_hook(catch)
    batch = next(run.remaining_batches())[:rows]
    loss, _ = run.updater.update(batch, 0.1)
    return {**caught, "loss": loss}


@pytest.mark.parametrize("rows", [32, 19, 1])
@pytest.mark.parametrize("micro", [1, 5, 8, 16, 31])
def test_gradients_equal_those_of_the_full_batch(micro: int, rows: int) -> None:
    torch.testing.assert_close(gradients(micro, rows), gradients(32, rows), rtol=1e-4, atol=1e-6)


def test_label_smoothing_is_weighed_as_well() -> None:
    torch.testing.assert_close(
        gradients(5, 32, label_smoothing=0.2), gradients(32, 32, label_smoothing=0.2), rtol=1e-4, atol=1e-6
    )


def curve(task: ToyTask, folder: Path | None = None, **changes: Any) -> list[Report]:
    return list(train(settings(**changes), prepared=blobs(), task=task, folder=folder, device="cpu"))


def test_out_of_memory_halves_and_gives_the_same_curve(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    sizes: list[int] = []
    squeezed = curve(ToyTask(fits(5, sizes)), batch_size=32, dropout=0.0)
    roomy = curve(ToyTask(), batch_size=32, dropout=0.0)
    assert sizes[:4] == [32, 16, 8, 4]
    assert set(sizes[4:]) <= {4, 2}
    for ours, theirs in zip(squeezed, roomy, strict=True):
        assert ours.metrics["loss"] == pytest.approx(theirs.metrics["loss"], rel=1e-4)
        assert ours.metrics["train_loss"] == pytest.approx(theirs.metrics["train_loss"], rel=1e-4)
        assert ours.metrics["grad_norm"] == pytest.approx(theirs.metrics["grad_norm"], rel=1e-3)
    assert "32 rows at once: the same update again in micro-batches of 16; batch_size stays 32" in caplog.text


def test_the_update_is_redone_from_its_start() -> None:
    """With dropout: a run that backs off draws what a run with that micro-batch from the start draws."""
    late = {"calls": 0}

    def hook(model: nn.Module, batch: Batch) -> None:
        # Fails in the middle of the accumulation: one micro-batch has left its gradients and drawn its dropout.
        if model.training and len(batch["labels"]) == 8:
            late["calls"] += 1
            if late["calls"] == 2:
                raise torch.OutOfMemoryError

    backed_off = curve(ToyTask(hook), batch_size=16, micro_batch_size=8)
    from_the_start = curve(ToyTask(), batch_size=16, micro_batch_size=4)
    assert [r.metrics["loss"] for r in backed_off] == [r.metrics["loss"] for r in from_the_start]
    assert late["calls"] == 2


def test_cublas_says_it_in_its_own_words() -> None:
    def hook(model: nn.Module, batch: Batch) -> None:
        if model.training and len(batch["labels"]) > 8:
            raise RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling cublasCreate(handle)")

    assert curve(ToyTask(hook))[-1].done


def test_a_single_row_that_does_not_fit_goes_up() -> None:
    with pytest.raises(torch.OutOfMemoryError):
        curve(ToyTask(fits(0)))


def test_other_errors_go_up_at_once() -> None:
    def hook(model: nn.Module, batch: Batch) -> None:
        raise RuntimeError("shapes do not match")

    with pytest.raises(RuntimeError, match="shapes"):
        curve(ToyTask(hook))


def test_what_fits_is_kept_in_the_checkpoint(tmp_path: Path) -> None:
    sizes: list[int] = []
    config = settings(batch_size=16)
    run = train(config, prepared=blobs(), task=ToyTask(fits(5)), folder=tmp_path, device="cpu")
    first = next(run)
    run.close()
    assert first.checkpoint is not None
    assert Progress.read(first.checkpoint).micro_batch_size == 4
    list(train(config, prepared=blobs(), task=ToyTask(fits(5, sizes)), folder=tmp_path, resume=True, device="cpu"))
    assert max(sizes) == 4


def test_evaluation_backs_off_too(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    sizes: list[int] = []

    def hook(model: nn.Module, batch: Batch) -> None:
        if not model.training:
            sizes.append(len(batch["labels"]))
            if len(batch["labels"]) > 20:
                raise torch.OutOfMemoryError

    squeezed = curve(ToyTask(hook), tmp_path, eval_batch_size=60)
    roomy = curve(ToyTask(), eval_batch_size=60)
    assert sizes[:6] == [60, 30, 15, 15, 15, 15]
    assert sizes[6] == 15
    for ours, theirs in zip(squeezed, roomy, strict=True):
        assert ours.metrics["accuracy"] == theirs.metrics["accuracy"]
        assert ours.metrics["loss"] == pytest.approx(theirs.metrics["loss"], rel=1e-5)
    assert squeezed[-1].checkpoint is not None
    assert Progress.read(squeezed[-1].checkpoint).eval_batch_size == 15
    assert "out of memory in evaluation" in caplog.text


def test_evaluation_of_a_single_row_that_does_not_fit_goes_up() -> None:
    def hook(model: nn.Module, batch: Batch) -> None:
        if not model.training:
            raise torch.OutOfMemoryError

    with pytest.raises(torch.OutOfMemoryError):
        curve(ToyTask(hook))
