"""What reports say of the machine: memory and throughput."""

import time
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.trainer_tests.test_text_classification import BAD, GOOD, TASK, config, jsonl
from tests.trainer_tests.toy import run
from trainer import memory
from trainer.loop import train
from trainer.report import MEASURED
from trainer.window import Window

CPU = torch.device("cpu")


def test_host_memory_is_what_the_process_holds_now() -> None:
    before = memory.used(CPU)["host_memory_gb"]
    held = np.ones(50_000_000, dtype=np.uint8)
    grown = memory.used(CPU)["host_memory_gb"] - before
    assert 0.045 < grown < 0.06, held.size
    del held
    assert memory.used(CPU)["host_memory_gb"] - before < 0.02
    assert memory.used(CPU).keys() == {"host_memory_gb"}


def test_it_is_read_in_no_time() -> None:
    best = min(_seconds() for _ in range(5))
    assert best < 1e-3


def _seconds() -> float:
    began = time.perf_counter()
    for _ in range(20):
        memory.used(CPU)
    return (time.perf_counter() - began) / 20


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_device_memory_is_the_most_since_it_was_last_asked() -> None:
    device = torch.device("cuda:0")
    memory.reset(device)
    before = memory.used(device)["device_memory_gb"]
    torch.empty(100_000_000, dtype=torch.uint8, device=device)  # freed at once: a peak
    assert memory.used(device)["device_memory_gb"] == pytest.approx(before + 0.1, abs=0.005)
    assert memory.used(device)["device_memory_gb"] == pytest.approx(before, abs=0.005)


def test_every_report_has_memory_and_throughput_and_rows_that_are_no_texts_have_no_tokens() -> None:
    for report in run(epochs=1):
        assert MEASURED & report.metrics.keys() >= {"samples_per_second", "host_memory_gb"}
        assert 0.01 < report.metrics["host_memory_gb"] < 100
        assert "tokens_per_second" not in report.metrics


@pytest.mark.parametrize("micro_batch_size", [None, 3])
def test_tokens_are_those_that_the_model_reads(encoder: Path, tmp_path: Path, micro_batch_size: int | None) -> None:
    settings = config(
        encoder, data={"train": jsonl(tmp_path / "t.jsonl", GOOD + BAD)}, epochs=1, batch_size=8, report_every=1.0,
        max_length=8, learning_rate=1e-3, metric="accuracy", micro_batch_size=micro_batch_size,
    )  # fmt: skip
    prepared = TASK.prepare(settings, tmp_path / "cache")
    (report,) = train(settings, prepared=prepared, task=TASK, folder=None, device="cpu")
    split = prepared.splits["train"]
    assert split.lengths is not None
    each = np.minimum(split.lengths, 8).sum() / split.rows  # longer rows are cut
    found = report.metrics["tokens_per_second"] / report.metrics["samples_per_second"]
    assert found == pytest.approx(float(each))


def test_a_window_counts_tokens() -> None:
    window = Window(0, CPU)
    for _ in range(10):
        window.add(torch.tensor(1.0), torch.tensor(1.0), rows=4, tokens=128)
    means, seconds = window.close()
    assert means["tokens_per_second"] == pytest.approx(1280 / seconds)
