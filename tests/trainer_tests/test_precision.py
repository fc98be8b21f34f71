import itertools
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.trainer_tests.toy import ToyTask, blobs, settings
from trainer import checkpoint
from trainer.errors import ConfigError
from trainer.loop import train
from trainer.precision import Compute, out_of_memory


@pytest.fixture
def _scaled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Loss scaling without a GPU: torch's scaler works on a CPU too. The first scale overflows fp32 once or twice."""
    scaler = lambda _: torch.amp.GradScaler("cpu", init_scale=2.0**127, growth_interval=7)  # noqa: E731
    monkeypatch.setattr(Compute, "scaler", scaler)


def run(folder: Path | None, **changes: Any) -> Any:
    options = {"resume": changes.pop("resume", False)}
    return train(settings(**changes), prepared=blobs(), task=ToyTask(), folder=folder, device="cpu", **options)


@pytest.mark.usefixtures("_scaled")
def test_a_skipped_update_is_no_divergence() -> None:
    reports = list(run(None))
    assert reports[-1].metrics["accuracy"] > 0.85
    assert all("grad_norm" in report.metrics for report in reports)


@pytest.mark.usefixtures("_scaled")
def test_the_scale_is_part_of_the_checkpoint(tmp_path: Path) -> None:
    whole = list(run(None))
    first = list(itertools.islice(run(tmp_path), 2))
    assert first[-1].checkpoint is not None
    assert checkpoint.load(first[-1].checkpoint).state["scaler"]["scale"] > 1.0
    second = list(run(tmp_path, resume=True))
    assert [r.metrics["loss"] for r in first + second] == [r.metrics["loss"] for r in whole]


def test_auto_is_fp32_on_a_cpu_and_fp16_is_refused_there() -> None:
    assert Compute.choose("auto", "cpu") == Compute(torch.device("cpu"), "fp32")
    assert Compute.choose("bf16", "cpu").precision == "bf16"
    with pytest.raises(ConfigError, match="fp16 needs a GPU"):
        Compute.choose("fp16", "cpu")


@pytest.mark.parametrize(("supported", "precision"), [(True, "bf16"), (False, "fp32")])
def test_auto_is_bf16_on_gpus_that_have_it(monkeypatch: pytest.MonkeyPatch, supported: bool, precision: str) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "current_device", lambda: 0)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation=True: supported)
    assert Compute.choose("auto") == Compute(torch.device("cuda:0"), precision)


def test_out_of_memory_is_told_from_other_errors() -> None:
    assert out_of_memory(torch.OutOfMemoryError("CUDA out of memory"))
    assert out_of_memory(RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"))
    assert not out_of_memory(RuntimeError("CUDA error: device-side assert triggered"))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("precision", ["auto", "fp32", "bf16", "fp16"])
def test_every_precision_learns_resumes_and_gives_the_memory_back_on_a_gpu(tmp_path: Path, precision: str) -> None:
    def on_gpu(**options: Any) -> Any:
        return train(settings(precision=precision), prepared=blobs(), task=ToyTask(), folder=tmp_path, **options)

    before = torch.cuda.memory_allocated()
    first = list(itertools.islice(on_gpu(), 2))
    second = list(on_gpu(resume=True))
    assert [r.number for r in first + second] == [1, 2, 3, 4, 5, 6]
    assert second[-1].metrics["accuracy"] > 0.85
    assert torch.cuda.memory_allocated() == before
