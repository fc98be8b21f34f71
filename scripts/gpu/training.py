"""Runs of the trainer's own loop, as short as a check needs them."""

from __future__ import annotations

import gc
from pathlib import Path

import torch

from scripts.gpu.problems import Problem
from trainer.config import TrainConfig
from trainer.loop import train
from trainer.report import Report
from trainer.tasks.base import Prepared


def settings(**changes) -> TrainConfig:
    fields = {
        "task": "mlp",
        "model": "made",
        "data": {"function": "made:up"},
        "metric": "loss",
        "epochs": 1,
        "report_every": {"steps": 1},
        "batch_size": 32,
        "learning_rate": 1e-3,
        "schedule": "constant",
        "precision": "fp32",
    }
    return TrainConfig.build({**fields, **changes})


def run(
    problem: Problem,
    prepared: Prepared,
    device: torch.device,
    *,
    folder: Path | None = None,
    resume: bool = False,
    stop_after: int | None = None,
    **changes,
) -> list[Report]:
    """Train until the end, or until the trial is stopped after so many reports."""
    config = settings(task=problem.name, **changes)
    loop = train(config, prepared=prepared, task=problem, folder=folder, resume=resume, device=device)
    reports = []
    for report in loop:
        reports.append(report)
        if report.number == stop_after:
            loop.close()
            break
    return reports


def losses(reports: list[Report]) -> list[float]:
    """The training loss of each update, where a run reports after each."""
    return [report.metrics["train_loss"] for report in reports]


def collect(device: torch.device) -> None:
    gc.collect()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
        if (clear := getattr(torch._C, "_cuda_clearCublasWorkspaces", None)) is not None:
            clear()  # cuBLAS keeps one for each thread that used it; it is no trial's
        torch.cuda.empty_cache()
