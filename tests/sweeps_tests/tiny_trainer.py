"""A Trainer small enough to train in a blink, and a sweep that only takes its reports."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from transformers import BertConfig, BertForSequenceClassification, Trainer, TrainingArguments

import sweeps
from sweeps import session
from sweeps.session import Session, StopTrial
from trainer.manifest import verify

STEPS = 4  # of an epoch
SIZES = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1, "intermediate_size": 8, "vocab_size": 16}


def rows(count: int, seed: int = 0) -> list[dict]:
    draw = np.random.default_rng(seed)
    return [{"input_ids": draw.integers(0, 16, 5).tolist(), "label": int(row % 2)} for row in range(count)]


def accuracy(predictions) -> dict:
    return {"accuracy": (predictions.predictions.argmax(-1) == predictions.label_ids).mean()}


def build(tmp_path, kind: type[Trainer] = Trainer, save: bool = True, **settings) -> Trainer:
    torch.manual_seed(0)
    extra = {name: settings.pop(name) for name in ("compute_metrics", "eval_dataset", "callbacks") if name in settings}
    defaults = {"eval_strategy": "epoch", "save_strategy": "no", "num_train_epochs": 3, "logging_strategy": "no"}
    arguments = {"per_device_train_batch_size": 4, "use_cpu": True, "disable_tqdm": True, **defaults, **settings}
    return kind(
        model=BertForSequenceClassification(BertConfig(**SIZES, num_labels=2)),
        args=TrainingArguments(output_dir=str(tmp_path / "out"), **arguments),
        train_dataset=rows(4 * STEPS),
        eval_dataset=extra.pop("eval_dataset", rows(8, seed=1)),
        compute_metrics=extra.pop("compute_metrics", accuracy),
        callbacks=[sweeps.SweepCallback(save=save), *extra.pop("callbacks", [])],
    )


class Sweep:
    """Takes reports as a sweep does, and stops the trial after so many."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.reports: list[dict] = []
        self.at_most = 1000

    def start(self, metric: str = "eval_accuracy") -> None:
        session.enter(Session(self.folder, self.take, metric=metric, goal="maximize"))

    def take(self, report: dict) -> None:
        self.reports.append(report)
        if report["checkpoint"]:
            verify(Path(report["checkpoint"]))
        if len(self.reports) >= self.at_most:
            raise StopTrial

    @property
    def steps(self) -> list[int]:
        return [report["step"] for report in self.reports]
